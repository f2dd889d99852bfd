import { ArgumentError, formatShape, sameShape, ShapeError, sizeOf } from '@dgm/core';
import type { Key, TracedDraw } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { InputSpec } from '../capture/capture';
import { dataOf } from '../graph/graph';
import type { Data, Graph, TensorSpec } from '../graph/graph';
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';

/** A function that was captured and fitted to a device. */
export interface CapturedFunction {
  /** What a run computes. */
  readonly graph: Graph;
  /** What depends on variables alone, and is computed anew only once one was assigned; its outputs are inputs of the graph. */
  readonly fixed: { readonly graph: Graph; readonly session: RuntimeSession } | undefined;
  readonly specs: Readonly<Record<string, InputSpec>>;
  /** Variables that the function reads, by the names of their inputs. */
  readonly state: ReadonlyMap<string, Variable>;
  readonly draws: ReadonlyMap<string, TracedDraw>;
  readonly runtime: Runtime;
}

export type Feeds = Record<string, RuntimeTensor>;

/** What follows from the variables where a session has it as constants. */
export const BUILT_IN: Feeds = Object.freeze({});

/** A variable that is read, and what its input is like. */
interface UsedVariable {
  readonly name: string;
  readonly variable: Variable;
  readonly spec: TensorSpec;
}

/** A variable as it was read last. */
interface ReadVariable {
  readonly dataId: object;
  readonly tensor: RuntimeTensor;
}

/** Makes what a captured function is given in a run: only what its graph reads. */
export class FunctionFeeds {
  /** The draws that the graph reads. */
  readonly drawn: ReadonlyMap<string, TracedDraw>;
  readonly #function: CapturedFunction;
  readonly #variables: readonly UsedVariable[];
  readonly #read = new Map<string, ReadVariable>();
  /** What follows from the variables as they were read last. */
  #ofVariables: { readonly of: readonly object[]; readonly feeds: Promise<Feeds> } | undefined;
  /** Draws of calls that have ended, by how many of them are stacked: the memory is filled anew. */
  readonly #usedDraws = new Map<number, Feeds[]>();

  constructor(captured: CapturedFunction) {
    this.#function = captured;
    const { draws, state, graph, fixed } = captured;
    this.drawn = new Map([...draws].filter(([name]) => graph.inputs.has(name)));
    this.#variables = [...state].flatMap(([name, variable]) => {
      const spec = graph.inputs.get(name) ?? fixed?.graph.inputs.get(name);
      return spec === undefined ? [] : [{ name, variable, spec }];
    });
  }

  /** Runs a call that is given the draws of a key, whose memory is used again after it. */
  withDraws<T>(key: Key | undefined, call: (draws: Feeds) => Promise<T>): Promise<T> {
    if (key === undefined || this.drawn.size === 0) return call({});
    return this.#withRoom([], async (room) => {
      for (const [name, { refill }] of this.drawn) refill(key, room[name]!.data as Float32Array);
      return call(room);
    });
  }

  /** The same with the draws of several keys, stacked. */
  withStackedDraws<T>(keys: readonly Key[], call: (draws: Feeds) => Promise<T>): Promise<T> {
    return this.#withRoom([keys.length], async (room) => {
      for (const [name, { shape, refill }] of this.drawn) {
        const [size, values] = [sizeOf(shape), room[name]!.data as Float32Array];
        keys.forEach((key, index) => refill(key, values.subarray(index * size, (index + 1) * size)));
      }
      return call(room);
    });
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

  /**
   * What follows from the variables. A variable gets new data whenever it is assigned: until then neither it is read nor what depends on
   * it computed again.
   */
  variables(): Promise<Feeds> {
    const known = this.#ofVariables;
    if (
      known !== undefined &&
      this.#variables.every(({ variable }, index) => variable.dataId === known.of[index])
    )
      return known.feeds;
    const feeds = this.#readVariables(known?.feeds);
    const reading = { of: this.#variables.map(({ variable }) => variable.dataId), feeds };
    this.#ofVariables = reading;
    feeds.catch(() => {
      if (this.#ofVariables === reading) this.#ofVariables = undefined;
    });
    return feeds;
  }

  /**
   * What follows from the variables, for constants of a session. Until one of them is assigned, `variables` gives {@link BUILT_IN}, and
   * no copies are kept.
   */
  async handOver(): Promise<Feeds> {
    const feeds = await this.variables();
    this.#ofVariables = { of: this.#ofVariables!.of, feeds: Promise.resolve(BUILT_IN) };
    this.#read.clear();
    return feeds;
  }

  /** Forgets the variables, and frees what computes with them alone. */
  clear(): void {
    this.#read.clear();
    this.#ofVariables = undefined;
    this.#usedDraws.clear();
    void this.#function.fixed?.session.release();
  }

  /** @param before - what was read before, in whose memory this is read */
  async #readVariables(before: Promise<unknown> | undefined): Promise<Feeds> {
    await before?.catch(() => undefined);
    const { graph, fixed } = this.#function;
    for (const each of this.#variables) await this.#readVariable(each);
    const tensors = (inputs: Graph['inputs']): Feeds => {
      const own = this.#variables.filter(({ name }) => inputs.has(name));
      return Object.fromEntries(own.map(({ name }) => [name, this.#read.get(name)!.tensor]));
    };
    if (fixed === undefined) return tensors(graph.inputs);
    const outputs = [...fixed.graph.outputs.keys()];
    const results = await fixed.session.run(
      tensors(fixed.graph.inputs),
      Object.fromEntries(outputs.map((name) => [`out/${name}`, null])),
    );
    const computed = outputs.map((name) => [name, results[`out/${name}`]!] as const);
    return { ...tensors(graph.inputs), ...Object.fromEntries(computed) };
  }

  async #readVariable({ name, variable, spec }: UsedVariable): Promise<void> {
    const { dataId } = variable;
    const known = this.#read.get(name);
    if (known?.dataId === dataId) return;
    const values = (await variable.data()) as Data;
    // A copy, in the memory of the last one: a backend may hand out its own, and use that for something else once the
    // variable is assigned.
    if (known !== undefined) (known.tensor.data as Float32Array).set(values as Float32Array);
    const tensor = known?.tensor ?? this.#function.runtime.tensor(values.slice(), spec.shape, spec.dtype);
    this.#read.set(name, { dataId, tensor });
  }

  /** @param stack - how many draws of each kind there is room for, along a first axis; `[]` for one */
  async #withRoom<T>(stack: readonly number[], call: (room: Feeds) => Promise<T>): Promise<T> {
    const count = sizeOf(stack);
    const used = this.#usedDraws.get(count) ?? [];
    this.#usedDraws.set(count, used);
    const room = used.pop() ?? this.#roomForDraws(stack);
    try {
      return await call(room);
    } finally {
      used.push(room);
    }
  }

  #roomForDraws(stack: readonly number[]): Feeds {
    const { runtime } = this.#function;
    const rooms = [...this.drawn].map(([name, spec]) => {
      const shape = [...stack, ...spec.shape];
      return [name, runtime.tensor(new Float32Array(sizeOf(shape)), shape, 'float32')] as const;
    });
    return Object.fromEntries(rooms);
  }
}

/** What a run gave for a graph's outputs, in memory that nothing else uses, as tensors that the caller owns. */
export function toTensors<Output extends string>({ outputs }: Graph, results: Feeds): Record<Output, Tensor> {
  const entries = [...outputs].map(([name, { shape, dtype }]) => {
    const result = results[`out/${name}`]!;
    const tensor = tf.tensor(result.data as Float32Array, [...shape], dtype);
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

function unknownInput(name: string, known: readonly string[]): ArgumentError {
  return new ArgumentError({
    where: 'CompiledFunction.run',
    argument: name,
    expected: `to be one of ${known.join(', ')}`,
    actual: 'an input that was not captured',
  });
}
