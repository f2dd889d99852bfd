import { checkInteger, sizeOf } from '@dgm/core';
import type { Key } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { zeroData } from '../graph/graph';
import type { Graph } from '../graph/graph';
import { printGraph } from '../graph/print';
import { toTensors } from './function-feeds';
import type { CapturedFunction, Feeds } from './function-feeds';
import type { FunctionSessions } from './function-sessions';

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

/** A captured function with its session in ONNX Runtime. Made by `compile`. */
export class CompiledFunction<Output extends string = string> {
  readonly #whole: Graph;
  readonly #parts: CapturedFunction;
  readonly #sessions: FunctionSessions;
  /** All outputs, in memory of their own. */
  readonly #fetches: Readonly<Record<string, null>>;

  /**
   * @param whole - the graph of which `parts` has two
   * @internal
   */
  constructor(parts: CapturedFunction, sessions: FunctionSessions, whole: Graph) {
    this.#whole = whole;
    this.#parts = parts;
    this.#sessions = sessions;
    this.#fetches = Object.fromEntries([...parts.graph.outputs.keys()].map((name) => [`out/${name}`, null]));
  }

  /** The program that runs, after simplification. */
  toString(): string {
    return `CompiledFunction ${printGraph(this.#whole)}`;
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
    { key }: { readonly key?: Key } = {},
  ): Promise<Record<Output, Tensor>> {
    const { feeds } = this.#sessions;
    const results = await this.#sessions.use(async (run) => {
      const given = await feeds.tensors(tensors);
      return feeds.withDraws(key, (draws) => run({ ...given, ...draws }, this.#fetches));
    });
    return toTensors<Output>(this.#parts.graph, results);
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
    const { feeds } = this.#sessions;
    const outputs = [...this.#parts.graph.outputs.keys()];
    const results = await this.#sessions.use(async (run) => {
      // What goes around is read from one memory and written into the other.
      const memories = [this.#memoryFor(outputs), this.#memoryFor(outputs)];
      let carried = await feeds.tensors(start);
      let latest: Feeds = {};
      for (let index = 0; index < count; index++) {
        const { tensors = {}, key } = each?.(index) ?? {};
        const given: Feeds = { ...carried, ...(await feeds.tensors(tensors)) };
        const fetches = { ...this.#fetches, ...memories[index % 2] };
        const current = await feeds.withDraws(key, (draws) => run({ ...given, ...draws }, fetches));
        carried = Object.fromEntries(
          outputs
            .filter((name) => this.#parts.graph.inputs.has(name))
            .map((name) => [name, current[`out/${name}`]!]),
        );
        latest = current;
      }
      return latest;
    });
    return toTensors<Output>(this.#parts.graph, results);
  }

  /** Frees what the runtime holds. Calling it again does nothing. */
  dispose(): void {
    this.#sessions.dispose();
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
}
