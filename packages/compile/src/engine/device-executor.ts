import { sizeOf } from '@dgm/core';
import type { StepTerms } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Data, DType, Graph, TensorSpec } from '../graph/graph';
import { dropUnusedInputs } from '../graph/substitute';
import { writeModel } from '../onnx/write-model';
import type { Device, Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';
import type { ExecutableStep, StepExecutor, StepFeeds } from './step-executor';
import type { CapturedStep } from './step-variant';
import { TERM_LOG, termLogSpec, withTermLog } from './term-log';
import { Transfers } from './transfers';

/** A captured step, optimizer included, and the session that computes it. */
interface Variant {
  readonly step: CapturedStep;
  readonly graph: Graph;
  readonly session: RuntimeSession;
}

/** Terms of steps that were not read yet, on the device. */
interface TermLog {
  readonly terms: readonly string[];
  readonly tensor: RuntimeTensor;
  /** How many of the last rows are new. */
  readonly pending: number;
}

/**
 * Keeps the state on a device: the whole step is one graph whose new state is fed back to the next run. The host sends
 * batches and random draws, and reads the terms of many steps at once.
 */
export class DeviceExecutor implements StepExecutor {
  readonly queueLength = 16;
  readonly #runtime: Runtime;
  readonly #device: Device;
  readonly #transfers: Transfers;
  readonly #state = new Map<Variable, RuntimeTensor>();
  readonly #written = new Set<Variable>();
  #log: TermLog | undefined;
  #finished: StepTerms[] = [];

  constructor(runtime: Runtime, device: Device) {
    this.#runtime = runtime;
    this.#device = device;
    this.#transfers = new Transfers(runtime, device);
  }

  async compile(step: CapturedStep): Promise<ExecutableStep> {
    const graph = dropUnusedInputs(withTermLog(step.graph, step.terms, this.queueLength));
    const session = await this.#runtime.createSession(writeModel(graph), {
      device: this.#device,
      resident: [...graph.outputs.keys()].map((name) => `out/${name}`),
    });
    const variant = { step, graph, session };
    return {
      run: (feeds) => this.#run(variant, feeds),
      release: () => session.release(),
    };
  }

  async drain(): Promise<readonly StepTerms[]> {
    await this.#readTerms();
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  async sync(): Promise<void> {
    const variables = [...this.#written];
    const tensors = variables.map((variable) => this.#state.get(variable)!);
    const values = await this.#transfers.toHost(variables.map(specOf), tensors);
    variables.forEach((variable, index) => {
      tf.tidy(() => variable.assign(tf.tensor(values[index]!, variable.shape, variable.dtype)));
    });
  }

  load(): Promise<void> {
    return this.#upload([...this.#state.keys()]);
  }

  dispose(): void {
    for (const tensor of this.#state.values()) tensor.dispose();
    this.#log?.tensor.dispose();
    this.#log = undefined;
    this.#state.clear();
    this.#written.clear();
    this.#transfers.dispose();
  }

  async #run({ step, graph, session }: Variant, given: StepFeeds): Promise<void> {
    await this.#upload([...step.state.values()].filter((variable) => !this.#state.has(variable)));
    const log = await this.#logFor(step.terms);
    const feeds: Record<string, RuntimeTensor> = { [TERM_LOG]: log.tensor };
    for (const [name, variable] of step.state) {
      if (graph.inputs.has(name)) feeds[name] = this.#state.get(variable)!;
    }
    for (const [name, { data, shape, dtype }] of given) {
      if (graph.inputs.has(name)) feeds[name] = this.#runtime.tensor(data, shape, dtype);
    }
    const results = await session.run(
      feeds,
      Object.fromEntries([...graph.outputs.keys()].map((name) => [`out/${name}`, null])),
    );
    for (const [name, variable] of step.state) {
      const written = results[`out/${name}`];
      if (written !== undefined) this.#replace(variable, written);
    }
    log.tensor.dispose();
    this.#log = { ...log, tensor: results[`out/${TERM_LOG}`]!, pending: log.pending + 1 };
  }

  #replace(variable: Variable, tensor: RuntimeTensor): void {
    this.#state.get(variable)?.dispose();
    this.#state.set(variable, tensor);
    this.#written.add(variable);
  }

  async #upload(variables: readonly Variable[]): Promise<void> {
    if (variables.length === 0) return;
    const values = await Promise.all(
      variables.map(async (variable) => ({ ...specOf(variable), data: (await variable.data()) as Data })),
    );
    const tensors = await this.#transfers.toDevice(values);
    variables.forEach((variable, index) => {
      this.#state.get(variable)?.dispose();
      this.#state.set(variable, tensors[index]!);
    });
  }

  /** A log with room for one more step of these terms. */
  async #logFor(terms: readonly string[]): Promise<TermLog> {
    const isOther = this.#log?.terms.join() !== terms.join();
    if (isOther || this.#log!.pending === this.queueLength) await this.#readTerms();
    if (!isOther) return this.#log!;
    this.#log?.tensor.dispose();
    const spec = termLogSpec(terms, this.queueLength);
    const [tensor] = await this.#transfers.toDevice([
      { ...spec, data: new Float32Array(sizeOf(spec.shape)) },
    ]);
    this.#log = { terms, tensor: tensor!, pending: 0 };
    return this.#log;
  }

  async #readTerms(): Promise<void> {
    if (this.#log === undefined || this.#log.pending === 0) return;
    const { terms, tensor, pending } = this.#log;
    const [rows] = await this.#transfers.toHost([termLogSpec(terms, this.queueLength)], [tensor]);
    for (let row = this.queueLength - pending; row < this.queueLength; row++) {
      const cells = terms.map((name, column) => [name, rows![row * terms.length + column]!] as const);
      this.#finished.push(Object.fromEntries(cells));
    }
    this.#log = { ...this.#log, pending: 0 };
  }
}

function specOf({ shape, dtype }: Variable): TensorSpec {
  return { shape, dtype: dtype as DType };
}
