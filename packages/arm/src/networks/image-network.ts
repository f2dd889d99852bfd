import { BaseModule, checkContext, Dense } from '@dgm/core';
import type { CallOptions, Key, Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { AutoregressiveNetwork } from '../model/network';
import { record } from '../record';
import type { ValueEncoding } from './value-encoding';

/** Height and width of an image. */
export type Plane = readonly [number, number];

/** A causal layer over images: a pixel's output depends on those before it, row by row. */
export interface ImageBody extends Layer {
  /** Channels that {@link ImageBody.withBias} takes. */
  readonly hidden: number;
  /** The layer with something added to what its first convolutions put out, `[n or 1, height or 1, width or 1, hidden]`. */
  withBias(x: Tensor, bias: Tensor | undefined, call: CallOptions): Tensor;
}

export interface ImageNetworkOptions {
  readonly plane: Plane;
  /** `[n, height, width, features]` to `[n, height, width, numParameters]`. The network owns it. */
  readonly body: ImageBody;
  readonly encoding: ValueEncoding;
  readonly numParameters: number;
  /**
   * The width of a context.
   * @defaultValue 0
   */
  readonly contextSize?: number;
  /**
   * Whether the network learns where a pixel is.
   * @defaultValue false
   */
  readonly positions?: boolean;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * A causal layer over images, pixel by pixel in raster order. Context and position enter as a bias of the first
 * convolutions.
 */
export class ImageNetwork extends BaseModule implements AutoregressiveNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly numVariables: number;
  readonly #plane: Plane;
  readonly #body: ImageBody;
  readonly #encoding: ValueEncoding;
  readonly #ofContext: Dense | undefined;
  readonly #ofPosition: Variable | undefined;

  constructor({
    plane,
    body,
    encoding,
    numParameters,
    contextSize = 0,
    positions = false,
    key,
  }: ImageNetworkOptions) {
    super();
    record(this, 'ImageNetwork', arguments);
    this.#plane = plane;
    this.numVariables = this.#plane[0] * this.#plane[1];
    this.numParameters = numParameters;
    this.contextSize = contextSize;
    this.#body = this.child('body', body);
    this.#encoding = encoding;
    const sizes = { inputs: contextSize, outputs: body.hidden, bias: false, key: key.fold('context') };
    this.#ofContext = contextSize === 0 ? undefined : this.child('context', new Dense(sizes));
    const zeros = positions ? tf.zeros([1, ...this.#plane, body.hidden]) : undefined;
    this.#ofPosition = zeros && this.parameter('positions', zeros);
  }

  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    const n = x.shape[0]!;
    checkContext('ImageNetwork.conditionals', call.context, { rows: n, contextSize: this.contextSize });
    return tf.tidy(() => {
      const image = tf.reshape(this.#encoding.encode(x), [n, ...this.#plane, this.#encoding.features]);
      const parameters = this.#body.withBias(image, this.#bias(call), call);
      return tf.reshape(parameters, [n, this.numVariables, this.numParameters]);
    });
  }

  #bias({ context }: CallOptions): Tensor | undefined {
    if (context === undefined) return this.#ofPosition;
    const byExample = tf.reshape(this.#ofContext!.apply(context), [
      context.shape[0]!,
      1,
      1,
      this.#body.hidden,
    ]);
    return this.#ofPosition === undefined ? byExample : tf.add(byExample, this.#ofPosition);
  }
}
