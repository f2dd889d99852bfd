import { ArgumentError, conditional, formatShape, gaussian, Sequential } from '@dgm/core';
import type { Activation, Bijector, ConditionalDistribution, Distribution, Key, Shape } from '@dgm/core';
import type { ChainPart } from '../chain';
import { Coupling } from '../coupling/coupling';
import { halfMask } from '../coupling/masks';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/act-norm-flow';
import { LuLinear } from '../linear/lu-linear';
import { factorOut } from '../multiscale/factor-out';
import { asHeadParameters, imageConditioner } from '../multiscale/image-networks';
import { Squeeze } from '../multiscale/squeeze';
import { affine } from '../transformers/affine';
import type { Transformer } from '../transformers/transformer';

export interface GlowOptions {
  /** `[height, width, channels]`; the sides can be halved `scales` times. */
  readonly shape: Shape;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** How often the image is squeezed; after each time but the last half of the channels is factored out. 2 unless given. */
  readonly scales?: number;
  /** Steps of flow at each scale; 4 unless given. */
  readonly steps?: number;
  /** Channels of the two hidden layers of each coupling's network; 64 unless given. */
  readonly hidden?: number;
  /** `relu` unless given. */
  readonly activation?: Activation;
  /** The share of hidden numbers that are left out in training; 0 unless given. */
  readonly dropout?: number;
  /** What couplings do to an element; an affine map unless given. */
  readonly transformer?: Transformer;
  /** The length of the context; none unless given. */
  readonly context?: number;
  /** The distribution of the last latents; standard normal unless given. */
  readonly base?: Distribution | ConditionalDistribution;
  /** What stands between the flow and the data, for example {@link logitPreprocessing}. */
  readonly preprocessing?: Bijector;
}

/**
 * Glow: at each scale the image is squeezed, then come steps of activation normalization, an invertible 1x1 convolution
 * and a coupling; then half of the channels stop, with a normal distribution whose parameters the other half gives.
 *
 * Call `initialize` with a batch of data before training: activation normalization starts from it.
 * @throws ArgumentError if the sides cannot be halved that often, or there is no scale or no step
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), Fig. 2; DGM §3.1.6
 */
export function glow(options: GlowOptions): Flow {
  const { shape, scales = 2, steps = 4 } = options;
  check('shape', shape.length === 3, 'to be [height, width, channels]', formatShape(shape));
  check('scales', isCount(scales), 'to be an integer of at least 1', scales);
  check('steps', isCount(steps), 'to be an integer of at least 1', steps);
  return scale(options, { shape, left: scales, source: 'Kingma and Dhariwal, 2018' });
}

/** One scale and all that comes after it, on the way to the latents. */
function scale(
  options: GlowOptions,
  { shape, left, source }: { shape: Shape; left: number; source?: string },
): Flow {
  const { key, steps = 4, preprocessing } = options;
  const squeeze = new Squeeze({ eventShape: shape });
  const own = key.fold(left);
  const parts = Array.from({ length: steps }, (_, index) =>
    step(options, { shape: squeeze.latentShape, key: own.fold(index) }),
  );
  const isFirst = source !== undefined;
  return flow({
    layers: [...parts.flat(), squeeze, ...(isFirst && preprocessing !== undefined ? [preprocessing] : [])],
    ...baseOf(options, { shape: squeeze.latentShape, left }),
    ...(isFirst ? { source } : {}),
  });
}

/** From latent to data: the coupling comes first, activation normalization last. */
function step(options: GlowOptions, { shape, key }: { shape: Shape; key: Key }): ChainPart[] {
  const { context = 0, transformer = affine() } = options;
  const [height, width, features] = shape as [number, number, number];
  const leadingShape = [height, width];
  const kept = Math.ceil(features / 2);
  const network = imageConditioner({
    ...networkOptions(options),
    inputs: kept + context,
    outputs: (features - kept) * transformer.numParameters,
    key: key.fold('coupling'),
  });
  return [
    new Coupling({ mask: halfMask(features), network, transformer, leadingShape }),
    new LuLinear({ features, leadingShape, key: key.fold('mixing') }),
    new ActNormFlow({ features, leadingShape }),
  ];
}

/** The distribution of what leaves a scale: at the last one the base of the model, before it the next scale and what stops. */
function baseOf(
  options: GlowOptions,
  { shape, left }: { shape: Shape; left: number },
): { base?: Distribution | ConditionalDistribution } {
  if (left === 1) return options.base === undefined ? {} : { base: options.base };
  const [height, width, features] = shape as [number, number, number];
  const kept = features / 2;
  const network = imageConditioner({
    ...networkOptions(options),
    inputs: kept + (options.context ?? 0),
    outputs: 2 * kept,
    key: options.key.fold(left).fold('dropped'),
  });
  return {
    base: factorOut({
      sizes: [kept, kept],
      leadingShape: [height, width],
      kept: scale(options, { shape: [height, width, kept], left: left - 1 }),
      dropped: conditional(
        new Sequential([network, asHeadParameters(2)]),
        gaussian({ shape: [height, width, kept] }),
      ),
    }),
  };
}

function networkOptions({ hidden = 64, activation = 'relu', dropout = 0 }: GlowOptions) {
  return { hidden, activation, dropout };
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

function check(argument: string, holds: boolean, expected: string, actual: unknown): void {
  if (holds) return;
  throw new ArgumentError({ where: 'glow', argument, expected, actual: String(actual) });
}
