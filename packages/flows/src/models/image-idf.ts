import { checkInteger, conditional, Permutation, Sequential } from '@dgm/core';
import type {
  Activation,
  Bijector,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  Shape,
} from '@dgm/core';
import { learnedBase } from '../base/flow-base';
import { checkerboardMask, oppositeMask } from '../coupling/masks';
import type { Flow } from '../flow';
import { IntegerCoupling } from '../integer/integer-coupling';
import { integerLogisticMixture } from '../integer/integer-logistic';
import { centred, gentle } from '../integer/integer-networks';
import { MaskedIntegerCoupling } from '../integer/masked-integer-coupling';
import { asHeadParameters, imageConditioner } from '../multiscale/image-networks';
import { multiscaleFlow, type Scale } from '../multiscale/multiscale-flow';
import { record } from '../record';
import { checkFlowOptions, type CommonOptions } from './options';

export interface ImageIdfOptions extends CommonOptions {
  /** `[height, width, channels]`; the sides can be halved `scales` times. */
  readonly shape: Shape;
  /** The number of values that an entry can take: integers from 0 to `levels - 1`. Latents may be any integers. */
  readonly levels: number;
  /**
   * How often the image is squeezed.
   * Half of the channels is factored out each time, except the last. @defaultValue 2
   */
  readonly scales?: number;
  /**
   * The number of channel couplings at each scale; each follows a reversal.
   * @defaultValue 4
   */
  readonly steps?: number;
  /**
   * The number of parts of a channel coupling: with 2 one of them changes, with more all of them.
   * @defaultValue 2
   */
  readonly parts?: number;
  /**
   * The number of checkerboard couplings before each squeeze; they alternate between the two colours.
   * @defaultValue 2
   */
  readonly checkerboards?: number;
  /**
   * Channels of the two hidden layers of each network.
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
   * The number of logistic components per latent.
   * @defaultValue 5
   */
  readonly components?: number;
  /**
   * $\pi(z)$ over the integers of the last scale.
   * @defaultValue learned mixtures
   */
  readonly base?: Distribution | ConditionalDistribution;
  /** The last layer before the data: a {@link Reshape} of vectors to images. */
  readonly preprocessing?: Bijector;
}

/**
 * An integer discrete flow of images. Each scale has checkerboard couplings, a squeeze and channel couplings, with
 * convolutional networks. It then factors out half of the channels, with mixtures of discretized logistic
 * distributions whose parameters depend on the other half. All couplings start as the identity. Its likelihood is
 * exact.
 * @throws ArgumentError if the sides cannot be halved that often, there are more parts than channels or fewer than two, or
 * a count is none
 * @see Integer Discrete Flows and Lossless Compression (Hoogeboom et al., 2019), §4; DGM §3.2.4
 *
 * @example
 * ```ts
 * const model = imageIdf({ shape: [8, 8, 1], levels: 17, key });
 * ```
 */
export function imageIdf(options: ImageIdfOptions): Flow {
  const own = ['shape', 'levels', 'scales', 'steps', 'parts', 'checkerboards', 'hidden', 'activation'];
  checkFlowOptions('imageIdf', options, [...own, 'dropout', 'components', 'base', 'preprocessing']);
  const { shape, levels, key, scales = 2, steps = 4, parts = 2, checkerboards = 2, contextSize } = options;
  checkInteger('imageIdf', 'levels', levels, { min: 2 });
  checkInteger('imageIdf', 'steps', steps, { min: 0 });
  checkInteger('imageIdf', 'checkerboards', checkerboards, { min: 0 });
  checkInteger('imageIdf', 'parts', parts, { min: 2, max: 4 * (shape?.at(-1) ?? 1) });
  const model = multiscaleFlow({
    where: 'imageIdf',
    shape,
    scales,
    key,
    contextSize,
    layers: (scale) => each(steps, scale, (own) => ofChannels(options, own)),
    unsqueezed: (scale) => each(checkerboards, scale, (own, index) => [ofColours(options, own, index)]),
    dropped: (scale) => conditional(given(options, scale), headOf(options, scale.shape)),
    base: (scale) =>
      options.base ?? learnedBase(headOf(options, scale.shape), { key: scale.key.fold('base') }),
    preprocessing: options.preprocessing,
    source: 'Hoogeboom et al., 2019',
  });
  return record(model, 'imageIdf', arguments);
}

/** Layers with keys of their own. */
function each(
  count: number,
  { shape, key }: Scale,
  make: (own: Scale, index: number) => readonly Bijector[],
): readonly Bijector[] {
  return Array.from({ length: count }, (_, index) => make({ shape, key: key.fold(index) }, index)).flat();
}

/** A coupling of channels and the reversal that lets the next one change others. */
function ofChannels(options: ImageIdfOptions, { shape, key }: Scale): readonly Bijector[] {
  const { parts = 2 } = options;
  const [height, width, channels] = shape as [number, number, number];
  const end = (part: number): number => Math.floor((part * channels) / parts);
  const sizes = Array.from({ length: parts }, (_, part) => end(part + 1) - end(part));
  const networks = sizes.map((size, part) => {
    if (parts === 2 && part === 0) return undefined;
    return translation(options, { inputs: channels - size, outputs: size, key: key.fold(part) });
  });
  return [
    Permutation.reverse(channels),
    new IntegerCoupling({ parts: sizes, networks, leadingShape: [height, width] }),
  ];
}

/** A coupling that changes the pixels of one colour. */
function ofColours(options: ImageIdfOptions, { shape, key }: Scale, index: number): Bijector {
  const channels = shape.at(-1)!;
  const mask = checkerboardMask(shape);
  return new MaskedIntegerCoupling({
    eventShape: shape,
    mask: index % 2 === 0 ? mask : oppositeMask(mask),
    network: translation(options, { inputs: channels, outputs: channels, key }),
  });
}

/** The parameters of the factored-out channels, given the other half. */
function given(options: ImageIdfOptions, { shape, key }: Scale): Sequential {
  const channels = shape.at(-1)!;
  const outputs = 3 * channels * componentsOf(options);
  return new Sequential([...network(options, { inputs: channels, outputs, key }), asHeadParameters(3)]);
}

interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly key: Key;
}

/** The translation of a coupling, which starts at 0. */
function translation(options: ImageIdfOptions, sizes: Sizes): Sequential {
  return new Sequential([...network(options, sizes), gentle()]);
}

function network(
  { levels, hidden = 64, activation = 'relu', dropout = 0, contextSize = 0 }: ImageIdfOptions,
  { inputs, outputs, key }: Sizes,
): readonly Layer[] {
  const sizes = { inputs: inputs + contextSize, outputs, key };
  return [centred(levels, contextSize), imageConditioner({ ...sizes, hidden, activation, dropout })];
}

const componentsOf = ({ components = 5 }: ImageIdfOptions): number => components;

/** The components begin side by side over the range of the data. */
function headOf(options: ImageIdfOptions, shape: Shape): DistributionHead {
  const { levels } = options;
  const components = componentsOf(options);
  return integerLogisticMixture({
    shape,
    components,
    center: (levels - 1) / 2,
    spread: levels / components,
    scale: 0.5,
    background: { share: 0.01, scale: levels / 4 },
  });
}
