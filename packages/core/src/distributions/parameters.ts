import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions, checkThat } from '../check/check';
import { exp } from '../ops/activations';
import { broadcastTo } from '../ops/broadcast-to';
import { clipToRange } from '../ops/clip';
import { broadcastShapes, sizeOf, type Shape } from '../shape/shape';

/** A parameter of a distribution: a tensor, or a number, which costs no tensor that someone would have to free. */
export type Parameter = Tensor | number;

/** A scale, or its logarithm, where that is what a network puts out. */
export type Scale = Parameter | { readonly logScale: Parameter };

export interface BatchShapeOptions {
  /** Shape that the batch has at least; the parameters are broadcast against it. */
  readonly shape?: Shape;
}

/** The batch shape that parameters and options give together, for a distribution of that name. */
export function batchShapeOf(
  where: string,
  { shape = [], ...unknown }: BatchShapeOptions,
  ...parameters: Parameter[]
): Shape {
  checkOptions(where, unknown, ['shape']);
  return broadcastShapes(shape, ...parameters.map(shapeOf));
}

export function shapeOf(parameter: Parameter): Shape {
  return typeof parameter === 'number' ? [] : parameter.shape;
}

/** The tensor or number that a scale is given by. */
export function scaleParameter(scale: Scale): Parameter {
  return isLogarithmic(scale) ? scale.logScale : scale;
}

export function scaleOf(scale: Scale): Parameter {
  if (!isLogarithmic(scale)) return scale;
  return typeof scale.logScale === 'number' ? Math.exp(scale.logScale) : exp(scale.logScale);
}

export function inverseScaleOf(scale: Scale): Parameter {
  if (isLogarithmic(scale)) {
    const { logScale } = scale;
    if (typeof logScale === 'number') return Math.exp(Math.min(-logScale, LARGEST_LOG));
    // An infinite inverse would make NaN of a deviation of 0.
    return exp(clipToRange(tf.neg(logScale), { max: LARGEST_LOG }));
  }
  return typeof scale === 'number' ? 1 / scale : tf.reciprocal(scale);
}

export function logScaleOf(scale: Scale): Parameter {
  if (isLogarithmic(scale)) return scale.logScale;
  return typeof scale === 'number' ? Math.log(scale) : tf.log(scale);
}

/** $x - a$, without an operation where that is x. */
export function minus(x: Parameter, a: Parameter): Tensor {
  return a === 0 ? asTensor(x) : tf.sub(x, a);
}

/** $x a$, without an operation where that is x. */
export function times(x: Tensor, a: Parameter): Tensor {
  return a === 1 ? x : tf.mul(x, a);
}

/** Refuses a number that is not positive; a tensor's values are not read, because that would stall the device. */
export function requirePositive(value: Parameter, where: string, argument: string): void {
  if (typeof value !== 'number') return;
  checkThat(where, argument, value > 0, { expected: 'to be positive', actual: String(value) });
}

/** {@link requirePositive} for a scale; its logarithm may be any number. */
export function requirePositiveScale(scale: Scale, where: string, argument: string): void {
  if (!isLogarithmic(scale)) requirePositive(scale, where, argument);
}

/**
 * The values of a parameter at flat, row-major indices of the batch, `[...indices, ...event]`; a number is a parameter
 * of all of them.
 * @param indices - int32
 */
export function pickParameter<P extends Parameter>(
  parameter: P,
  indices: Tensor,
  { batchShape, eventShape = [] }: { readonly batchShape: Shape; readonly eventShape?: Shape },
): P | Tensor {
  if (typeof parameter === 'number') return parameter;
  const whole = broadcastTo(parameter, [...batchShape, ...eventShape]);
  const rows = tf.reshape(whole, [sizeOf(batchShape), ...eventShape]);
  return tf.reshape(tf.gather(rows, tf.reshape(indices, [-1])), [...indices.shape, ...eventShape]);
}

/** {@link pickParameter} of a scale. */
export function pickScale(
  scale: Scale,
  indices: Tensor,
  options: { readonly batchShape: Shape; readonly eventShape?: Shape },
): Scale {
  return isLogarithmic(scale)
    ? { logScale: pickParameter(scale.logScale, indices, options) }
    : pickParameter(scale, indices, options);
}

/** A parameter as a tensor, for operations that want one; called inside `tf.tidy`. */
export function asTensor(parameter: Parameter): Tensor {
  return typeof parameter === 'number' ? tf.scalar(parameter) : parameter;
}

function isLogarithmic(scale: Scale): scale is { readonly logScale: Parameter } {
  return typeof scale === 'object' && 'logScale' in scale;
}

/** The logarithm of a number that float32 still holds. */
const LARGEST_LOG = 88;
