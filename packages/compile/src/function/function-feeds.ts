import { ArgumentError, formatShape, sameShape, ShapeError, sizeOf } from '@dgm/core';
import type { Key, TracedDraw } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { InputSpec } from '../capture/capture';
import { dataOf } from '../graph/graph';
import type { Data, Graph } from '../graph/graph';
import type { Runtime, RuntimeTensor } from '../runtime/runtime';

/** A function that was captured and fitted to a device. */
export interface CapturedFunction {
  readonly graph: Graph;
  readonly specs: Readonly<Record<string, InputSpec>>;
  /** Variables that the function reads, by the names of their inputs. */
  readonly state: ReadonlyMap<string, Variable>;
  readonly draws: ReadonlyMap<string, TracedDraw>;
  readonly runtime: Runtime;
}

export type Feeds = Record<string, RuntimeTensor>;

/** Makes what a captured function is given in a run: only what its graph reads. */
export class FunctionFeeds {
  readonly #function: CapturedFunction;
  /** Variables as they were read last, by their inputs. */
  readonly #weights = new Map<string, { readonly dataId: object; readonly tensor: RuntimeTensor }>();

  constructor(captured: CapturedFunction) {
    this.#function = captured;
  }

  /** The draws that the graph reads. */
  get drawn(): ReadonlyMap<string, TracedDraw> {
    const { draws, graph } = this.#function;
    return new Map([...draws].filter(([name]) => graph.inputs.has(name)));
  }

  /** @throws ShapeError for an input that is missing */
  check(feeds: Feeds): void {
    const missing = [...this.#function.graph.inputs.keys()].find((name) => feeds[name] === undefined);
    if (missing !== undefined) throw missingInput(missing);
  }

  /** The draws of one call. */
  draws(key: Key): Feeds {
    const { runtime } = this.#function;
    const entries = [...this.drawn].map(([name, { shape, refill }]) => {
      return [name, runtime.tensor(refill(key), shape, 'float32')] as const;
    });
    return Object.fromEntries(entries);
  }

  /** The draws of several calls, stacked. */
  stackedDraws(keys: readonly Key[]): Feeds {
    const { runtime } = this.#function;
    const entries = [...this.drawn].map(([name, { shape, refill }]) => {
      const size = sizeOf(shape);
      const values = new Float32Array(keys.length * size);
      keys.forEach((key, index) => refill(key, values.subarray(index * size, (index + 1) * size)));
      return [name, runtime.tensor(values, [keys.length, ...shape], 'float32')] as const;
    });
    return Object.fromEntries(entries);
  }

  /**
   * Inputs by name.
   * @throws ArgumentError for an unknown one
   * @throws ShapeError for one of another shape than was captured
   */
  async tensors(given: Readonly<Record<string, Tensor | number>>): Promise<Feeds> {
    const { graph, specs, runtime } = this.#function;
    const feeds: Feeds = {};
    for (const [name, value] of Object.entries(given)) {
      const spec = specs[name];
      if (spec === undefined) throw unknownInput(name, Object.keys(specs));
      const { shape, dtype = 'float32' } = spec;
      const givenShape = typeof value === 'number' ? [] : value.shape;
      if (!sameShape(givenShape, shape)) throw wrongShape(name, shape, givenShape);
      if (!graph.inputs.has(name)) continue;
      const data = typeof value === 'number' ? dataOf([value], dtype) : ((await value.data()) as Data);
      feeds[name] = runtime.tensor(data, shape, dtype);
    }
    return feeds;
  }

  /** The variables' values. A variable gets new data whenever it is assigned: until then it is not read again. */
  async variables(): Promise<Feeds> {
    const { graph, state, runtime } = this.#function;
    const feeds: Feeds = {};
    for (const [name, variable] of state) {
      const spec = graph.inputs.get(name);
      if (spec === undefined) continue;
      const { dataId } = variable;
      let known = this.#weights.get(name);
      if (known?.dataId !== dataId) {
        const values = (await variable.data()) as Data;
        // A copy, in the memory of the last one: a backend may hand out its own, and use that for something else once the
        // variable is assigned.
        if (known !== undefined) (known.tensor.data as Float32Array).set(values as Float32Array);
        const tensor = known?.tensor ?? runtime.tensor(values.slice(), spec.shape, spec.dtype);
        known = { dataId, tensor };
        this.#weights.set(name, known);
      }
      feeds[name] = known.tensor;
    }
    return feeds;
  }

  /** Forgets the variables. */
  clear(): void {
    this.#weights.clear();
  }
}

/** What a run gave for a graph's outputs, as tensors that the caller owns. */
export function toTensors<Output extends string>({ outputs }: Graph, results: Feeds): Record<Output, Tensor> {
  const entries = [...outputs].map(([name, { shape, dtype }]) => {
    const result = results[`out/${name}`]!;
    const tensor = tf.tensor(result.data.slice() as Float32Array, [...shape], dtype);
    result.dispose();
    return [name, tensor] as const;
  });
  return Object.fromEntries(entries) as Record<Output, Tensor>;
}

function wrongShape(name: string, expected: readonly number[], actual: readonly number[]): ShapeError {
  return new ShapeError({
    where: 'CompiledFunction.run',
    argument: name,
    expected: `of shape ${formatShape(expected)}`,
    actual: formatShape(actual),
    remedy: 'compile the function for this shape too',
  });
}

function missingInput(name: string): ShapeError {
  const isDraw = name.startsWith('draw/');
  return new ShapeError({
    where: 'CompiledFunction.run',
    argument: isDraw ? 'key' : name,
    expected: isDraw ? 'for the draws of the function' : 'among the inputs',
    actual: 'nothing',
  });
}

function unknownInput(name: string, known: readonly string[]): ArgumentError {
  return new ArgumentError({
    where: 'CompiledFunction.run',
    argument: name,
    expected: `to be one of ${known.join(', ')}`,
    actual: 'an input that was not captured',
  });
}
