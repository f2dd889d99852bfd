import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkShape, checkThat } from '../check/check';
import { record } from '../construction/record';
import type { Key } from '../random/key';
import { activationFunction, ActivationLayer, type Activation } from './activation';
import {
  checkConditioned,
  type ConditionedOptions,
  contextEmbedding,
  type ContextEmbeddingOptions,
  EmbeddedContext,
  Film,
} from './conditioning';
import { Conv2d } from './conv2d';
import { Dropout } from './dropout';
import { GroupNorm } from './group-norm';
import { BaseLayer, childCall, type CallOptions, type Layer } from './layer';
import { MultiHeadAttention } from './multi-head-attention';
import { Upsample2d } from './resample';
import { Residual } from './residual';
import { Sequential } from './sequential';

export interface ConvResidualBlockOptions extends ConditionedOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. @defaultValue `inputs` */
  readonly outputs?: number;
  /** Groups of the normalizations; each uses the largest common divisor of this and its channels. @defaultValue 8 */
  readonly groups?: number;
  /** @defaultValue 'swish' */
  readonly activation?: Activation;
}

/**
 * A convolutional residual block of images `[n, height, width, inputs]`:
 *
 * $$y = g(x) + C_2\, a\big(\mathrm{film}(\mathrm{norm}(C_1\, a(\mathrm{norm}(x))), c)\big)$$
 *
 * with 3 x 3 convolutions $C_1$ and $C_2$, of which the second starts at 0, group normalization, and a 1 x 1 convolution
 * g where the channels change. The condition c scales and shifts the second normalization ({@link Film}).
 * @throws {@link ArgumentError} for an option out of its range.
 * @see Diffusion Models Beat GANs on Image Synthesis (Dhariwal and Nichol, 2021), §3 and 3.1
 *
 * @example
 * ```ts
 * const block = convResidualBlock({ inputs: 16, outputs: 32, contextSize: 8, key });
 * block.apply(tf.zeros([4, 8, 8, 16]), { context: tf.zeros([4, 8]) }); // [4, 8, 8, 32]
 * ```
 */
export function convResidualBlock({
  inputs,
  outputs = inputs,
  groups = 8,
  contextSize = 0,
  dropout = 0,
  key,
  activation = 'swish',
  ...unknown
}: ConvResidualBlockOptions): Residual {
  const where = 'convResidualBlock';
  checkOptions(where, unknown, [
    'inputs',
    'outputs',
    'groups',
    'contextSize',
    'dropout',
    'key',
    'activation',
  ]);
  checkInteger(where, 'inputs', inputs);
  checkInteger(where, 'outputs', outputs);
  checkInteger(where, 'groups', groups);
  checkConditioned(where, { contextSize, dropout, key });
  const activate = new ActivationLayer(activation);
  const conv = { outputs, kernelSize: 3, padding: 'same' } as const;
  const body = new Sequential([
    groupNorm(inputs, groups),
    activate,
    new Conv2d({ ...conv, inputs, key: key.fold('in') }),
    groupNorm(outputs, groups),
    ...(contextSize > 0 ? [new Film({ features: outputs, contextSize, key: key.fold('context') })] : []),
    activate,
    ...(dropout > 0 ? [new Dropout({ rate: dropout })] : []),
    new Conv2d({ ...conv, inputs: outputs, initial: 'zero', key: key.fold('out') }),
  ]);
  if (inputs === outputs) return record(new Residual({ body }), 'convResidualBlock', arguments);
  const shortcut = new Conv2d({ inputs, outputs, kernelSize: 1, key: key.fold('shortcut') });
  return record(new Residual({ body, shortcut }), 'convResidualBlock', arguments);
}

export interface SpatialAttentionOptions {
  readonly channels: number;
  /** How many heads share the channels; a divisor of `channels`. @defaultValue 1 */
  readonly heads?: number;
  /** Groups of the normalization, as in {@link convResidualBlock}. @defaultValue 8 */
  readonly groups?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * Self-attention between all positions of an image: $y = x + \mathrm{attention}(\mathrm{norm}(x))$ for `[n, height, width, channels]`.
 *
 * @example
 * ```ts
 * const layer = new SpatialAttention({ channels: 16, heads: 2, key });
 * layer.apply(tf.zeros([4, 8, 8, 16])); // [4, 8, 8, 16]
 * ```
 */
export class SpatialAttention extends BaseLayer {
  readonly norm: GroupNorm;
  readonly attention: MultiHeadAttention;

  constructor({ channels, heads = 1, groups = 8, key, ...unknown }: SpatialAttentionOptions) {
    const where = 'SpatialAttention';
    super();
    record(this, 'SpatialAttention', arguments);
    checkOptions(where, unknown, ['channels', 'heads', 'groups', 'key']);
    checkInteger(where, 'channels', channels);
    checkInteger(where, 'groups', groups);
    checkHeads(where, channels, heads);
    this.norm = this.child('norm', groupNorm(channels, groups));
    this.attention = this.child('attention', new MultiHeadAttention({ features: channels, heads, key }));
  }

  protected override validate(x: Tensor): void {
    checkShape('SpatialAttention.apply', 'x', x, ['n', 'height', 'width', this.norm.channels]);
  }

  protected forward(x: Tensor): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const positions = tf.reshape(this.norm.apply(x), [n, height * width, channels]);
    return tf.add(x, tf.reshape(this.attention.apply(positions), x.shape));
  }
}

export interface UNetOptions extends ConditionedOptions, Pick<ContextEmbeddingOptions, 'time'> {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Channels at full resolution. @defaultValue 32 */
  readonly channels?: number;
  /** Channels of each level, times `channels`; each level has half the height and width of the one before. @defaultValue [1, 2, 2] */
  readonly multipliers?: readonly number[];
  /** Residual blocks of each level on the way down; one more on the way up. @defaultValue 2 */
  readonly blocks?: number;
  /** The levels with attention after each block; the middle always has it. @defaultValue the last level */
  readonly attention?: readonly number[];
  /** Heads of attention; a divisor of the channels of each level that has it. @defaultValue 1 */
  readonly heads?: number;
  /** Groups of the normalizations, as in {@link convResidualBlock}. @defaultValue 8 */
  readonly groups?: number;
  /** @defaultValue 'swish' */
  readonly activation?: Activation;
}

/**
 * A U-Net: a path of residual blocks that halve the image from level to level, and one that doubles it again, whose blocks
 * each also see what the block of the same size saw on the way down. The last convolution starts at 0.
 *
 * Any height and width will do: an odd size is halved upwards, and the extra row or column is cut off on the way up. A
 * condition, such as the time of a diffusion (`time`), goes through {@link contextEmbedding} and then to each block.
 *
 * @returns a layer from `[n, height, width, inputs]` to `[n, height, width, outputs]`
 * @throws {@link ArgumentError} for an option out of its range.
 * @see U-Net: Convolutional Networks for Biomedical Image Segmentation (Ronneberger et al., 2015); Denoising Diffusion
 * Probabilistic Models (Ho et al., 2020), Appendix B
 *
 * @example
 * ```ts
 * const network = uNet({ inputs: 1, outputs: 1, contextSize: 1, time: { scale: 1000 }, key });
 * const images = tf.zeros([4, 28, 28, 1]);
 * const noise = network.apply(images, { context: tf.fill([4, 1], 0.5) }); // [4, 28, 28, 1]
 * ```
 */
export function uNet(options: UNetOptions): Layer {
  const { contextSize = 0, time = false, channels = 32, activation = 'swish', key } = options;
  checkUNet(options);
  if (contextSize === 0) return record(new UNet(options, 0), 'uNet', arguments);
  const features = 4 * channels;
  const embedding = contextEmbedding({ contextSize, features, time, activation, key: key.fold('context') });
  return record(
    new EmbeddedContext({ embedding, body: new UNet(options, features), contextSize }),
    'uNet',
    arguments,
  );
}

/** A block of one level: residual, and then attention where the level has it. */
interface Level {
  readonly blocks: readonly Layer[];
  /** What changes the size afterwards; none at the last level. */
  readonly resize: Layer | undefined;
}

class UNet extends BaseLayer {
  readonly inputs: number;
  readonly #first: Layer;
  readonly #down: readonly Level[];
  readonly #middle: Layer;
  readonly #up: readonly Level[];
  readonly #last: Layer;

  constructor(
    {
      inputs,
      outputs,
      channels = 32,
      multipliers = [1, 2, 2],
      blocks = 2,
      attention = [multipliers.length - 1],
      heads = 1,
      groups = 8,
      dropout = 0,
      key,
      activation = 'swish',
    }: UNetOptions,
    contextSize: number,
  ) {
    super();
    this.inputs = inputs;
    const widths = multipliers.map((multiplier) => multiplier * channels);
    const convolution = (name: string, from: number, to: number, stride = 1): Conv2d =>
      new Conv2d({ inputs: from, outputs: to, kernelSize: 3, stride, padding: 1, key: key.fold(name) });
    const residual = (name: string, from: number, to: number): Layer =>
      convResidualBlock({
        ...{ inputs: from, outputs: to, groups, contextSize, dropout, activation },
        key: key.fold(name),
      });
    const attend = (name: string, width: number): Layer =>
      new SpatialAttention({ channels: width, heads, groups, key: key.fold(name).fold('attention') });
    const block = (name: string, level: number, from: number): Layer => {
      const width = widths[level]!;
      const body = residual(name, from, width);
      const withAttention = attention.includes(level) ? [attend(name, width)] : [];
      return this.child(name, new Sequential([body, ...withAttention]));
    };
    const last = widths.length - 1;

    this.#first = this.child('first', convolution('first', inputs, channels));
    // The channels that the way up will find, the latest at the end.
    const skipped = [channels];
    this.#down = widths.map((width, level): Level => {
      const made = Array.from({ length: blocks }, (_, index) => {
        const before = skipped.at(-1)!;
        skipped.push(width);
        return block(`down${level}-${index}`, level, before);
      });
      if (level === last) return { blocks: made, resize: undefined };
      skipped.push(width);
      const halve = `halve${level}`;
      return { blocks: made, resize: this.child(halve, convolution(halve, width, width, 2)) };
    });
    const widest = widths[last]!;
    this.#middle = this.child(
      'middle',
      new Sequential([
        residual('middle0', widest, widest),
        attend('middle', widest),
        residual('middle1', widest, widest),
      ]),
    );
    let current = widest;
    this.#up = widths
      .map((width, level): [number, number] => [width, level])
      .reverse()
      .map(([width, level]): Level => {
        const made = Array.from({ length: blocks + 1 }, (_, index) => {
          const from = current + skipped.pop()!;
          current = width;
          return block(`up${level}-${index}`, level, from);
        });
        if (level === 0) return { blocks: made, resize: undefined };
        const double = `double${level}`;
        const resize = new Sequential([new Upsample2d(), convolution(double, width, width)]);
        return { blocks: made, resize: this.child(double, resize) };
      });
    this.#last = this.child(
      'last',
      new Sequential([
        groupNorm(current, groups),
        new ActivationLayer(activation),
        new Conv2d({
          ...{ inputs: current, outputs, kernelSize: 3, padding: 'same', initial: 'zero' },
          key: key.fold('last'),
        }),
      ]),
    );
  }

  protected override validate(x: Tensor): void {
    checkShape('UNet.apply', 'x', x, ['n', 'height', 'width', this.inputs]);
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    let step = 0;
    const apply = (layer: Layer, h: Tensor): Tensor => layer.apply(h, childCall(call, step++));
    let h = apply(this.#first, x);
    const skips = [h];
    for (const { blocks, resize } of this.#down) {
      for (const layer of [...blocks, ...(resize === undefined ? [] : [resize])]) {
        h = apply(layer, h);
        skips.push(h);
      }
    }
    h = apply(this.#middle, h);
    for (const { blocks, resize } of this.#up) {
      for (const block of blocks) h = apply(block, tf.concat([h, skips.pop()!], 3));
      if (resize !== undefined) h = cropped(apply(resize, h), skips.at(-1)!);
    }
    return apply(this.#last, h);
  }
}

/** An image without the rows and columns that `like` does not have. */
function cropped(x: Tensor, like: Tensor): Tensor {
  const [, height, width] = like.shape as [number, number, number];
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return tf.slice(x, [0, 0, 0, 0], [x.shape[0]!, height, width, x.shape[3]!]);
}

/** Group normalization with as many of the wanted groups as the channels allow. */
function groupNorm(channels: number, groups: number): GroupNorm {
  return new GroupNorm({ channels, groups: greatestCommonDivisor(channels, groups) });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Checks every option before the first variable is made. */
function checkUNet({
  inputs,
  outputs,
  channels = 32,
  multipliers = [1, 2, 2],
  blocks = 2,
  attention = [],
  heads = 1,
  groups = 8,
  contextSize = 0,
  time = false,
  dropout = 0,
  key,
  activation = 'swish',
  ...unknown
}: UNetOptions): void {
  const where = 'uNet';
  checkOptions(where, unknown, [
    'inputs',
    'outputs',
    'channels',
    'multipliers',
    'blocks',
    'attention',
    'heads',
    'groups',
    'contextSize',
    'time',
    'dropout',
    'key',
    'activation',
  ]);
  checkInteger(where, 'inputs', inputs);
  checkInteger(where, 'outputs', outputs);
  checkInteger(where, 'channels', channels);
  checkInteger(where, 'number of multipliers', multipliers.length);
  multipliers.forEach((multiplier) => checkInteger(where, 'multipliers', multiplier));
  checkInteger(where, 'blocks', blocks);
  const last = multipliers.length - 1;
  attention.forEach((level) => checkInteger(where, 'attention', level, { min: 0, max: last }));
  checkInteger(where, 'groups', groups);
  checkConditioned(where, { contextSize, dropout, key }, { time });
  activationFunction(activation);
  for (const level of new Set([...attention, last])) checkHeads(where, multipliers[level]! * channels, heads);
}

function checkHeads(where: string, channels: number, heads: number): void {
  checkInteger(where, 'heads', heads);
  checkThat(where, 'heads', channels % heads === 0, {
    expected: `to divide the ${channels} channels`,
    actual: String(heads),
  });
}
