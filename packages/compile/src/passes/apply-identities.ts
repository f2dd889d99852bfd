import { sameShape } from '@dgm/core';
import { constantValue, createNode, producer, uniformConstant } from '../graph/graph';
import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/**
 * x + 0, x - 0, x · 1, x / 1, 0 + x, 1 · x, -(-x), x + (-y), (-x) + y, x - (-y), and constants of any size where one element,
 * broadcast, will do.
 * Not x · 0: that would hide a NaN.
 */
export const applyIdentities: Rule = (node) => {
  const [a, b] = node.inputs;
  const [y] = node.outputs;
  if (a === undefined || y === undefined) return undefined;
  if (node.kernel === 'Neg' && negated(a) !== undefined) return [negated(a)!];
  if (b === undefined) return undefined;
  if (node.kernel === 'Select') return shrinkChoices(node, y);
  const difference = withoutNegation(node, [a, b]);
  if (difference !== undefined) return difference;
  const [left, right] = [uniformConstant(a), uniformConstant(b)];
  switch (node.kernel) {
    case 'Add':
      if (right === 0 && sameShape(a.shape, y.shape)) return [a];
      if (left === 0 && sameShape(b.shape, y.shape)) return [b];
      break;
    case 'Sub':
      if (right === 0 && sameShape(a.shape, y.shape)) return [a];
      break;
    case 'Multiply':
      if (right === 1 && sameShape(a.shape, y.shape)) return [a];
      if (left === 1 && sameShape(b.shape, y.shape)) return [b];
      break;
    case 'RealDiv':
      if (right === 1 && sameShape(a.shape, y.shape)) return [a];
      break;
    default:
      return undefined;
  }
  return shrinkConstants(node, y);
};

/** A sum with what is negated as a difference, and a difference as a sum. */
function withoutNegation(node: Node, [a, b]: readonly [Value, Value]): readonly Value[] | undefined {
  const [negatedA, negatedB] = [negated(a), negated(b)];
  const as = (kernel: string, x: Value, y: Value) => createNode(kernel, [x, y], {}, node.outputs).outputs;
  if (node.kernel === 'Sub') return negatedB && as('Add', a, negatedB);
  if (node.kernel !== 'Add') return undefined;
  if (negatedB !== undefined) return as('Sub', a, negatedB);
  return negatedA && as('Sub', b, negatedA);
}

/** What a value is the negative of, if it was computed so. */
function negated(value: Value): Value | undefined {
  const node = producer(value);
  return node?.kernel === 'Neg' ? node.inputs[0] : undefined;
}

/** A constant of one number needs one element where the other operand has the shape of the result already. */
function shrinkConstants(node: Node, y: Value): readonly Value[] | undefined {
  const [a, b] = node.inputs as [Value, Value];
  const canShrink = (value: Value, other: Value) =>
    value.shape.length > 0 && uniformConstant(value) !== undefined && sameShape(other.shape, y.shape);
  if (canShrink(b, a)) return createNode(node.kernel, [a, firstElement(b)], node.attributes, [y]).outputs;
  if (canShrink(a, b)) return createNode(node.kernel, [firstElement(a), b], node.attributes, [y]).outputs;
  return undefined;
}

/** The same for what a mask of the result's shape chooses between. */
function shrinkChoices(node: Node, y: Value): readonly Value[] | undefined {
  const [mask, ...choices] = node.inputs as [Value, Value, Value];
  if (!sameShape(mask.shape, y.shape)) return undefined;
  const shrunk = choices.map((choice) =>
    choice.shape.length > 0 && uniformConstant(choice) !== undefined ? firstElement(choice) : choice,
  );
  if (shrunk.every((choice, index) => choice === choices[index])) return undefined;
  return createNode('Select', [mask, ...shrunk], node.attributes, [y]).outputs;
}

function firstElement(constant: Value): Value {
  return constantValue((constant.source as { data: Float32Array }).data.slice(0, 1), [], constant.dtype);
}
