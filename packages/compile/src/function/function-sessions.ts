import { ShapeError, StateError } from '@dgm/core';
import { constantValue } from '../graph/graph';
import type { Data, Graph } from '../graph/graph';
import { substitute } from '../graph/substitute';
import type { RuntimeSession, RuntimeTensor, SessionOptions } from '../runtime/runtime';
import { BUILT_IN, FunctionFeeds } from './function-feeds';
import type { CapturedFunction, Feeds } from './function-feeds';

/** What variables may take at most to become constants, in bytes: while a session is made there are several copies of them. */
const BUILT_IN_BYTES = 2 ** 26;

/** Runs what a function computes, with what it is given besides the variables. */
export type Run = (feeds: Feeds, fetches: Record<string, RuntimeTensor | null>) => Promise<Feeds>;

/** How the sessions of a function are made. */
export interface FunctionSessionOptions {
  readonly session: SessionOptions;
  /** Writes what a run computes as a model. */
  readonly write: (graph: Graph) => Uint8Array;
}

/**
 * The sessions of a captured function. The first has the variables' values as constants, which the runtime arranges for its products
 * once instead of in each run: that takes a fifth of the time of a dense network. Once a variable is assigned, a session
 * takes its place that is given the variables, for good: a session is slow to make, and what was assigned once will be again.
 */
export class FunctionSessions {
  readonly #function: CapturedFunction;
  readonly #options: FunctionSessionOptions;
  readonly #feeds: FunctionFeeds;
  /** With constants, as long as they are the variables' values. */
  #builtIn: UsedSession | undefined;
  /** What is given the variables, once it is needed. */
  #given: Promise<UsedSession> | undefined;
  #isDisposed = false;

  private constructor(captured: CapturedFunction, options: FunctionSessionOptions) {
    this.#function = captured;
    this.#options = options;
    this.#feeds = new FunctionFeeds(captured);
  }

  /** @throws EngineError where the runtime cannot run the function; what it holds for it is freed then */
  static async open(captured: CapturedFunction, options: FunctionSessionOptions): Promise<FunctionSessions> {
    const sessions = new FunctionSessions(captured, options);
    try {
      await sessions.#start();
      return sessions;
    } catch (error) {
      sessions.dispose();
      throw error;
    }
  }

  /** What calls are given besides the variables. */
  get feeds(): FunctionFeeds {
    return this.#feeds;
  }

  /**
   * Makes a call, for which the variables have the values that they have at its start.
   * @throws StateError after `dispose`
   */
  async use<T>(call: (run: Run) => Promise<T>): Promise<T> {
    if (this.#isDisposed) throw disposed();
    // Taken before anything is waited for, so that no other call frees it meanwhile.
    const builtIn = this.#builtIn;
    const useGiven = async (): Promise<T> => {
      const variables = await this.#feeds.variables();
      if (variables === BUILT_IN) return call(builtIn!.run);
      this.#builtIn?.free();
      this.#builtIn = undefined;
      const given = await this.#giving();
      return given.during(() => call((feeds, fetches) => given.run({ ...variables, ...feeds }, fetches)));
    };
    return builtIn === undefined ? useGiven() : builtIn.during(useGiven);
  }

  /** Frees what the runtime holds, after the calls in progress. Calling it again does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#builtIn?.free();
    // Whoever waited for one that could not be made was told.
    this.#given?.then((given) => given.free()).catch(() => undefined);
    this.#feeds.clear();
  }

  async #start(): Promise<void> {
    const { graph, state } = this.#function;
    const bytes = [...state.values()].reduce((sum, { size }) => sum + 4 * size, 0);
    if (this.#options.session.device !== 'cpu' || bytes === 0 || bytes > BUILT_IN_BYTES) {
      await this.#giving();
      return;
    }
    const values = Object.entries(await this.#feeds.handOver());
    const constants = values.map(([name, { data }]) => {
      const { shape, dtype } = graph.inputs.get(name)!;
      return [name, constantValue(data as Data, shape, dtype)] as const;
    });
    this.#builtIn = await this.#open(substitute(graph, new Map(constants)));
  }

  #giving(): Promise<UsedSession> {
    this.#given ??= this.#open(this.#function.graph);
    return this.#given;
  }

  async #open(graph: Graph): Promise<UsedSession> {
    const { write, session } = this.#options;
    return new UsedSession(graph, await this.#function.runtime.createSession(write(graph), session));
  }
}

/** A session that is freed once nobody uses it. */
class UsedSession {
  readonly #graph: Graph;
  readonly #session: RuntimeSession;
  #users = 0;
  #isUnwanted = false;

  constructor(graph: Graph, session: RuntimeSession) {
    this.#graph = graph;
    this.#session = session;
  }

  /** Stays at least as long as `call` takes. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await call();
    } finally {
      this.#users--;
      this.#freeUnused();
    }
  }

  /** @throws ShapeError for an input that is missing */
  run: Run = (feeds, fetches) => {
    for (const name of this.#graph.inputs.keys()) if (feeds[name] === undefined) throw missingInput(name);
    return this.#session.run(feeds, fetches);
  };

  free(): void {
    this.#isUnwanted = true;
    this.#freeUnused();
  }

  #freeUnused(): void {
    if (this.#isUnwanted && this.#users === 0) void this.#session.release();
  }
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

function disposed(): StateError {
  return new StateError({
    where: 'CompiledFunction.run',
    argument: 'the function',
    expected: 'to be alive',
    actual: 'one that was disposed of',
    remedy: 'compile it again',
  });
}
