import { createNode, inputValue } from '../graph/graph';
import type { Graph, TensorSpec, Value } from '../graph/graph';

/** The name of the log among a graph's inputs and outputs. */
export const TERM_LOG = 'terms';

/** The shape of the log: a row for each of the latest steps, the newest last. */
export function termLogSpec(terms: readonly string[], steps: number): TensorSpec {
  return { shape: [steps, terms.length], dtype: 'float32' };
}

/**
 * The same graph with its scalar terms gathered in one more piece of state: each run shifts the log up by a row and
 * writes the terms below. So terms need not be read after each step, and one read gets those of many.
 */
export function withTermLog({ inputs, outputs }: Graph, terms: readonly string[], steps: number): Graph {
  const spec = termLogSpec(terms, steps);
  const width = terms.length;
  const log = inputValue(TERM_LOG, spec);
  const cells = terms.map((name) => reshape(outputs.get(name)!, [1, 1]));
  const row = concat(cells, 1, [1, width]);
  const [latest] = createNode('Slice', [log], { begin: [1, 0], size: [steps - 1, width] }, [
    { ...spec, shape: [steps - 1, width] },
  ]).outputs;
  const kept = [...outputs].filter(([name]) => !terms.includes(name));
  return {
    inputs: new Map([...inputs, [TERM_LOG, log]]),
    outputs: new Map([...kept, [TERM_LOG, concat([latest!, row], 0, spec.shape)]]),
  };
}

function reshape(value: Value, shape: readonly number[]): Value {
  return createNode('Reshape', [value], { shape }, [{ ...value, shape }]).outputs[0]!;
}

function concat(values: readonly Value[], axis: number, shape: readonly number[]): Value {
  return createNode('Concat', values, { axis }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
