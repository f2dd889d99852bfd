import {
  ArgumentError,
  checkInteger,
  formatShape,
  sameShape,
  ShapeError,
  sizeOf,
  StateError,
} from '@dgm/core';
import type { Key, TracedDraw } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { InputSpec } from '../capture/capture';
import { dataOf, zeroData } from '../graph/graph';
import type { Data, Graph } from '../graph/graph';
import { printGraph } from '../graph/print';
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';

/** What one call is given. */
export interface CallInputs {
  /** By name; a number will do for a scalar. Borrowed. */
  readonly tensors?: Readonly<Record<string, Tensor | number>>;
  /** The root of the call's random draws; needed where the function draws. */
  readonly key?: Key;
}

/** What a loop is given. */
export interface LoopOptions {
  /** Where the loop starts: values of the inputs that are outputs too. Borrowed. */
  readonly start: Readonly<Record<string, Tensor>>;
  /** What else each call is given, by its index from 0. */
  readonly each?: (index: number) => CallInputs;
}

interface Parts {
  readonly graph: Graph;
  readonly specs: Readonly<Record<string, InputSpec>>;
  readonly state: ReadonlyMap<string, Variable>;
  readonly draws: ReadonlyMap<string, TracedDraw>;
  readonly runtime: Runtime;
  readonly session: RuntimeSession;
}

type Feeds = Record<string, RuntimeTensor>;

/** A captured function with its session in ONNX Runtime. Made by `compile`. */
export class CompiledFunction<Output extends string = string> {
  readonly #parts: Parts;
  /** Variables as they were read last, by their inputs. */
  readonly #weights = new Map<string, { readonly dataId: object; readonly tensor: RuntimeTensor }>();
  #isDisposed = false;

  /** @internal */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The program that runs, after simplification. */
  toString(): string {
    return `CompiledFunction ${printGraph(this.#parts.graph)}`;
  }

  /** What Node prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /**
   * Runs the function once.
   * @param tensors - an input each of the shape that was captured
   * @param options - `key`, where the function draws
   * @returns tensors on the current tfjs backend that the caller owns
   * @throws ShapeError for an input that is missing or of another shape
   */
  async run(
    tensors: Readonly<Record<string, Tensor | number>>,
    options: { readonly key?: Key } = {},
  ): Promise<Record<Output, Tensor>> {
    const feeds = { ...(await this.#variables()), ...(await this.#callFeeds({ tensors, ...options })) };
    return this.#toTensors(await this.#call(feeds));
  }

  /**
   * Runs the function `count` times, an output becoming the input of its name in the next call. What goes around stays
   * in the runtime; variables are read once, at the start.
   * @returns the last call's outputs, as tensors that the caller owns
   * @throws ArgumentError where `count` is not a positive integer
   *
   * @example
   * ```ts
   * const { x } = await langevinStep.loop(1000, { start: { x: noise }, each: (i) => ({ key: key.fold(i) }) });
   * ```
   */
  async loop(count: number, { start, each }: LoopOptions): Promise<Record<Output, Tensor>> {
    checkInteger('CompiledFunction.loop', 'count', count);
    const variables = await this.#variables();
    const outputs = [...this.#parts.graph.outputs.keys()];
    // What goes around is read from one memory and written into the other.
    const memories = [this.#memoryFor(outputs), this.#memoryFor(outputs)];
    let carried = await this.#inputFeeds(start);
    let results: Feeds = {};
    for (let index = 0; index < count; index++) {
      const feeds = { ...variables, ...carried, ...(await this.#callFeeds(each?.(index) ?? {})) };
      results = await this.#call(feeds, memories[index % 2]);
      const current = results;
      carried = Object.fromEntries(
        outputs
          .filter((name) => this.#parts.graph.inputs.has(name))
          .map((name) => [name, current[`out/${name}`]!]),
      );
    }
    return this.#toTensors(results);
  }

  /** Frees what the runtime holds. Calling it again does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#weights.clear();
    void this.#parts.session.release();
  }

  /** Room for outputs that become inputs, where the runtime can write into memory of ours. */
  #memoryFor(outputs: readonly string[]): Feeds {
    const { graph, runtime } = this.#parts;
    const carried = outputs.filter((name) => graph.inputs.has(name) && runtime.fillsFetches);
    const rooms = carried.map((name) => {
      const { shape, dtype } = graph.outputs.get(name)!;
      return [`out/${name}`, runtime.tensor(zeroData(sizeOf(shape), dtype), shape, dtype)] as const;
    });
    return Object.fromEntries(rooms);
  }

  #call(feeds: Feeds, memory: Feeds = {}): Promise<Feeds> {
    const { graph, session } = this.#parts;
    const missing = [...graph.inputs.keys()].find((name) => feeds[name] === undefined);
    if (missing !== undefined) throw missingInput(missing);
    if (this.#isDisposed) {
      throw new StateError({
        where: 'CompiledFunction.run',
        argument: 'the function',
        expected: 'to be alive',
        actual: 'one that was disposed of',
        remedy: 'compile it again',
      });
    }
    const fresh = Object.fromEntries([...graph.outputs.keys()].map((name) => [`out/${name}`, null]));
    return session.run(feeds, { ...fresh, ...memory });
  }

  async #callFeeds({ tensors = {}, key }: CallInputs): Promise<Feeds> {
    const { draws, graph, runtime } = this.#parts;
    const feeds = await this.#inputFeeds(tensors);
    if (key === undefined) return feeds;
    for (const [name, { shape, refill }] of draws) {
      if (graph.inputs.has(name)) feeds[name] = runtime.tensor(refill(key), shape, 'float32');
    }
    return feeds;
  }

  async #inputFeeds(tensors: Readonly<Record<string, Tensor | number>>): Promise<Feeds> {
    const { graph, specs, runtime } = this.#parts;
    const feeds: Feeds = {};
    for (const [name, given] of Object.entries(tensors)) {
      const spec = specs[name];
      if (spec === undefined) throw unknownInput(name, Object.keys(specs));
      const { shape, dtype = 'float32' } = spec;
      const givenShape = typeof given === 'number' ? [] : given.shape;
      if (!sameShape(givenShape, shape)) throw wrongShape(name, shape, givenShape);
      if (!graph.inputs.has(name)) continue;
      const data = typeof given === 'number' ? dataOf([given], dtype) : ((await given.data()) as Data);
      feeds[name] = runtime.tensor(data, shape, dtype);
    }
    return feeds;
  }

  /** The variables' values. A variable gets new data whenever it is assigned: until then it is not read again. */
  async #variables(): Promise<Feeds> {
    const { graph, state, runtime } = this.#parts;
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

  #toTensors(results: Feeds): Record<Output, Tensor> {
    const entries = [...this.#parts.graph.outputs].map(([name, { shape, dtype }]) => {
      const result = results[`out/${name}`]!;
      const tensor = tf.tensor(result.data.slice() as Float32Array, [...shape], dtype);
      result.dispose();
      return [name, tensor] as const;
    });
    return Object.fromEntries(entries) as Record<Output, Tensor>;
  }
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
