import { sameShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { constantValue, createNode } from '../../graph/graph';
import type { TensorSpec, Value } from '../../graph/graph';

/** Rows shorter than this cost more than their arithmetic, some 12 ns each: 68 µs for 4096 of 17 numbers, 41 as a product. */
const WIDTH = 64;
/** Fewer rows are not worth another node. */
const ROWS = 64;

/** Whether a value has many rows, in its last axis. */
export function hasManyRows(value: TensorSpec): boolean {
  return value.shape.length > 0 && rowsOf(value) >= ROWS;
}

/** Whether a value has many short rows, of more than one number. */
export function hasNarrowRows(value: TensorSpec): boolean {
  const width = value.shape.at(-1) ?? 0;
  return width > 1 && width < WIDTH && hasManyRows(value);
}

/** How many rows a value has along its last axis. */
export function rowsOf({ shape }: TensorSpec): number {
  return sizeOf(shape.slice(0, -1));
}

/** A value as the matrix of its rows. */
export function matrixOf(value: Value): Value {
  return reshaped(value, [rowsOf(value), value.shape.at(-1)!]);
}

/** A value in another shape. */
export function reshaped(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  return createNode('Reshape', [value], { shape }, [{ shape, dtype: value.dtype }]).outputs[0]!;
}

/** A value in another type. */
export function cast(value: Value, dtype: Value['dtype']): Value {
  if (value.dtype === dtype) return value;
  return createNode('Cast', [value], { dtype }, [{ shape: value.shape, dtype }]).outputs[0]!;
}

/** A constant that holds one number throughout. */
export function filled(shape: Shape, number: number): Value {
  return constantValue(new Float32Array(sizeOf(shape)).fill(number), shape, 'float32');
}

/** The product of two matrices, plus a third. */
export function product(a: Value, b: Value, ...plus: readonly Value[]): Value {
  const shape = [a.shape[0]!, b.shape[1]!];
  return createNode('BatchMatMul', [a, b, ...plus], {}, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
