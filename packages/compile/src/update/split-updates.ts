import { createNode } from '../graph/graph';
import type { Graph, Value } from '../graph/graph';
import { elementwiseUpdate } from './expression';
import type { Update } from './expression';
import { scalarFormulas } from './scalar-formula';
import type { ScalarFormula } from './scalar-formula';

/** A graph without its optimizer, and the optimizer. */
export interface SplitGraph {
  /** Computes the terms and what the updates read: gradients and factors, as outputs `leaf/i`. */
  readonly graph: Graph;
  readonly updates: readonly Update[];
  /** Under what name each update finds its tensors and scalars: an input of the graph, or an output `leaf/i`. */
  readonly leaves: ReadonlyMap<Value, string>;
  /** Scalars that the host computes by itself, under their names. */
  readonly formulas: ReadonlyMap<string, ScalarFormula>;
}

/**
 * Takes the elementwise ends of the new state, which is what an optimizer's update is, out of the graph, so that one
 * pass over the parameters computes all of it: a runtime that works op by op reads and writes them ten times.
 *
 * New values that share operands (a weight and its slots) become one update.
 * @param state - names of the inputs and outputs that are variables; all other inputs are fed by the host
 */
export function splitUpdates(graph: Graph, state: ReadonlySet<string>): SplitGraph {
  const written = [...graph.outputs].filter(([name]) => state.has(name));
  const isState = ({ source }: Value) => source.kind === 'input' && state.has(source.name);
  const isHost = ({ source }: Value) => source.kind === 'input' && !state.has(source.name);
  const copyOf = copier();
  const updates = group(written)
    .map((outputs) => elementwiseUpdate(outputs))
    .map((update) => ({
      ...update,
      // Tensors are read from the state's memory, scalars from the host's: what lies elsewhere passes through the graph.
      tensors: update.tensors.map((value) => (isHost(value) ? copyOf(value) : value)),
      scalars: update.scalars.map((value) => (isState(value) ? copyOf(value) : value)),
    }));
  const leaves = new Map<Value, string>();
  for (const { tensors, scalars } of updates) {
    for (const value of [...tensors, ...scalars]) {
      if (leaves.has(value)) continue;
      leaves.set(value, value.source.kind === 'input' ? value.source.name : `leaf/${leaves.size}`);
    }
  }
  const formulaOf = scalarFormulas((name) => !state.has(name));
  const formulas = new Map<string, ScalarFormula>();
  for (const value of updates.flatMap(({ scalars }) => scalars)) {
    const formula = formulaOf(value);
    if (formula !== undefined) formulas.set(leaves.get(value)!, formula);
  }
  const moved = new Set(updates.flatMap(({ results }) => results));
  const kept = [...graph.outputs].filter(([name]) => !moved.has(name));
  const computed = [...leaves]
    .filter(([{ source }, name]) => source.kind !== 'input' && !formulas.has(name))
    .map(([value, name]) => [name, value] as const);
  const outputs = new Map([...kept, ...computed]);
  return { graph: { inputs: graph.inputs, outputs }, updates, leaves, formulas };
}

/** Makes one copy, as a node, of each value that it is asked for. */
function copier(): (value: Value) => Value {
  const copies = new Map<Value, Value>();
  return (value) => {
    const copy = copies.get(value) ?? createNode('Identity', [value], {}, [value]).outputs[0]!;
    copies.set(value, copy);
    return copy;
  };
}

/** Joins outputs whose updates read a tensor in common. */
function group(outputs: readonly (readonly [string, Value])[]): ReadonlyMap<string, Value>[] {
  const groups: { readonly members: Map<string, Value>; readonly reads: Set<Value> }[] = [];
  for (const [name, value] of outputs) {
    const reads = new Set(elementwiseUpdate(new Map([[name, value]])).tensors);
    const touching = groups.filter((other) => [...reads].some((read) => other.reads.has(read)));
    const joined = touching[0] ?? { members: new Map<string, Value>(), reads: new Set<Value>() };
    if (touching.length === 0) groups.push(joined);
    for (const other of touching.slice(1)) {
      other.members.forEach((member, memberName) => joined.members.set(memberName, member));
      other.reads.forEach((read) => joined.reads.add(read));
      groups.splice(groups.indexOf(other), 1);
    }
    joined.members.set(name, value);
    reads.forEach((read) => joined.reads.add(read));
  }
  return groups.map(({ members }) => members);
}
