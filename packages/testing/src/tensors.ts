import { Key, sizeOf, type Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorLike } from '@tensorflow/tfjs-core';

/** A number, or nested lists of numbers whose nesting gives the shape. */
export type Numbers = number | readonly Numbers[];

/** A float32 tensor of nested numbers; the caller owns it. */
export function tensorOf(values: Numbers): Tensor {
  // tfjs's type of nested arrays is mutable and bounded in depth; ours is neither.
  return tf.tensor(values as TensorLike, undefined, 'float32');
}

/** The numbers of a nest in row-major order. */
export function flatten(values: Numbers): number[] {
  return typeof values === 'number' ? [values] : values.flatMap(flatten);
}

/** The nests with one number of one of them changed; elements are counted in row-major order. */
export function withChanged(
  nests: readonly Numbers[],
  which: number,
  element: number,
  change: (value: number) => number,
): Numbers[] {
  let count = 0;
  const walk = (nest: Numbers): Numbers =>
    typeof nest === 'number' ? (count++ === element ? change(nest) : nest) : nest.map(walk);
  return nests.map((nest, index) => (index === which ? walk(nest) : nest));
}

/** Reads a tensor and disposes of it. */
export function take(tensor: Tensor): number[] {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}

/** Runs a function on tensors of the given numbers, frees everything and returns the values of its result. */
export function evaluate(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Numbers[]): number[] {
  return tf.tidy(() => Array.from(f(...inputs.map(tensorOf)).dataSync()));
}

/** Fixed numbers without structure, for projections onto a random direction. */
export function direction(size: number, name = 'direction'): number[] {
  const generator = Key.of(20_240_229).fold(name).generator();
  return Array.from({ length: size }, () => generator.normal());
}

/** The elements of `values` cut into rows of `size`. */
export function rowsOf(values: readonly number[], size: number): number[][] {
  return Array.from({ length: values.length / size }, (_, row) => values.slice(row * size, (row + 1) * size));
}

/** Puts each event once per batch entry: `[events.length, ...batch, ...event]`. */
export function overBatch(
  events: readonly (readonly number[])[],
  batchShape: Shape,
  eventShape: Shape,
): Tensor {
  const copies = sizeOf(batchShape);
  const size = sizeOf(eventShape);
  const data = new Float32Array(events.length * copies * size);
  events.forEach((event, index) => {
    for (let copy = 0; copy < copies; copy++) data.set(event, (index * copies + copy) * size);
  });
  return tf.tensor(data, [events.length, ...batchShape, ...eventShape], 'float32');
}
