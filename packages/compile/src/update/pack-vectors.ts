import { sizeOf } from '@dgm/core';
import { createNode, inputValue, producer } from '../graph/graph';
import type { Graph, TensorSpec, Value } from '../graph/graph';
import { substitute } from '../graph/substitute';

/** Longer ones are handed over faster than they are copied. */
const LONGEST = 4096;
/** Fewer are not worth a node. */
const FEWEST = 4;
/** A vector that more numbers are summed up to is computed when they are, while they are in the cache, and leaves alone. */
const MOST_SUMMED = 2 ** 17;

/** Vectors that enter or leave a graph as one, end to end. */
export interface Pack {
  /** The name of the input or output that holds them. */
  readonly name: string;
  /** Which inputs or outputs it takes the place of, and their sizes. */
  readonly parts: ReadonlyMap<string, number>;
}

export interface PackedGraph {
  readonly graph: Graph;
  readonly inputs: Pack;
  readonly outputs: Pack;
}

/**
 * Lets the short vectors of a step, biases and their gradients, enter and leave as one: a tensor that crosses between host and
 * runtime costs 1 µs on its way in and 3 on its way out, however short, and a network has dozens.
 * @param vectors - the names of the inputs and outputs that may be packed
 */
export function packVectors(graph: Graph, vectors: ReadonlySet<string>): PackedGraph {
  const mayPack = ([name, value]: readonly [string, Value]) => vectors.has(name) && isShortVector(value);
  const entering = [...graph.inputs].filter(mayPack);
  const leaving = [...graph.outputs].filter(mayPack).filter(([, value]) => isCheap(value));
  const [inputs, outputs] = [packOf('state/vectors', entering), packOf('leaf/vectors', leaving)];
  return { graph: withPackedInputs(withPackedOutputs(graph, outputs), inputs), inputs, outputs };
}

function isShortVector({ shape, dtype }: Value): boolean {
  return dtype === 'float32' && shape.length === 1 && shape[0]! <= LONGEST;
}

function isCheap(value: Value): boolean {
  return producer(value)?.inputs.every(({ shape }) => sizeOf(shape) <= MOST_SUMMED) ?? false;
}

function packOf(name: string, values: readonly (readonly [string, Value])[]): Pack {
  const chosen = values.length < FEWEST ? [] : values;
  return { name, parts: new Map(chosen.map(([own, { shape }]) => [own, sizeOf(shape)])) };
}

function withPackedOutputs(graph: Graph, pack: Pack): Graph {
  if (pack.parts.size === 0) return graph;
  const vectors = [...pack.parts.keys()].map((name) => graph.outputs.get(name)!);
  const [whole] = createNode('Concat', vectors, { axis: 0 }, [specOf(pack)]).outputs;
  const outputs = [...graph.outputs].filter(([name]) => !pack.parts.has(name));
  return { inputs: graph.inputs, outputs: new Map([...outputs, [pack.name, whole!]]) };
}

function withPackedInputs(graph: Graph, pack: Pack): Graph {
  if (pack.parts.size === 0) return graph;
  const vectors = [...pack.parts.keys()].map((name) => graph.inputs.get(name)!);
  const whole = inputValue(pack.name, specOf(pack));
  const sizes = [...pack.parts.values()];
  const parts = createNode('SplitV', [whole], { numOrSizeSplits: sizes, axis: 0 }, vectors).outputs;
  const replaced = new Map([...pack.parts.keys()].map((name, index) => [name, parts[index]!]));
  const { inputs, outputs } = substitute(graph, replaced);
  return { inputs: new Map([...inputs, [pack.name, whole]]), outputs };
}

function specOf({ parts }: Pack): TensorSpec {
  return { shape: [[...parts.values()].reduce((sum, size) => sum + size, 0)], dtype: 'float32' };
}
