import {
  ActivationLayer,
  ArgumentError,
  BaseLayer,
  checkInteger,
  checkNumber,
  checkOptions,
  childCall,
  contextEmbedding,
  Conv2d,
  convResidualBlock,
  Dense,
  EmbeddedContext,
  Flatten,
  GroupNorm,
  Reshape,
  Sequential,
} from '@dgm/core';
import type { CallOptions, Key, Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { checkedDenoiser, Denoiser, TIME, type DenoiserOptions } from './denoiser';
import { imageOf, type Image } from './image';

export interface ConvDenoiserOptions extends DenoiserOptions {
  /** Height and width of the image. @defaultValue those of `shape`, or a square for flat images */
  readonly plane?: readonly [number, number];
  /** Channels of the hidden layers. @defaultValue 32 */
  readonly channels?: number;
  /** The number of residual blocks. @defaultValue 3 */
  readonly blocks?: number;
  /** Groups of the normalizations. @defaultValue 4 */
  readonly groups?: number;
  /** Channels of the dense path over the whole image; 0 for none. @defaultValue 8 */
  readonly globalChannels?: number;
}

/**
 * Residual convolutions at full resolution with a bias for each position, and in the middle one dense path over the whole image:
 * for small images of one place each, such as 8x8 digits.
 * @throws ArgumentError for an option that is unknown or out of its range, or a shape that is no image
 *
 * @example
 * ```ts
 * const network = convDenoiser({ shape: [64], outputs: 17, channels: 32, blocks: 3, key }); // of flat 8 x 8 images
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function convDenoiser(options: ConvDenoiserOptions): Denoiser {
  const where = 'convDenoiser';
  const { entries, outputs, contextSize, lead } = checkedDenoiser(where, options);
  const {
    plane,
    channels = 32,
    blocks = 3,
    groups = 4,
    globalChannels = 8,
    dropout = 0,
    key,
    ...unknown
  } = lead;
  checkOptions(where, unknown, ['plane', 'channels', 'blocks', 'groups', 'globalChannels', 'dropout', 'key']);
  for (const [name, value] of Object.entries({ channels, blocks, groups })) checkInteger(where, name, value);
  checkInteger(where, 'globalChannels', globalChannels, { min: 0 });
  checkNumber(where, 'dropout', dropout, { min: 0, below: 1 });
  if (channels % groups !== 0) {
    throw new ArgumentError({
      where,
      argument: 'groups',
      expected: `to divide the ${channels} channels`,
      actual: String(groups),
    });
  }
  const image = imageOf(where, options.shape, plane);
  const features = 2 * channels;
  const body = new EmbeddedContext({
    contextSize: 1 + contextSize,
    embedding: contextEmbedding({
      ...{ contextSize: 1 + contextSize, features, time: TIME, key: key.fold('context') },
    }),
    body: new FlatImageNetwork({
      ...{ image, channels, blocks, groups, globalChannels, dropout, contextSize: features, key },
      ...{ inputs: image.channels * entries.size, outputs: image.channels * outputs },
    }),
  });
  const network = new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  return record(network, 'convDenoiser', arguments);
}

interface FlatImageNetworkOptions {
  readonly image: Image;
  readonly inputs: number;
  readonly outputs: number;
  readonly channels: number;
  readonly blocks: number;
  readonly groups: number;
  readonly globalChannels: number;
  readonly dropout: number;
  readonly contextSize: number;
  readonly key: Key;
}

/** The body of {@link convDenoiser}. */
class FlatImageNetwork extends BaseLayer {
  readonly #image: Image;
  readonly #first: Conv2d;
  readonly #position: Variable;
  readonly #blocks: readonly Layer[];
  readonly #global: Layer | undefined;
  readonly #last: Layer;
  readonly #bias: Variable;

  constructor({
    image,
    inputs,
    outputs,
    channels,
    blocks,
    groups,
    globalChannels,
    dropout,
    contextSize,
    key,
  }: FlatImageNetworkOptions) {
    super();
    const { height, width } = image;
    this.#image = image;
    this.#first = this.child(
      'first',
      new Conv2d({ inputs, outputs: channels, kernelSize: 3, padding: 'same', key: key.fold('first') }),
    );
    this.#position = this.parameter('position', tf.zeros([height, width, channels]));
    this.#blocks = Array.from({ length: blocks }, (_, index) =>
      this.child(
        `block${index}`,
        convResidualBlock({ inputs: channels, groups, contextSize, dropout, key: key.fold(index) }),
      ),
    );
    this.#global =
      globalChannels === 0
        ? undefined
        : this.child('global', globalPath(image, channels, globalChannels, key.fold('global')));
    this.#last = this.child(
      'last',
      new Sequential([
        new GroupNorm({ channels, groups }),
        new ActivationLayer('swish'),
        new Conv2d({ inputs: channels, outputs, kernelSize: 1, initial: 'zero', bias: false, key }),
      ]),
    );
    this.#bias = this.parameter('bias', tf.zeros([height, width, outputs]));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const { height, width } = this.#image;
    const image = tf.reshape(x, [x.shape[0]!, height, width, this.#first.inputs]);
    let h: Tensor = tf.add(this.#first.apply(image), this.#position);
    this.#blocks.forEach((block, index) => {
      h = block.apply(h, childCall(call, index));
      if (this.#global !== undefined && index === Math.floor(this.#blocks.length / 2)) {
        h = tf.add(h, this.#global.apply(h));
      }
    });
    return tf.add(this.#last.apply(h), this.#bias);
  }
}

/** Few channels of the whole image through dense layers and back. */
function globalPath({ height, width }: Image, channels: number, few: number, key: Key): Layer {
  const activate = new ActivationLayer('swish');
  const size = height * width * few;
  const hidden = Math.min(256, size);
  return new Sequential([
    new Conv2d({ inputs: channels, outputs: few, kernelSize: 1, key: key.fold('in') }),
    new Flatten(),
    new Dense({ inputs: size, outputs: hidden, key: key.fold('down') }),
    activate,
    new Dense({ inputs: hidden, outputs: size, key: key.fold('up') }),
    activate,
    new Reshape({ shape: [height, width, few] }),
    new Conv2d({ inputs: few, outputs: channels, kernelSize: 1, key: key.fold('out') }),
  ]);
}
