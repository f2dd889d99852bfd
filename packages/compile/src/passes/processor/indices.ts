import { constantValue, createNode } from '../../graph/graph';
import type { DType, Value } from '../../graph/graph';

/** Integers moved into a range. */
export function clamped(indices: Value, minimum: number, maximum: number): Value {
  const bound = (value: number) => constantValue(Int32Array.of(value), [], 'int32');
  return binary('Minimum', binary('Maximum', indices, bound(minimum)), bound(maximum));
}

/** A kernel of a value and another that broadcasts to it. */
export function binary(kernel: string, a: Value, b: Value, dtype: DType = a.dtype): Value {
  return createNode(kernel, [a, b], {}, [{ shape: a.shape, dtype }]).outputs[0]!;
}
