import type { Shape } from '@dgm/core';

export type DType = 'float32' | 'int32' | 'bool';
export type Data = Float32Array | Int32Array | Uint8Array;

export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor of the graph: a node's result, a constant, or something that enters at run time. */
export interface Value extends TensorSpec {
  readonly source:
    | { readonly kind: 'input'; readonly name: string }
    | { readonly kind: 'constant'; readonly data: Data }
    | { readonly kind: 'node'; readonly node: Node; readonly output: number };
}

/** The attributes of a kernel in a captured graph, by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** One call of a tfjs kernel. Kernels have no side effects, so nodes whose results nobody reads do not exist. */
export interface Node {
  readonly kernel: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** A pure function: named inputs to named outputs. The nodes are what can be reached from the outputs. */
export interface Graph {
  readonly inputs: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
}

export function inputValue(name: string, spec: TensorSpec): Value {
  return { shape: spec.shape, dtype: spec.dtype, source: { kind: 'input', name } };
}

export function constantValue(data: Data, shape: Shape, dtype: DType): Value {
  return { shape, dtype, source: { kind: 'constant', data: dataOf(data, dtype) } };
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Numbers as an array of their type: tfjs's cpu backend now and then hands out float32 tensors held as integers. */
export function dataOf(values: ArrayLike<number>, dtype: DType): Data {
  const type = ARRAYS[dtype];
  return values instanceof type ? values : type.from(values);
}

/** As many zeros of a type. */
export function zeroData(count: number, dtype: DType): Data {
  return new ARRAYS[dtype](count);
}

export function createNode(
  kernel: string,
  inputs: readonly Value[],
  attributes: Attributes,
  specs: readonly TensorSpec[],
): Node {
  const outputs: Value[] = [];
  const node: Node = { kernel, inputs, attributes, outputs };
  specs.forEach((spec, output) =>
    outputs.push({ shape: spec.shape, dtype: spec.dtype, source: { kind: 'node', node, output } }),
  );
  return node;
}

/** The node that makes a value, if one does. */
export function producer(value: Value): Node | undefined {
  return value.source.kind === 'node' ? value.source.node : undefined;
}

/** What was found out about constants: every pass asks again. */
const uniform = new WeakMap<Value, { readonly number: number | undefined }>();

/** The single number that a constant holds in each of its elements, if it is such a constant. */
export function uniformConstant(value: Value): number | undefined {
  if (value.source.kind !== 'constant') return undefined;
  const { data } = value.source;
  const known = uniform.get(value);
  if (known !== undefined) return known.number;
  const first = data[0];
  const isUniform = first !== undefined && data.every((element) => Object.is(element, first));
  uniform.set(value, { number: isUniform ? first : undefined });
  return isUniform ? first : undefined;
}

/** All nodes that the outputs need, producers before consumers. */
export function topologicalOrder(outputs: Iterable<Value>): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // Depth first without recursion: a captured loop can be thousands of nodes deep.
  const stack = [...outputs].map((value) => ({ node: producer(value), next: 0 })).reverse();
  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    if (frame.node === undefined || (frame.next === 0 && seen.has(frame.node))) {
      stack.pop();
      continue;
    }
    seen.add(frame.node);
    const input = frame.node.inputs[frame.next++];
    if (input === undefined) {
      order.push(frame.node);
      stack.pop();
    } else {
      const node = producer(input);
      if (node !== undefined && !seen.has(node)) stack.push({ node, next: 0 });
    }
  }
  return order;
}

/** How many nodes follow one after the other before each value that the graph computes. */
export function depthsOf(graph: Graph): ReadonlyMap<Value, number> {
  const depths = new Map<Value, number>();
  for (const { inputs, outputs } of topologicalOrder(graph.outputs.values())) {
    const depth = 1 + Math.max(0, ...inputs.map((input) => depths.get(input) ?? 0));
    outputs.forEach((output) => depths.set(output, depth));
  }
  return depths;
}

/** How often each value is read: by nodes, and as an output. */
export function readersOf(graph: Graph): ReadonlyMap<Value, number> {
  const readers = new Map<Value, number>();
  const read = (value: Value) => readers.set(value, (readers.get(value) ?? 0) + 1);
  for (const node of topologicalOrder(graph.outputs.values())) node.inputs.forEach(read);
  for (const value of graph.outputs.values()) read(value);
  return readers;
}
