import { constantValue, createNode, producer, uniformConstant } from '../graph/graph';
import type { Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** A value as a number times another value. */
interface Scaled {
  readonly factor: number;
  readonly value: Value;
}

/**
 * Makes one product of a chain of them with constants: a (b x) is (a b) x, and so for quotients and negation.
 * Gradients of means and halves are full of such chains.
 */
export const mergeFactors: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined) return undefined;
  const outer = scaled(y, node);
  const inner = outer && scaled(outer.value);
  if (outer === undefined || inner === undefined) return undefined;
  const factor = Math.fround(outer.factor * inner.factor);
  const { shape } = inner.value;
  if (!Number.isFinite(factor) || factor === 0 || shape.length !== y.shape.length) return undefined;
  if (factor === 1) return [inner.value];
  return createNode('Multiply', [inner.value, constantValue(Float32Array.of(factor), [], 'float32')], {}, [y])
    .outputs;
};

/** Reads a node as a multiple of one of its inputs, where that input has the result's shape already. */
function scaled(result: Value, node = producer(result)): Scaled | undefined {
  if (node === undefined || result.dtype !== 'float32') return undefined;
  const [a, b] = node.inputs;
  if (node.kernel === 'Neg') return { factor: -1, value: a! };
  if (b === undefined) return undefined;
  const [left, right] = [uniformConstant(a!), uniformConstant(b)];
  const keepsShape = (value: Value) => String(value.shape) === String(result.shape);
  if (node.kernel === 'Multiply') {
    if (right !== undefined && keepsShape(a!)) return { factor: right, value: a! };
    if (left !== undefined && keepsShape(b)) return { factor: left, value: b };
  }
  // A quotient is a product only where the reciprocal is exact.
  if (
    node.kernel === 'RealDiv' &&
    right !== undefined &&
    keepsShape(a!) &&
    Number.isInteger(Math.log2(Math.abs(right)))
  )
    return { factor: 1 / right, value: a! };
  return undefined;
}
