import { BaseModule, checkContext, Dense } from '@dgm/core';
import type { CallOptions, Key, Layer, SequenceState, Step } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { PixelPlace } from '../layers/masked-conv2d';
import type { AutoregressiveNetwork, StepInput, StepNetwork } from '../model/network';
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

/** One pixel's share of what a causal layer over images is given. */
export interface PixelInput extends PixelPlace {
  /** The features of the pixel before, `[n, 1, 1, inputs]`; zeros before the first. */
  readonly previous: Tensor;
  /** `[n or 1, 1, 1, hidden]` */
  readonly bias: Tensor | undefined;
}

/** A causal layer over images that can also take one pixel at a time. */
export interface StepImageBody extends ImageBody {
  /** Before the first pixel of `n` images of a width. The caller owns it. */
  initialState(n: number, width: number): SequenceState;
  /** What `withBias` gives for the next pixel, `[n, 1, 1, outputs]`, and the state after it; the caller owns both. */
  step(input: PixelInput, state: SequenceState, call: CallOptions): Step<SequenceState>;
}

export interface ImageNetworkOptions<B extends ImageBody = ImageBody> {
  readonly plane: Plane;
  /** `[n, height, width, features]` to `[n, height, width, numParameters]`. The network owns it. */
  readonly body: B;
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
export class ImageNetwork<B extends ImageBody = ImageBody>
  extends BaseModule
  implements AutoregressiveNetwork
{
  readonly numParameters: number;
  readonly contextSize: number;
  readonly numVariables: number;
  protected readonly plane: Plane;
  protected readonly body: B;
  protected readonly encoding: ValueEncoding;
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
  }: ImageNetworkOptions<B>) {
    super();
    record(this, 'ImageNetwork', arguments);
    this.plane = plane;
    this.numVariables = this.plane[0] * this.plane[1];
    this.numParameters = numParameters;
    this.contextSize = contextSize;
    this.body = this.child('body', body);
    this.encoding = encoding;
    const sizes = { inputs: contextSize, outputs: body.hidden, bias: false, key: key.fold('context') };
    this.#ofContext = contextSize === 0 ? undefined : this.child('context', new Dense(sizes));
    const zeros = positions ? tf.zeros([1, ...this.plane, body.hidden]) : undefined;
    this.#ofPosition = zeros && this.parameter('positions', zeros);
  }

  conditionals(x: Tensor, call: CallOptions = {}): Tensor {
    const n = x.shape[0]!;
    checkContext('ImageNetwork.conditionals', call.context, { rows: n, contextSize: this.contextSize });
    return tf.tidy(() => {
      const image = tf.reshape(this.encoding.encode(x), [n, ...this.plane, this.encoding.features]);
      const parameters = this.body.withBias(image, this.bias(call), call);
      return tf.reshape(parameters, [n, this.numVariables, this.numParameters]);
    });
  }

  /** What enters the first convolutions, at every pixel or at one: `[n or 1, height or 1, width or 1, hidden]`. */
  protected bias({ context }: CallOptions, position?: Tensor): Tensor | undefined {
    const ofPosition = this.#ofPosition && position ? this.#at(this.#ofPosition, position) : this.#ofPosition;
    if (context === undefined) return ofPosition;
    const sizes = [context.shape[0]!, 1, 1, this.body.hidden];
    const byExample = tf.reshape(this.#ofContext!.apply(context), sizes);
    return ofPosition === undefined ? byExample : tf.add(byExample, ofPosition);
  }

  /** One pixel of an image, `[1, 1, 1, hidden]`. */
  #at(image: Tensor, position: Tensor): Tensor {
    const pixels = tf.reshape(image, [this.numVariables, this.body.hidden]);
    return tf.reshape(tf.gather(pixels, position), [1, 1, 1, this.body.hidden]);
  }
}

/** An {@link ImageNetwork} that goes from pixel to pixel: what a step costs does not depend on the size of the image. */
export class StepImageNetwork extends ImageNetwork<StepImageBody> implements StepNetwork {
  initialState(n: number): SequenceState {
    return { ...this.body.initialState(n, this.plane[1]), position: tf.tensor1d([0], 'int32') };
  }

  step({ n, previous }: StepInput, state: SequenceState, call: CallOptions = {}): Step<SequenceState> {
    const { position, ...windows } = state as SequenceState & { readonly position: Tensor };
    const { features } = this.encoding;
    return tf.tidy(() => {
      const input = {
        previous:
          previous === undefined
            ? tf.zeros([n, 1, 1, features])
            : tf.reshape(this.encoding.encode(previous), [n, 1, 1, features]),
        bias: this.bias(call, position),
        width: this.plane[1],
        column: tf.mod(position, tf.scalar(this.plane[1], 'int32')),
      };
      const { output, state: after } = this.body.step(input, windows, call);
      return {
        output: tf.reshape(output, [n, this.numParameters]),
        state: { ...after, position: tf.add(position, tf.scalar(1, 'int32')) },
      };
    });
  }
}
