import { sameShape } from '@dgm/core';
import { constantValue, createNode, producer } from '../graph/graph';
import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';
import { axisOf } from '../kernels/axes';

/**
 * Takes the parts of what was put together from where they were before, and what was taken apart whole:
 *
 * $$\text{split}(\text{concat}(a, b)) = (a, b), \qquad \text{concat}(\text{split}(x)) = x$$
 *
 * Also where the parts are those of a permutation that mixes none of them, as one that reverses two halves does. A coupling layer
 * joins two halves that the next one splits, and stacks a scale and a shift that are unstacked at once.
 */
export const takeParts: Rule = (node) => {
  switch (node.kernel) {
    case 'SplitV':
    case 'Unpack':
      return partsOf(node);
    case 'Concat':
    case 'Pack':
      return wholeOf(node);
    default:
      return undefined;
  }
};

/** What each result of a split is made of, if none is a piece of a part. */
function partsOf(node: Node): readonly Value[] | undefined {
  const [x] = node.inputs as [Value];
  const axis = axisOf(node.attributes, x.shape.length);
  const width = (value: Value) => (node.kernel === 'Unpack' ? 1 : value.shape[axis]!);
  const rest = [...(partsAlong(x, axis) ?? reordered(x, axis, node.outputs.map(width)))];
  const taken = node.outputs.map((output) => {
    const parts: Value[] = [];
    for (let size = 0; size < width(output) && rest.length > 0; size += parts.at(-1)!.shape[axis]!)
      parts.push(rest.shift()!);
    const whole = parts.length > 1 ? concatenated(parts, axis) : parts[0];
    return whole?.shape[axis] === width(output) ? reshaped(whole, output) : undefined;
  });
  return taken.every((value) => value !== undefined) ? taken : undefined;
}

/** The parts that a value was joined from along an axis. */
function partsAlong(value: Value, axis: number): readonly Value[] | undefined {
  const node = producer(value);
  if (node === undefined || (node.kernel !== 'Concat' && node.kernel !== 'Pack')) return undefined;
  if (axisOf(node.attributes, value.shape.length) !== axis) return undefined;
  if (node.kernel === 'Concat') return node.inputs;
  const shape = value.shape.map((size, index) => (index === axis ? 1 : size));
  return node.inputs.map((part) => reshaped(part, { shape, dtype: value.dtype }));
}

/** For constant indices into what was joined: as many elements as each width, where those are of one part. */
function reordered(value: Value, axis: number, widths: readonly number[]): readonly Value[] {
  const gather = constantGather(value, axis);
  const parts = gather && partsAlong(gather.x, axis);
  if (parts === undefined) return [];
  const all = [...gather!.indices];
  return widths.flatMap((width) => {
    const some = all.splice(0, width);
    let start = 0;
    for (const part of parts) {
      const own = some.map((index) => index - start);
      start += part.shape[axis]!;
      if (own.every((index) => index >= 0 && index < part.shape[axis]!)) return [gathered(part, axis, own)];
    }
    return [];
  });
}

/** What a value was taken apart from, if its parts are joined in the same order. */
function wholeOf(node: Node): readonly Value[] | undefined {
  const [y] = node.outputs as [Value];
  const split = producer(node.inputs[0]!);
  if (split?.kernel !== (node.kernel === 'Pack' ? 'Unpack' : 'SplitV')) return undefined;
  const [x] = split.inputs as [Value];
  const isWhole =
    sameShape(x.shape, y.shape) &&
    axisOf(node.attributes, y.shape.length) === axisOf(split.attributes, y.shape.length) &&
    node.inputs.length === split.outputs.length &&
    node.inputs.every(
      ({ source }, at) => source.kind === 'node' && source.node === split && source.output === at,
    );
  return isWhole ? [x] : undefined;
}

function concatenated(parts: readonly Value[], axis: number): Value {
  const [{ shape, dtype }] = parts as [Value];
  const size = parts.reduce((total, part) => total + part.shape[axis]!, 0);
  const spec = { shape: shape.map((own, index) => (index === axis ? size : own)), dtype };
  return createNode('Concat', parts, { axis }, [spec]).outputs[0]!;
}

/** Elements of a value along an axis, from where they were before a permutation; the value itself if all stay in place. */
function gathered(value: Value, axis: number, indices: readonly number[]): Value {
  const before = constantGather(value, axis);
  if (before !== undefined)
    return gathered(
      before.x,
      axis,
      indices.map((index) => before.indices[index]!),
    );
  const isInPlace = indices.length === value.shape[axis] && indices.every((from, to) => from === to);
  if (isInPlace) return value;
  const constant = constantValue(Int32Array.from(indices), [indices.length], 'int32');
  const shape = value.shape.map((own, index) => (index === axis ? indices.length : own));
  return createNode('GatherV2', [value, constant], { axis, batchDims: 0 }, [{ shape, dtype: value.dtype }])
    .outputs[0]!;
}

/** For a value that was gathered along an axis by constant indices: from what, and these. */
function constantGather(
  value: Value,
  axis: number,
): { readonly x: Value; readonly indices: readonly number[] } | undefined {
  const node = producer(value);
  const [x, indices] = node?.inputs ?? [];
  if (node?.kernel !== 'GatherV2' || indices?.source.kind !== 'constant') return undefined;
  if (indices.shape.length !== 1 || axisOf(node.attributes, x!.shape.length) !== axis) return undefined;
  return { x: x!, indices: [...indices.source.data] };
}

function reshaped(value: Value, { shape, dtype }: Pick<Value, 'shape' | 'dtype'>): Value {
  if (sameShape(value.shape, shape)) return value;
  return createNode('Reshape', [value], { shape }, [{ shape, dtype }]).outputs[0]!;
}
