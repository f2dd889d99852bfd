import { sameShape, sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { createNode, producer } from '../../graph/graph';
import type { Node, TensorSpec, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { reshaped } from './narrow-rows';

/**
 * Makes one scale and one shift for each example's channels of two in a row, as where a normalization's scale and shift are followed by
 * those that a condition gives: $q\,(\gamma x + \beta) + t = (q \gamma)\, x + (q \beta + t)$, and in the gradients
 *
 * $$\sum_p d\,(\gamma x + \beta) = \gamma \sum_p d\,x + \beta \sum_p d, \qquad \sum_{n,p} q\,d\,x = \sum_n q \sum_p d\,x$$
 *
 * for positions p. What is left are sums over the positions of $d$ and $d\,x$, from which all four gradients follow: half as many
 * passes over the activations.
 */
export const mergeModulation: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined || y.dtype !== 'float32') return undefined;
  switch (node.kernel) {
    case 'Multiply':
      return scaledTwice(node, y);
    case 'Add':
      return shiftedTwice(node, y);
    case 'Sum':
      return sumOverPositions(node, y) ?? sumOverExamples(node, y);
    default:
      return undefined;
  }
};

/** $q\,(\gamma x + \beta)$ and $q\,(\gamma x)$, the factors in any order. */
function scaledTwice(node: Node, y: Value): readonly Value[] | undefined {
  for (const [whole, scale] of operandPairs(node)) {
    if (!sameShape(whole.shape, y.shape)) continue;
    const affine = isPerExample(scale, y) ? affineOfChannels(whole) : undefined;
    if (affine !== undefined) {
      const { x, gamma, beta } = affine;
      return [binary('Add', binary('Multiply', x, product(gamma, scale), y), product(beta, scale), y)];
    }
    const inner = madeBy('Multiply', whole);
    for (const [x, other] of inner === undefined ? [] : operandPairs(inner)) {
      const isPair =
        (isPerExample(scale, y) && isPerChannel(other, y)) ||
        (isPerChannel(scale, y) && isPerExample(other, y));
      if (isPair && sameShape(x.shape, y.shape)) return [binary('Multiply', x, product(other, scale), y)];
    }
  }
  return undefined;
}

/** $(x + b) + t$ */
function shiftedTwice(node: Node, y: Value): readonly Value[] | undefined {
  for (const [whole, shift] of operandPairs(node)) {
    const inner = isPerExample(shift, y) ? madeBy('Add', whole) : undefined;
    for (const [x, other] of inner === undefined ? [] : operandPairs(inner)) {
      if (isPerExample(other, y) && sameShape(x.shape, y.shape))
        return [binary('Add', x, binary('Add', other, shift, shift), y)];
    }
  }
  return undefined;
}

/** $\sum_p d\,(\gamma x + \beta)$ */
function sumOverPositions(node: Node, y: Value): readonly Value[] | undefined {
  const [summed] = node.inputs as [Value];
  if (!sums(node, positionsOf(summed))) return undefined;
  const factors = madeBy('Multiply', summed);
  for (const [d, whole] of factors === undefined ? [] : operandPairs(factors)) {
    const affine = sameShape(d.shape, whole.shape) ? affineOfChannels(whole) : undefined;
    if (affine === undefined) continue;
    const { x, gamma, beta } = affine;
    const ofScale = binary('Multiply', positionSum(binary('Multiply', d, x, summed)), flat(gamma), y);
    return [binary('Add', ofScale, binary('Multiply', positionSum(d), flat(beta), y), y)];
  }
  return undefined;
}

/** $\sum_{n,p} q\,d$ and $\sum_{n,p} (q\,d)\,x$ */
function sumOverExamples(node: Node, y: Value): readonly Value[] | undefined {
  const [summed] = node.inputs as [Value];
  if (!sums(node, [0, ...positionsOf(summed)])) return undefined;
  const found = modulated(summed) ?? modulatedFactor(summed);
  if (found === undefined) return undefined;
  const { d, scale } = found;
  const [n, channels] = [summed.shape[0]!, summed.shape.at(-1)!];
  const bySum = positionSum(d);
  const weighted = binary('Multiply', bySum, reshaped(scale, [n, channels]), bySum);
  return createNode('Sum', [weighted], { axis: [0], keepDims: false }, [y]).outputs;
}

/** A scale of each example and channel, and what it multiplies. */
function modulated(value: Value): { readonly d: Value; readonly scale: Value } | undefined {
  const node = madeBy('Multiply', value);
  for (const [d, scale] of node === undefined ? [] : operandPairs(node)) {
    if (isPerExample(scale, value) && sameShape(d.shape, value.shape)) return { d, scale };
  }
  return undefined;
}

/** The same where the product has another factor of full size. */
function modulatedFactor(value: Value): { readonly d: Value; readonly scale: Value } | undefined {
  const node = madeBy('Multiply', value);
  for (const [whole, x] of node === undefined ? [] : operandPairs(node)) {
    const found = sameShape(x.shape, value.shape) ? modulated(whole) : undefined;
    if (found !== undefined) return { d: binary('Multiply', found.d, x, value), scale: found.scale };
  }
  return undefined;
}

/** Reads $\gamma x + \beta$ with one number for each channel. */
function affineOfChannels(
  value: Value,
): { readonly x: Value; readonly gamma: Value; readonly beta: Value } | undefined {
  const sum = madeBy('Add', value);
  for (const [whole, beta] of sum === undefined ? [] : operandPairs(sum)) {
    const scaled = isPerChannel(beta, value) ? madeBy('Multiply', whole) : undefined;
    for (const [x, gamma] of scaled === undefined ? [] : operandPairs(scaled)) {
      if (isPerChannel(gamma, value) && sameShape(x.shape, value.shape)) return { x, gamma, beta };
    }
  }
  return undefined;
}

/** Both orders of a node's two operands. */
function operandPairs({ inputs }: Node): readonly (readonly [Value, Value])[] {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return [];
  return [
    [a, b],
    [b, a],
  ];
}

function madeBy(kernel: string, value: Value): Node | undefined {
  const node = producer(value);
  return node?.kernel === kernel ? node : undefined;
}

/** Whether a value has the shape `[c]` where the other is `[n, ..., c]`. */
function isPerChannel(value: Value, { shape }: TensorSpec): boolean {
  return value.shape.length === 1 && value.shape[0] === shape.at(-1) && shape.length > 1;
}

/** Whether a value has the shape `[n, 1, ..., c]` where the other is `[n, ..., c]`. */
function isPerExample(value: Value, { shape }: TensorSpec): boolean {
  if (shape.length < 3 || sizeOf(value.shape) === sizeOf(shape)) return false;
  return sameShape(value.shape, [shape[0]!, ...shape.slice(1, -1).map(() => 1), shape.at(-1)!]);
}

function positionsOf({ shape }: TensorSpec): readonly number[] {
  return [...shape.keys()].slice(1, -1);
}

function sums({ inputs: [x], attributes }: Node, axes: readonly number[]): boolean {
  if (attributes['keepDims'] === true || x!.shape.length < 3) return false;
  return sameShape(tf.util.parseAxisParam(attributes['axis'] as number | number[], [...x!.shape]), axes);
}

/** The sum over all positions of each example: `[n, c]`. */
function positionSum(x: Value): Value {
  const spec = { shape: [x.shape[0]!, x.shape.at(-1)!], dtype: x.dtype };
  return createNode('Sum', [x], { axis: positionsOf(x), keepDims: false }, [spec]).outputs[0]!;
}

/** One number for each channel, as a factor of `[n, c]`. */
function flat(value: Value): Value {
  return reshaped(value, [1, value.shape[0]!]);
}

/** The product of a number for each channel and one for each example and channel. */
function product(a: Value, b: Value): Value {
  return binary('Multiply', a, b, a.shape.length > b.shape.length ? a : b);
}

function binary(kernel: string, a: Value, b: Value, { shape, dtype }: TensorSpec): Value {
  return createNode(kernel, [a, b], {}, [{ shape, dtype }]).outputs[0]!;
}
