import { inputValue, topologicalOrder } from '../graph/graph';
import type { Graph, Value } from '../graph/graph';
import { usedValues, withReplaced } from '../graph/substitute';
import type { Update } from './expression';
import { splitUpdates } from './split-updates';

/** Microseconds that one more run costs; the runtime's own figures for a node, and for each number that it computes. */
const RUN = 40;
const NODE = 1;
const NUMBER = 4e-4;

/**
 * Divides a step where it reads what it has just updated, as a generator does that learns from the critic of this step: each part
 * reads the state that the parts before it left. So the pass over the parameters alone computes the new values, where one graph
 * computes the optimizer's update node by node as well. Not where that costs less than one more run, and not where a later part
 * reads what a variable was before.
 *
 * What one part computes and a later one reads, too, crosses as `cross/i`, an output of the one and an input of the other.
 * @param state - names of the inputs and outputs that are variables
 * @returns the parts in their order
 */
export function cutAtUpdates(graph: Graph, state: ReadonlySet<string>, crossed = 0): readonly Graph[] {
  const { graph: inner, updates, leaves } = splitUpdates(graph, state);
  const nodes = topologicalOrder(inner.outputs.values());
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const isFresh = (name: string): boolean => {
    const value = graph.outputs.get(name)!;
    return value.source.kind === 'node' && read.has(value) && !leaves.has(value);
  };
  const fresh = updates.filter(({ results }) => results.some(isFresh));
  if (fresh.reduce((cost, update) => cost + costOf(update), 0) < RUN) return [graph];
  // What depends on a new value has to wait for its update; all else does not.
  const late = new Set(
    fresh.flatMap(({ results }) => results.filter(isFresh).map((name) => graph.outputs.get(name)!)),
  );
  for (const { inputs, outputs } of nodes)
    if (inputs.some((input) => late.has(input))) outputs.forEach((output) => late.add(output));
  const isEarly = ({ tensors, scalars }: Update) =>
    ![...tensors, ...scalars].some((value) => late.has(value));
  if (!fresh.some(isEarly)) return [graph];

  const updated = new Set(updates.filter(isEarly).flatMap(({ results }) => results));
  const isFirst = ([name, value]: readonly [string, Value]): boolean =>
    state.has(name) ? updated.has(name) : !late.has(value);
  const first = { inputs: graph.inputs, outputs: new Map([...graph.outputs].filter(isFirst)) };
  const entering = new Map<Value, readonly [string, Value]>();
  const enter = (name: string, value: Value) => entering.set(value, [name, inputValue(name, value)]);
  for (const value of usedValues(splitUpdates(first, state).graph.outputs.values()))
    if (value.source.kind === 'node') enter(`cross/${crossed + entering.size}`, value);
  for (const name of updated) enter(name, graph.outputs.get(name)!);
  const rest = withReplaced(
    new Map([...graph.outputs].filter((output) => !isFirst(output))),
    new Map([...entering].map(([value, [, input]]) => [value, input])),
  );
  const used = usedValues(rest.values());
  if ([...updated].some((name) => used.has(graph.inputs.get(name)!))) return [graph];

  const crossing = [...entering].filter(([, [, input]]) => used.has(input));
  const leaving = crossing.flatMap(([value, [name]]) => (state.has(name) ? [] : [[name, value] as const]));
  const inputs = new Map([...graph.inputs, ...crossing.map(([, entry]) => entry)]);
  return [
    { inputs: graph.inputs, outputs: new Map([...first.outputs, ...leaving]) },
    ...cutAtUpdates({ inputs, outputs: rest }, state, crossed + entering.size),
  ];
}

/** What an update costs node by node, in microseconds. */
function costOf({ program, size }: Update): number {
  return program.steps.filter(({ kind }) => kind === 'op').length * (NODE + NUMBER * size);
}
