import {
  ActivationLayer,
  ArgumentError,
  BaseLayer,
  checkGiven,
  checkInteger,
  checkKey,
  checkMethods,
  checkNumber,
  checkOptions,
  checkSizes,
  childCall,
  contextEmbedding,
  Conv2d,
  convResidualBlock,
  Dense,
  disposeOnThrow,
  EmbeddedContext,
  Film,
  Flatten,
  formatShape,
  GroupNorm,
  LayerNorm,
  leadingShape,
  Reshape,
  residualMlp,
  Sequential,
  sizeOf,
  transformerBlock,
  uNet,
} from '@dgm/core';
import type { CallOptions, Key, Layer, Shape, UNetOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { plainEntries, type EntryFeatures } from './entry-features';

/** Options that all denoisers have. */
export interface DenoiserOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * Numbers for each entry of an example: 1, or the number of levels where the network gives logits.
   * @defaultValue 1
   */
  readonly outputs?: number;
  /** What the network sees of each entry. @defaultValue `plainEntries()` */
  readonly entries?: EntryFeatures;
  /** The width of a condition besides the time, for example the number of classes. @defaultValue 0 */
  readonly contextSize?: number;
  /** @defaultValue 0 */
  readonly dropout?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * A network for the models of this package: from examples `[n, ...shape]` and the context `[n, 1 + contextSize]`, whose first
 * column is a time in [0, 1], to `outputs` numbers for each entry, `[n, ...shape, outputs]`.
 *
 * @example
 * ```ts
 * const body = new Sequential([
 *   new Flatten(),
 *   residualMlp({ inputs: 2, outputs: 2, features: 64, contextSize: 1, time: { scale: 1000 }, key }),
 * ]);
 * const network = new Denoiser({ shape: [2], body });
 * network.apply(tf.zeros([4, 2]), { context: tf.fill([4, 1], 0.5) }); // [4, 2, 1]
 * ```
 */
export class Denoiser extends BaseLayer {
  readonly eventShape: Shape;
  readonly outputs: number;
  readonly contextSize: number;
  readonly #entries: EntryFeatures;
  readonly #body: Layer;

  /** @param body - from `[n, ...shape, entries.size]` to anything of the size of `[n, ...shape, outputs]`; it is owned */
  constructor({
    shape,
    outputs = 1,
    entries = plainEntries(),
    contextSize = 0,
    body,
  }: Pick<DenoiserOptions, 'shape' | 'outputs' | 'entries' | 'contextSize'> & { readonly body: Layer }) {
    super();
    record(this, 'Denoiser', arguments);
    this.eventShape = shape;
    this.outputs = outputs;
    this.contextSize = contextSize;
    this.#entries = entries;
    this.#body = this.child('body', body);
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, this.eventShape, 'Denoiser.apply', 'x');
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const output = this.#body.apply(this.#entries.of(x), call);
    return tf.reshape(output, [...x.shape, this.outputs]);
  }
}

/** Frequencies from 0.5 to 50 for times in [0, 1]. */
const TIME = { scale: 50, maxPeriod: 100 };

export interface MlpDenoiserOptions extends DenoiserOptions {
  /** The number of hidden units. @defaultValue 256 */
  readonly features?: number;
  /** The number of residual blocks. @defaultValue 3 */
  readonly blocks?: number;
}

/**
 * A residual multilayer perceptron that sees all entries at once: for points, tables and tiny images.
 * @throws ArgumentError for an option that is unknown or out of its range
 *
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [2], features: 128, blocks: 3, key });
 * const model = gaussianDiffusion({ shape: [2], network });
 * ```
 */
export function mlpDenoiser(options: MlpDenoiserOptions): Denoiser {
  const { entries, outputs, contextSize, size, lead } = checked('mlpDenoiser', options);
  const { features = 256, blocks = 3, dropout = 0, key, ...unknown } = lead;
  checkOptions('mlpDenoiser', unknown, ['features', 'blocks', 'dropout', 'key']);
  const body = new Sequential([
    new Flatten(),
    residualMlp({
      ...{ inputs: size * entries.size, outputs: size * outputs, features, blocks, dropout, key },
      ...{ contextSize: 1 + contextSize, time: TIME },
    }),
  ]);
  const network = new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  return record(network, 'mlpDenoiser', arguments);
}

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
  const { entries, outputs, contextSize, lead } = checked(where, options);
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

export interface UNetDenoiserOptions
  extends
    DenoiserOptions,
    Pick<UNetOptions, 'channels' | 'multipliers' | 'blocks' | 'attention' | 'heads' | 'groups'> {
  /** Height and width of the image. @defaultValue those of `shape`, or a square for flat images */
  readonly plane?: readonly [number, number];
}

/**
 * Core's U-Net as a denoiser of images.
 * @throws ArgumentError for an option that is unknown or out of its range, or a shape that is no image
 *
 * @example
 * ```ts
 * const network = uNetDenoiser({ shape: [8, 8, 1], outputs: 17, channels: 16, multipliers: [1, 2], key });
 * const model = gaussianDiffusion({ shape: [8, 8, 1], levels: 17, network });
 * ```
 */
export function uNetDenoiser(options: UNetDenoiserOptions): Denoiser {
  const where = 'uNetDenoiser';
  const { entries, outputs, contextSize, lead } = checked(where, options);
  const { plane, dropout = 0, key, ...network } = lead;
  const image = imageOf(where, options.shape, plane);
  const { height, width, channels } = image;
  const body = new Sequential([
    new Reshape({ shape: [height, width, channels * entries.size] }),
    uNet({
      ...{ ...network, dropout, key, contextSize: 1 + contextSize, time: TIME },
      ...{ inputs: channels * entries.size, outputs: channels * outputs },
    }),
  ]);
  const made = new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  return record(made, 'uNetDenoiser', arguments);
}

export interface TransformerDenoiserOptions extends DenoiserOptions {
  /**
   * The side of the square patches of an image that are the tokens. With 1 every position is a token, and any shape will do:
   * the last axis of an image `[height, width, channels]` belongs to its position.
   * @defaultValue 1
   */
  readonly patch?: number;
  /** Height and width of the image, for patches. @defaultValue those of `shape`, or a square for flat images */
  readonly plane?: readonly [number, number];
  /** The size of a token's vector. @defaultValue 128 */
  readonly features?: number;
  /** Heads of attention; a divisor of `features`. @defaultValue 4 */
  readonly heads?: number;
  /** The number of transformer blocks. @defaultValue 4 */
  readonly blocks?: number;
}

/**
 * A diffusion transformer (DiT): tokens with learned positions through blocks whose branches are scaled, shifted and gated by the
 * condition. For sequences of categories, with {@link oneHotEntries}, and for images in patches.
 * @throws ArgumentError for an option that is unknown or out of its range, or patches that do not divide the image
 * @see Scalable Diffusion Models with Transformers (Peebles and Xie, 2023), §3.2
 *
 * @example
 * ```ts
 * const network = transformerDenoiser({ shape: [64], outputs: 17, patch: 2, features: 64, key }); // 16 tokens
 * const model = gaussianDiffusion({ shape: [64], levels: 17, network });
 * ```
 */
export function transformerDenoiser(options: TransformerDenoiserOptions): Denoiser {
  const where = 'transformerDenoiser';
  const { entries, outputs, contextSize, size, lead } = checked(where, options);
  const { patch = 1, plane, features = 128, heads = 4, blocks = 4, dropout = 0, key, ...unknown } = lead;
  checkOptions(where, unknown, ['patch', 'plane', 'features', 'heads', 'blocks', 'dropout', 'key']);
  for (const [name, value] of Object.entries({ patch, features, heads, blocks }))
    checkInteger(where, name, value);
  const channels = options.shape.length === 3 ? options.shape[2]! : 1;
  const image =
    patch === 1
      ? { height: size / channels, width: 1, channels }
      : patchable(where, imageOf(where, options.shape, plane), patch);
  const tokens = (image.height * image.width) / patch ** 2;
  const made = disposeOnThrow(() => {
    const block = { features, heads, dropout, contextSize: features };
    const body = new EmbeddedContext({
      contextSize: 1 + contextSize,
      embedding: contextEmbedding({
        ...{ contextSize: 1 + contextSize, features, time: TIME, key: key.fold('context') },
      }),
      body: new Sequential([
        new Patches({ ...image, channels: image.channels * entries.size, patch }),
        new Dense({
          inputs: patch ** 2 * image.channels * entries.size,
          outputs: features,
          key: key.fold('in'),
        }),
        new Positions({ tokens, features, key: key.fold('positions') }),
        ...Array.from({ length: blocks }, (_, index) => transformerBlock({ ...block, key: key.fold(index) })),
        new LayerNorm({ features }),
        new Film({ features, contextSize: features, initial: 'zero', key: key.fold('film') }),
        new Dense({
          inputs: features,
          outputs: patch ** 2 * image.channels * outputs,
          initial: 'zero',
          key: key.fold('out'),
        }),
        new Patches({ ...image, channels: image.channels * outputs, patch, inverse: true }),
      ]),
    });
    return new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  });
  return record(made, 'transformerDenoiser', arguments);
}

function patchable(where: string, image: Image, patch: number): Image {
  if (image.height % patch === 0 && image.width % patch === 0) return image;
  throw new ArgumentError({
    where,
    argument: 'patch',
    expected: `to divide the ${image.height} by ${image.width} pixels`,
    actual: String(patch),
  });
}

/** Images `[n, height, width, channels]` as square patches, `[n, tokens, patch * patch * channels]`; the inverse the other way. */
class Patches extends BaseLayer {
  readonly #image: Image;
  readonly #patch: number;
  readonly #inverse: boolean;

  constructor({
    patch,
    inverse = false,
    ...image
  }: Image & { readonly patch: number; readonly inverse?: boolean }) {
    super();
    this.#image = image;
    this.#patch = patch;
    this.#inverse = inverse;
  }

  protected forward(x: Tensor): Tensor {
    const [{ height, width, channels }, patch, n] = [this.#image, this.#patch, x.shape[0]!];
    // Rows of patches: their rows of pixels, and the patches of each.
    const [pixels, patches] = [patch, width / patch];
    const [first, second] = this.#inverse ? [patches, pixels] : [pixels, patches];
    const parts = tf.reshape(x, [(n * height) / patch, first, second, patch * channels]);
    const turned = tf.transpose(parts, [0, 2, 1, 3]);
    return this.#inverse
      ? tf.reshape(turned, [n, height, width, channels])
      : tf.reshape(turned, [n, (height * width) / patch ** 2, patch ** 2 * channels]);
  }
}

/** Adds a learned vector to each token. */
class Positions extends BaseLayer {
  readonly #positions: Variable;

  constructor({
    tokens,
    features,
    key,
  }: {
    readonly tokens: number;
    readonly features: number;
    readonly key: Key;
  }) {
    super();
    const initial = tf.tidy(() => tf.mul(0.02, key.normal([tokens, features])));
    this.#positions = this.parameter('positions', initial);
  }

  protected forward(x: Tensor): Tensor {
    return tf.add(x, this.#positions);
  }
}

/** Checks what all denoisers have in common before a weight is made; `lead` is what is left of the options. */
function checked<O extends DenoiserOptions>(where: string, options: O) {
  checkGiven(where, 'options', options, 'to be an object with a shape and a key');
  const { shape, outputs = 1, entries = plainEntries(), contextSize = 0, ...lead } = options;
  checkSizes(where, 'shape', shape);
  checkMethods(where, 'entries', entries, {
    methods: ['of'],
    expected: 'to be features such as plainEntries()',
  });
  checkInteger(where, 'outputs', outputs);
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
  checkKey(where, options.key);
  return { entries, outputs, contextSize, size: sizeOf(shape), lead };
}

interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** An example `[height, width]`, `[height, width, channels]`, or flat with a square or a given plane. */
function imageOf(where: string, shape: Shape, plane: readonly [number, number] | undefined): Image {
  const size = sizeOf(shape);
  const side = Math.sqrt(size);
  const square = shape.length === 1 && Number.isInteger(side) ? [side, side] : undefined;
  const [height, width] =
    plane ?? (shape.length === 1 ? square : shape.length <= 3 ? shape : undefined) ?? [];
  if (height !== undefined && width !== undefined && size % (height * width) === 0) {
    return { height, width, channels: size / (height * width) };
  }
  throw new ArgumentError({
    where,
    argument: 'shape',
    expected: 'to be [height, width], [height, width, channels], or flat with a square or a `plane`',
    actual: formatShape(shape),
  });
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
