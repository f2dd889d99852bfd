import { sizeOf } from '@dgm/core';
import type { Key, TracedDraw } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { topologicalOrder } from '../graph/graph';
import type { Graph } from '../graph/graph';
import { STEPS } from '../onnx/write-model';
import { multiplyAdds } from '../runtime/threads';
import { toTensors } from './function-feeds';
import type { CapturedFunction, Feeds } from './function-feeds';
import type { FunctionSessions } from './function-sessions';

/** How many numbers are drawn for one run of the loop at most: 1 MiB, which a cache holds. */
const NUMBERS_AT_ONCE = 2 ** 18;
/** How many multiply-adds one run takes at most, some 50 ms: meanwhile nothing else happens in the process. */
const WORK_AT_ONCE = 2e9;

/** What a loop is given. */
export interface LoopInputs {
  /** The state before the first step: values of the function's outputs. Borrowed. */
  readonly start: Readonly<Record<string, Tensor>>;
  /** The function's other inputs, the same in each step. Borrowed. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Numbers that the function is given in each step, by the names of its inputs. */
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  /** The key of each step. */
  readonly key: (step: number) => Key;
}

/**
 * A captured function whose outputs are its next inputs, with a session that applies it many times in one run: what does not
 * change from step to step is computed once, and nothing crosses to JavaScript between steps.
 */
export class CompiledLoop {
  readonly #function: CapturedFunction;
  readonly #sessions: FunctionSessions;
  readonly #stepsAtOnce: number;

  constructor(captured: CapturedFunction, sessions: FunctionSessions) {
    this.#function = captured;
    this.#sessions = sessions;
    this.#stepsAtOnce = stepsAtOnce(captured.graph, sessions.feeds.drawn.values());
  }

  /**
   * @returns the outputs of the last step, as tensors that the caller owns
   * @throws StateError after `dispose`
   */
  async run(steps: number, { start, tensors, numbers, key }: LoopInputs): Promise<Record<string, Tensor>> {
    const { graph, runtime } = this.#function;
    const { feeds } = this.#sessions;
    const read = Object.entries(numbers).filter(([name]) => graph.inputs.has(name));
    const names = [...graph.outputs.keys()];
    const fetches = Object.fromEntries(names.map((name) => [`out/${name}`, null]));
    const vector = (values: Iterable<number>) => {
      const data = Float32Array.from(values);
      return runtime.tensor(data, [data.length], 'float32');
    };
    const results = await this.#sessions.use(async (run) => {
      const fixed = await feeds.tensors(tensors);
      let state = await feeds.tensors(start);
      let latest: Feeds = {};
      for (let first = 0; first < steps; first += this.#stepsAtOnce) {
        const count = Math.min(this.#stepsAtOnce, steps - first);
        const given: Feeds = { ...fixed, ...state, [STEPS]: vector(new Float32Array(count)) };
        for (const [name, values] of read) given[name] = vector(values.slice(first, first + count));
        const keys = Array.from({ length: count }, (_, index) => key(first + index));
        const current = await feeds.withStackedDraws(keys, (draws) => run({ ...given, ...draws }, fetches));
        state = Object.fromEntries(names.map((name) => [name, current[`out/${name}`]!]));
        latest = current;
      }
      return latest;
    });
    return toTensors(graph, results);
  }

  /** Frees what the runtime holds. Calling it again does nothing. */
  dispose(): void {
    this.#sessions.dispose();
  }
}

function stepsAtOnce(graph: Graph, draws: Iterable<TracedDraw>): number {
  const numbers = [...draws].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const work = topologicalOrder(graph.outputs.values()).reduce((sum, node) => sum + multiplyAdds(node), 0);
  return Math.max(
    1,
    Math.floor(Math.min(NUMBERS_AT_ONCE / Math.max(1, numbers), WORK_AT_ONCE / Math.max(1, work))),
  );
}
