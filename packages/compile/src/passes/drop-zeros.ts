import { sizeOf } from '@dgm/core';
import { constantValue, zeroData } from '../graph/graph';
import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** Kernels that give zeros where their first input is zeros, whatever their attributes and other inputs are. */
const LINEAR = new Set([
  ...['ExpandDims', 'Identity', 'Neg', 'Reshape', 'Reverse', 'Slice', 'Tile', 'Transpose'],
  ...['Mean', 'Sum', 'RealDiv'],
]);
/** Kernels that give zeros where all inputs are. */
const SUMS = new Set(['Add', 'AddN', 'Sub']);
/** Kernels that give zeros where either input is. */
const BILINEAR = new Set([
  ...['BatchMatMul', 'Multiply'],
  ...['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'],
]);

/**
 * Takes out what the derivative of a derivative that is constant by pieces is multiplied with: $0 \cdot W = 0$. TensorFlow.js writes
 * such a derivative (of the step of a rectifier, of rounding) as `ZerosLike`, and carries it through all products before it: the
 * gradient of a gradient penalty has as many products of zeros as of numbers.
 *
 * Only what comes from `ZerosLike` counts as 0 whatever it meets, as it does in JAX. The eager engine gives NaN where it meets an
 * infinite number. A constant of zeros is left alone: someone who multiplies by 0 gets NaN of NaN.
 *
 * Made anew for each graph.
 */
export function dropZeros(): Rule {
  const zeros = new Set<Value>();
  const isZero = (value: Value): boolean => zeros.has(value);
  const givesZeros = ({ kernel, inputs }: Node): boolean =>
    kernel === 'ZerosLike' ||
    (LINEAR.has(kernel) && isZero(inputs[0]!)) ||
    (SUMS.has(kernel) && inputs.every(isZero)) ||
    (BILINEAR.has(kernel) && inputs.some(isZero));
  return (node) => {
    const [y] = node.outputs;
    if (y?.dtype !== 'float32' || node.outputs.length > 1 || !givesZeros(node)) return undefined;
    const zero = constantValue(zeroData(sizeOf(y.shape), y.dtype), y.shape, y.dtype);
    zeros.add(zero);
    return [zero];
  };
}
