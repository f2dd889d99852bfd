import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import type { CallOptions } from '../nn/layer';
import { formatShape, type Shape } from '../shape/shape';

/** $y = f(z)$ with $\ln|\det J_f(z)|$ in nats. */
export interface ForwardResult extends NamedTensorMap {
  readonly y: Tensor;
  readonly logDet: Tensor;
}

/** $z = f^{-1}(y)$ with $\ln|\det J_{f^{-1}}(y)|$ in nats. */
export interface InverseResult extends NamedTensorMap {
  readonly z: Tensor;
  readonly logDet: Tensor;
}

/**
 * An invertible, differentiable map. Forward goes from latents to data.
 *
 * The last `eventRank` axes of y are one event. `logDet` has the axes before them, and belongs to the direction that was
 * called, so that of the inverse is minus that of the forward direction. Where y is outside the range of the map, the
 * inverse has a `logDet` of -Infinity and a finite z: the density of transformed draws is 0 there.
 *
 * A map with parameters is a {@link Module} as well. Everything else that a call depends on is in its `CallOptions`: the
 * condition, the training flag and the key.
 */
export interface Bijector {
  /** The number of axes of an event; 0 for a map of single elements. */
  readonly eventRank: number;
  /** The shape of an event of data; absent where any will do, as for elementwise maps. */
  readonly eventShape?: Shape | undefined;
  /** The shape of an event of latents, which differs from `eventShape` where the map rearranges an event. */
  readonly latentShape?: Shape | undefined;
  forwardAndLogDet(z: Tensor, call?: CallOptions): ForwardResult;
  inverseAndLogDet(y: Tensor, call?: CallOptions): InverseResult;
  /**
   * Fits parameters that start from data to a batch, `[n, ...event]`, and returns what the inverse then gives. The second
   * call changes nothing, except for moments that are measured anew each time.
   */
  initialize?(y: Tensor, call?: CallOptions): InverseResult;
}

/** Maps data to latents, and initializes on the way what starts from data. The caller owns the result. */
export function initializeBijector(bijector: Bijector, y: Tensor, call: CallOptions = {}): InverseResult {
  return bijector.initialize?.(y, call) ?? bijector.inverseAndLogDet(y, call);
}

/**
 * The base of bijectors without parameters. An author writes `forward` and `inverse`, which are the two equations, and may
 * write `validate`, which gets the tensor of either side and throws a `ShapeError`. The public methods check ranks and free
 * intermediate tensors.
 */
export abstract class BaseBijector implements Bijector {
  abstract readonly eventRank: number;

  forwardAndLogDet(z: Tensor): ForwardResult {
    this.#check(z, 'forwardAndLogDet', 'z');
    return tf.tidy(() => this.forward(z));
  }

  inverseAndLogDet(y: Tensor): InverseResult {
    this.#check(y, 'inverseAndLogDet', 'y');
    return tf.tidy(() => this.inverse(y));
  }

  protected abstract forward(z: Tensor): ForwardResult;
  protected abstract inverse(y: Tensor): InverseResult;

  protected validate(_x: Tensor, _where: string, _argument: string): void {}

  #check(x: Tensor, method: string, argument: string): void {
    const where = `${this.constructor.name}.${method}`;
    checkEventRank(x, this.eventRank, { where, argument });
    this.validate(x, where, argument);
  }
}

/** @throws ShapeError if a tensor has fewer axes than an event */
export function checkEventRank(
  x: Tensor,
  rank: number,
  { where, argument }: { readonly where: string; readonly argument: string },
): void {
  checkThat(where, argument, x.rank >= rank, {
    error: ShapeError,
    expected: `of rank ${rank} or more`,
    actual: formatShape(x.shape),
  });
}
