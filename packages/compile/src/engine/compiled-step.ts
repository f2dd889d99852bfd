import type { StepFeed, StepProgram, StepTerms, TrainStep } from '@dgm/core';
import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { topologicalOrder } from '../graph/graph';
import type { Data, DType, Value } from '../graph/graph';
import { writeModel } from '../onnx/write-model';
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';
import { Arena } from '../update/arena';
import type { Block } from '../update/arena';
import { splitUpdates } from '../update/split-updates';
import type { SplitGraph } from '../update/split-updates';
import type { CompiledOptions } from './compiled';
import { captureStep, signatureOf } from './step-variant';
import type { CapturedStep } from './step-variant';
import { leavesOf } from './tree';

/** A captured step with its session. */
interface Variant extends SplitGraph {
  readonly step: CapturedStep;
  readonly session: RuntimeSession;
}

/** A variant tied to memory: what to feed, where results go, what to do with them. */
interface Bound {
  readonly feeds: Record<string, RuntimeTensor>;
  readonly fetches: Record<string, RuntimeTensor | null>;
  readonly updates: readonly {
    readonly apply: (scalars: readonly number[]) => void;
    readonly scalars: readonly string[];
  }[];
}

/**
 * A training step on the cpu: ONNX Runtime computes losses and gradients, one fused pass per variable applies the
 * optimizer in place. Weights, slots and gradients lie in one arena that both read and write.
 */
export class CompiledStep<B> implements TrainStep<B> {
  readonly queueLength = 1;
  readonly #program: StepProgram<B>;
  readonly #runtime: Runtime;
  readonly #options: CompiledOptions;
  readonly #variants = new Map<string, Promise<Variant>>();
  #bound = new Map<Variant, Bound>();
  #state = new Map<Variable, Block>();
  #leaves: Block[] = [];
  #arena: Arena | undefined;
  #waiting: StepTerms[] = [];

  constructor(program: StepProgram<B>, runtime: Runtime, options: CompiledOptions) {
    this.#program = program;
    this.#runtime = runtime;
    this.#options = options;
  }

  async run(feed: StepFeed<B>): Promise<void> {
    const variant = await this.#variantFor(feed);
    const { step, session, graph } = variant;
    const { feeds: fixed, fetches, updates } = this.#boundTo(variant);
    const scalars: Record<string, number> = { step: feed.step };
    for (const [name, rate] of Object.entries(feed.learningRates)) scalars[`rate/${name}`] = rate;
    const feeds = { ...fixed };
    for (const [name, value] of Object.entries(scalars)) {
      if (graph.inputs.has(name)) feeds[name] = this.#tensor(Float32Array.of(value), [], 'float32');
    }
    leavesOf(feed.batch).forEach((leaf, index) => {
      feeds[`batch/${index}`] = this.#tensor(leaf.dataSync() as Data, leaf.shape, leaf.dtype as DType);
    });
    for (const [name, draw] of step.draws)
      feeds[name] = this.#tensor(draw.refill(feed.key), draw.shape, 'float32');
    const results = await session.run(feeds, fetches);
    const scalarOf = (name: string): number => scalars[name] ?? Number(results[`out/${name}`]!.data[0]);
    for (const { apply, scalars: names } of updates) apply(names.map(scalarOf));
    this.#waiting.push(Object.fromEntries(step.terms.map((name) => [name, scalarOf(name)])));
  }

  drain(): Promise<readonly StepTerms[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    return Promise.resolve(waiting);
  }

  sync(): Promise<void> {
    for (const [variable, { data }] of this.#state) {
      tf.tidy(() => variable.assign(tf.tensor(data.slice(), variable.shape, variable.dtype)));
    }
    return Promise.resolve();
  }

  load(): Promise<void> {
    for (const [variable, { data }] of this.#state) data.set(variable.dataSync() as Float32Array);
    return Promise.resolve();
  }

  dispose(): void {
    for (const variant of this.#variants.values()) {
      variant.then(
        ({ session }) => session.release(),
        () => undefined,
      );
    }
    this.#variants.clear();
    this.#bound.clear();
    this.#state.clear();
    this.#arena = undefined;
  }

  #variantFor(feed: StepFeed<B>): Promise<Variant> {
    const signature = signatureOf(feed.batch);
    const known = this.#variants.get(signature);
    if (known !== undefined) return known;
    const variant = this.#build(feed);
    this.#variants.set(signature, variant);
    return variant;
  }

  async #build(feed: StepFeed<B>): Promise<Variant> {
    const step = captureStep(this.#program, feed);
    const split = splitUpdates(step.graph, new Set(step.state.keys()));
    const inputs = usedInputs(split.graph.outputs.values());
    const graph = {
      ...split.graph,
      inputs: new Map([...split.graph.inputs].filter(([, value]) => inputs.has(value))),
    };
    const session = await this.#runtime.createSession(writeModel(graph), {
      device: this.#options.device ?? 'cpu',
      threads: this.#options.threads ?? 1,
    });
    return { ...split, graph, step, session };
  }

  #boundTo(variant: Variant): Bound {
    const known = this.#bound.get(variant);
    if (known !== undefined) return known;
    this.#makeRoom(variant);
    const { step, graph, updates, leaves } = variant;
    const blocks = new Map<string, Block>();
    for (const [name, variable] of step.state) blocks.set(name, this.#state.get(variable)!);
    const feeds: Record<string, RuntimeTensor> = {};
    for (const [name, { data }] of blocks) {
      if (graph.inputs.has(name)) feeds[name] = this.#tensor(data, graph.inputs.get(name)!.shape, 'float32');
    }
    const fetches: Record<string, RuntimeTensor | null> = {};
    for (const name of step.terms) fetches[`out/${name}`] = null;
    const tensorLeaves = tensorLeavesOf(variant);
    tensorLeaves.forEach((value, index) => {
      const name = leaves.get(value)!;
      const block = {
        offset: this.#leaves[index]!.offset,
        data: this.#leaves[index]!.data.subarray(0, sizeOf(value.shape)),
      };
      blocks.set(name, block);
      fetches[`out/${name}`] = this.#tensor(block.data, value.shape, 'float32');
    });
    const bound = {
      feeds,
      fetches,
      updates: updates.map((update) => ({
        apply: this.#arena!.bind(
          update,
          update.tensors.map((value) => blocks.get(leaves.get(value)!)!),
          update.results.map((name) => blocks.get(name)!),
        ),
        scalars: update.scalars.map((value) => leaves.get(value)!),
      })),
    };
    for (const { scalars } of bound.updates) {
      for (const name of scalars) if (!variant.step.graph.inputs.has(name)) fetches[`out/${name}`] = null;
    }
    this.#bound.set(variant, bound);
    return bound;
  }

  /** Makes an arena that holds the state and this variant's leaves; a variant after the first mostly finds room. */
  #makeRoom(variant: Variant): void {
    const wanted = tensorLeavesOf(variant).map(({ shape }) => sizeOf(shape));
    const hasRoom =
      [...variant.step.state.values()].every((variable) => this.#state.has(variable)) &&
      wanted.every((size, index) => (this.#leaves[index]?.data.length ?? -1) >= size);
    if (hasRoom) return;
    const variables = [...new Set([...this.#state.keys(), ...variant.step.state.values()])];
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

  #tensor(data: Data, shape: readonly number[], dtype: DType): RuntimeTensor {
    return this.#runtime.tensor(data, shape, dtype);
  }
}

/** What the session computes for the updates, in a stable order: gradients, mostly. */
function tensorLeavesOf({ updates }: Variant): Value[] {
  const tensors = new Set(updates.flatMap((update) => update.tensors));
  return [...tensors].filter(({ source }) => source.kind !== 'input');
}

function usedInputs(outputs: Iterable<Value>): Set<Value> {
  const all = [...outputs];
  return new Set([...topologicalOrder(all).flatMap(({ inputs }) => inputs), ...all]);
}
