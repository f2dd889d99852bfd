import { checkInteger, conditional, normalHead, Sequential } from '@dgm/core';
import type { Activation, Bijector, ConditionalDistribution, Shape } from '@dgm/core';
import { Coupling } from '../coupling/coupling';
import { halfMask } from '../coupling/masks';
import type { Flow } from '../flow';
import { ActNormFlow } from '../linear/normalization';
import { LuLinear } from '../linear/lu-linear';
import { asHeadParameters, imageConditioner } from '../multiscale/image-networks';
import { multiscaleFlow, type Scale } from '../multiscale/multiscale-flow';
import { record } from '../record';
import { affine } from '../transformers/affine';
import type { Transformer } from '../transformers/transformer';
import { checkFlowOptions, type CommonOptions } from './options';

export interface GlowOptions extends CommonOptions {
  /** `[height, width, channels]`; the sides can be halved `scales` times. */
  readonly shape: Shape;
  /**
   * How often the image is squeezed.
   * Half of the channels is factored out each time, except the last. @defaultValue 2
   */
  readonly scales?: number;
  /**
   * Steps of flow at each scale.
   * @defaultValue 4
   */
  readonly steps?: number;
  /**
   * Channels of the two hidden layers of each coupling's network.
   * @defaultValue 64
   */
  readonly hidden?: number;
  /** @defaultValue `relu` */
  readonly activation?: Activation;
  /**
   * The fraction of hidden units that dropout sets to 0 in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
  /**
   * The elementwise map of the couplings.
   * @defaultValue an affine map
   */
  readonly transformer?: Transformer;
}

/**
 * Glow. Each scale squeezes the image and applies steps of activation normalization, an invertible 1x1 convolution
 * and a coupling. It then factors out half of the channels, with a normal distribution whose parameters depend on the
 * other half.
 *
 * Call `initialize` with a batch of data before training: activation normalization starts from it.
 * @throws ArgumentError if the sides cannot be halved that often, or there is no scale or no step
 * @see Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), Fig. 2; DGM §3.1.6
 *
 * @example
 * ```ts
 * const preprocessing = logitPreprocessing({ levels: 17 });
 * const model = dequantized({ flow: glow({ shape: [8, 8, 1], preprocessing, key }), levels: 17 });
 * ```
 */
export function glow(options: GlowOptions): Flow {
  const own = ['shape', 'scales', 'steps', 'hidden', 'activation', 'dropout', 'transformer'];
  checkFlowOptions('glow', options, [...own, 'base', 'preprocessing']);
  const { shape, key, scales = 2, steps = 4, contextSize, base, preprocessing } = options;
  checkInteger('glow', 'steps', steps);
  const model = multiscaleFlow({
    where: 'glow',
    shape,
    scales,
    key,
    layers: (scale) =>
      Array.from({ length: steps }, (_, index) =>
        step(options, { ...scale, key: scale.key.fold(index) }),
      ).flat(),
    dropped: (scale) => dropped(options, scale),
    contextSize,
    base: () => base,
    preprocessing,
    source: 'Kingma and Dhariwal, 2018',
  });
  return record(model, 'glow', arguments);
}

/** From latent to data: the coupling comes first, activation normalization last. */
function step(options: GlowOptions, { shape, key }: Scale): Bijector[] {
  const { contextSize = 0, transformer = affine() } = options;
  const [height, width, features] = shape as [number, number, number];
  const leadingShape = [height, width];
  const kept = Math.ceil(features / 2);
  const network = imageConditioner({
    ...networkOptions(options),
    inputs: kept + contextSize,
    outputs: (features - kept) * transformer.numParameters,
    key: key.fold('coupling'),
  });
  return [
    new Coupling({ mask: halfMask(features), network, transformer, leadingShape }),
    new LuLinear({ features, leadingShape, key: key.fold('mixing') }),
    new ActNormFlow({ features, leadingShape }),
  ];
}

/** The factored-out channels are normal, given the others. */
function dropped(options: GlowOptions, { shape, key }: Scale): ConditionalDistribution {
  const channels = shape.at(-1)!;
  const network = imageConditioner({
    ...networkOptions(options),
    inputs: channels + (options.contextSize ?? 0),
    outputs: 2 * channels,
    key,
  });
  return conditional(new Sequential([network, asHeadParameters(2)]), normalHead({ shape }));
}

function networkOptions({ hidden = 64, activation = 'relu', dropout = 0 }: GlowOptions) {
  return { hidden, activation, dropout };
}
