import {
  ArgumentError,
  BaseLayer,
  checkInteger,
  checkOneOf,
  checkOptions,
  contextEmbedding,
  Dense,
  disposeOnThrow,
  EmbeddedContext,
  Film,
  LayerNorm,
  Sequential,
  transformerBlock,
} from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { checkedDenoiser, Denoiser, TIME, type DenoiserOptions } from './denoiser';
import { imageOf, type Image } from './image';

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
  /**
   * How a token's place is known: a `learned` vector is added, or attention is `rotary`, which sees how far apart two tokens are.
   * For text `rotary` learns sooner: what stands before a character is one thing at all places.
   * @defaultValue 'learned'
   */
  readonly positions?: TokenPositions;
}

const tokenPositions = ['learned', 'rotary'] as const;
/** How a transformer knows the places of its tokens. */
export type TokenPositions = (typeof tokenPositions)[number];

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
  const { entries, outputs, contextSize, size, lead } = checkedDenoiser(where, options);
  const { patch = 1, plane, features = 128, heads = 4, blocks = 4, positions = 'learned', ...rest } = lead;
  const { dropout = 0, key, ...unknown } = rest;
  checkOptions(where, unknown, [
    ...['patch', 'plane', 'features', 'heads', 'blocks', 'positions', 'dropout', 'key'],
  ]);
  checkOneOf(where, 'positions', positions, tokenPositions);
  for (const [name, value] of Object.entries({ patch, features, heads, blocks }))
    checkInteger(where, name, value);
  const channels = options.shape.length === 3 ? options.shape[2]! : 1;
  const image =
    patch === 1
      ? { height: size / channels, width: 1, channels }
      : patchable(where, imageOf(where, options.shape, plane), patch);
  const tokens = (image.height * image.width) / patch ** 2;
  const made = disposeOnThrow(() => {
    const rotary = positions === 'rotary';
    const block = { features, heads, rotary, dropout, contextSize: features };
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
        ...(rotary ? [] : [new Positions({ tokens, features, key: key.fold('positions') })]),
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
