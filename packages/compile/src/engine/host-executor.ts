import { sizeOf } from '@dgm/core';
import type { StepTerms } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { zeroData } from '../graph/graph';
import type { Data, Value } from '../graph/graph';
import { dropUnusedInputs } from '../graph/substitute';
import { writeModel } from '../onnx/write-model';
import { tune } from '../passes/simplify';
import type { ProcessorTraits } from '../passes/simplify';
import type { Device, Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';
import { Arena } from '../update/arena';
import type { Block } from '../update/arena';
import { cutAtUpdates } from '../update/cut-at-updates';
import { packVectors } from '../update/pack-vectors';
import type { Pack, PackedGraph } from '../update/pack-vectors';
import { splitUpdates } from '../update/split-updates';
import type { SplitGraph } from '../update/split-updates';
import type { ExecutableStep, HostTensor, StepExecutor, StepFeeds } from './step-executor';
import type { CapturedStep } from './step-variant';
import { processorTraits } from '../runtime/channel-block';
import { canLeaveOutCopies } from '../runtime/leave-out-copies';
import { plansMemory } from '../runtime/memory-plan';
import { threadsFor } from '../runtime/threads';

/** The backend that copies what a tensor is made of at once; others keep it, or copy it some time later. */
const COPIES_AT_ONCE = 'wasm';
/** With fewer numbers than this, copying the results takes less time than the error that replaces the copies. */
const LEAST_COPIED = 1 << 16;

export interface HostExecutorOptions {
  /** Where losses and gradients are computed. */
  readonly device: Device;
  /** @defaultValue chosen by the size of the step's products */
  readonly threads?: number | undefined;
}

/** A part of a captured step without its optimizer, and the session that computes it. */
interface Part extends Omit<SplitGraph, 'graph'>, PackedGraph {
  readonly step: CapturedStep;
  readonly session: RuntimeSession;
  /** Whether all results go into memory that they are given. */
  readonly withoutCopies: boolean;
}

/** A part tied to memory: what to feed, where results go, what to do with them. */
interface Bound {
  readonly feeds: Record<string, RuntimeTensor>;
  /** The memory behind the feeds that are not state. */
  readonly fed: Map<string, Data>;
  readonly fetches: Record<string, RuntimeTensor | null>;
  /** The memory behind the fetches. */
  readonly fetched: ReadonlyMap<string, Float32Array>;
  /** Copies the vectors that enter as one to where they are fed from. */
  readonly gather: () => void;
  /** Copies the vectors that left as one to where the updates read them. */
  readonly scatter: () => void;
  /** The names of all scalars that updates read. */
  readonly scalars: readonly string[];
  readonly updates: readonly {
    readonly apply: (scalars: readonly number[]) => void;
    /** Where its scalars are among all. */
    readonly scalars: readonly number[];
  }[];
}

/**
 * Keeps the state in host memory: ONNX Runtime computes losses and gradients, one fused pass per variable applies the
 * optimizer in place. Weights, slots and gradients lie in one arena that both read and write.
 */
export class HostExecutor implements StepExecutor {
  readonly queueLength = 1;
  readonly #runtime: Runtime;
  readonly #options: HostExecutorOptions;
  #bound = new Map<Part, Bound>();
  #state = new Map<Variable, Block>();
  #leaves: Block[] = [];
  #arena: Arena | undefined;
  #waiting: StepTerms[] = [];

  constructor(runtime: Runtime, options: HostExecutorOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  async compile(step: CapturedStep): Promise<ExecutableStep> {
    const traits = await processorTraits(this.#runtime, this.#options.device);
    const parts: Part[] = [];
    for (const graph of cutAtUpdates(step.graph, new Set(step.state.keys())))
      parts.push(await this.#compilePart({ ...step, graph }, traits));
    return {
      run: (feeds) => this.#run(step, parts, feeds),
      release: async () => {
        for (const { session } of parts) await session.release();
      },
    };
  }

  drain(): Promise<readonly StepTerms[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    return Promise.resolve(waiting);
  }

  sync(): Promise<void> {
    // A copy for each epoch is much to collect, so none is made where the backend makes one.
    const given = (data: Float32Array) => (tf.getBackend() === COPIES_AT_ONCE ? data : data.slice());
    for (const [variable, { data }] of this.#state) {
      tf.tidy(() => variable.assign(tf.tensor(given(data), variable.shape, variable.dtype)));
    }
    return Promise.resolve();
  }

  async load(): Promise<void> {
    for (const [variable, { data }] of this.#state) data.set((await variable.data()) as Float32Array);
  }

  dispose(): void {
    this.#bound.clear();
    this.#state.clear();
    this.#leaves = [];
    this.#arena = undefined;
  }

  async #compilePart(step: CapturedStep, traits: ProcessorTraits): Promise<Part> {
    const { device, threads } = this.#options;
    const split = splitUpdates(step.graph, new Set(step.state.keys()));
    const tuned = tune(dropUnusedInputs(split.graph), device, traits);
    const packed = packVectors(tuned, new Set([...step.state.keys(), ...leavesInMemory(split)]));
    const numbers = [...packed.graph.outputs.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const withoutCopies =
      device === 'cpu' && numbers >= LEAST_COPIED && (await canLeaveOutCopies(this.#runtime));
    const session = await this.#runtime.createSession(writeModel(packed.graph, { withoutCopies }), {
      device,
      threads: threads ?? threadsFor(packed.graph),
      plansMemory: plansMemory(packed.graph),
      withoutCopies,
    });
    return { ...split, ...packed, step, session, withoutCopies };
  }

  async #run(step: CapturedStep, parts: readonly Part[], given: StepFeeds): Promise<void> {
    const results = new Map(given);
    for (const part of parts) await this.#runPart(part, results);
    this.#waiting.push(
      Object.fromEntries(step.terms.map((name) => [name, Number(results.get(name)!.data[0])])),
    );
  }

  /** @param given - what is fed, to which the part adds what it puts out but for the state and what the updates read */
  async #runPart(part: Part, given: Map<string, HostTensor>): Promise<void> {
    const { feeds, fed, fetches, fetched, gather, scatter, scalars, updates } = this.#boundTo(part);
    gather();
    for (const [name, { data, shape, dtype }] of given) {
      // Memory that was filled anew needs no new tensor.
      if (!part.graph.inputs.has(name) || fed.get(name) === data) continue;
      feeds[name] = this.#runtime.tensor(data, shape, dtype);
      fed.set(name, data);
    }
    const results = await part.session.run(feeds, fetches);
    if (!this.#runtime.fillsFetches) {
      for (const [name, data] of fetched) data.set(results[name]!.data as Float32Array);
    }
    scatter();
    const values = scalars.map(
      (name) =>
        part.formulas.get(name)?.((input) => given.get(input)!.data[0]!) ??
        Number(results[`out/${name}`]!.data[0]),
    );
    for (const update of updates) update.apply(update.scalars.map((index) => values[index]!));
    for (const [name, { shape, dtype }] of part.graph.outputs) {
      const data = results[`out/${name}`]!.data as Data;
      if (!fetched.has(`out/${name}`)) given.set(name, { data, shape, dtype });
    }
  }

  #boundTo(part: Part): Bound {
    const known = this.#bound.get(part);
    if (known !== undefined) return known;
    this.#makeRoom(part);
    const { step, graph, updates, leaves } = part;
    const blocks = new Map<string, Block>();
    for (const [name, variable] of step.state) blocks.set(name, this.#state.get(variable)!);
    tensorLeavesOf(part).forEach((value, index) => {
      const { offset, data } = this.#leaves[index]!;
      blocks.set(leaves.get(value)!, { offset, data: data.subarray(0, sizeOf(value.shape)) });
    });
    const [entering, leaving] = [packMemory(part.inputs, blocks), packMemory(part.outputs, blocks)];
    const memory = new Map([...blocks].map(([name, { data }]) => [name, data]));
    memory.set(part.inputs.name, entering.data).set(part.outputs.name, leaving.data);
    const tensor = (data: Data, { shape, dtype }: Value) => this.#runtime.tensor(data, shape, dtype);
    const feeds: Record<string, RuntimeTensor> = {};
    for (const [name, value] of graph.inputs) {
      const data = memory.get(name);
      if (data !== undefined) feeds[name] = tensor(data, value);
    }
    const fetches: Record<string, RuntimeTensor | null> = {};
    const fetched = new Map<string, Float32Array>();
    for (const [name, value] of graph.outputs) {
      const data = memory.get(name);
      if (data !== undefined) fetched.set(`out/${name}`, data);
      const own = part.withoutCopies ? zeroData(sizeOf(value.shape), value.dtype) : undefined;
      const given = this.#runtime.fillsFetches ? (data ?? own) : undefined;
      fetches[`out/${name}`] = given === undefined ? null : tensor(given, value);
    }
    const scalars = [...new Set(updates.flatMap((update) => update.scalars))];
    const bound = {
      feeds,
      fed: new Map<string, Data>(),
      fetches,
      fetched,
      gather: entering.gather,
      scatter: leaving.scatter,
      scalars: scalars.map((value) => leaves.get(value)!),
      updates: updates.map((update) => ({
        apply: this.#arena!.bind(
          update,
          update.tensors.map((value) => blocks.get(leaves.get(value)!)!),
          update.results.map((name) => blocks.get(name)!),
        ),
        scalars: update.scalars.map((value) => scalars.indexOf(value)),
      })),
    };
    this.#bound.set(part, bound);
    return bound;
  }

  /** Makes an arena that holds the state and this part's leaves; a part after the first mostly finds room. */
  #makeRoom(part: Part): void {
    const wanted = tensorLeavesOf(part).map(({ shape }) => sizeOf(shape));
    const hasRoom =
      [...part.step.state.values()].every((variable) => this.#state.has(variable)) &&
      wanted.every((size, index) => (this.#leaves[index]?.data.length ?? -1) >= size);
    if (hasRoom) return;
    const variables = [...new Set([...this.#state.keys(), ...part.step.state.values()])];
    const leaves = Array.from({ length: Math.max(wanted.length, this.#leaves.length) }, (_, index) =>
      Math.max(wanted[index] ?? 0, this.#leaves[index]?.data.length ?? 0),
    );
    const arena = new Arena([...variables.map(({ size }) => size), ...leaves]);
    const state = new Map<Variable, Block>();
    for (const variable of variables) {
      const block = arena.place(variable.size);
      block.data.set(this.#state.get(variable)?.data ?? (variable.dataSync() as Float32Array));
      state.set(variable, block);
    }
    this.#state = state;
    this.#leaves = leaves.map((size) => arena.place(size));
    this.#arena = arena;
    this.#bound = new Map();
  }
}

/** The memory of a pack, and how to copy its parts there and back: each lies in a block of its own too. */
function packMemory({ parts }: Pack, blocks: ReadonlyMap<string, Block>) {
  const sizes = [...parts.values()];
  const data = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  let start = 0;
  const pairs = [...parts].map(([name, size]) => {
    const inPack = data.subarray(start, (start += size));
    return { inPack, alone: blocks.get(name)!.data };
  });
  return {
    data,
    gather: () => pairs.forEach(({ inPack, alone }) => inPack.set(alone)),
    scatter: () => pairs.forEach(({ inPack, alone }) => alone.set(inPack)),
  };
}

/** The names of what updates read from memory only. A scalar is read where it was computed. */
function leavesInMemory({ updates, leaves }: SplitGraph): string[] {
  const scalars = new Set(updates.flatMap((update) => update.scalars));
  return [...leaves].filter(([value]) => !scalars.has(value)).map(([, name]) => name);
}

/** What the session computes for the updates, in a stable order: gradients, mostly. */
function tensorLeavesOf({ updates }: Part): Value[] {
  const tensors = new Set(updates.flatMap((update) => update.tensors));
  return [...tensors].filter(({ source }) => source.kind !== 'input');
}
