import type { Key, LoopTensors, SamplingLoop } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../capture/capture';
import type { InputSpec } from '../capture/capture';
import type { DType } from '../graph/graph';
import { compile, compileLoop } from './compile';
import type { CompileOptions, TensorFunction } from './compile';
import type { CompiledFunction } from './compiled-function';
import type { LoopInputs } from './compiled-loop';

/** A sampler in ONNX Runtime. Made by {@link compileSampler}. */
export interface CompiledSampler {
  /**
   * Draws samples: for a key those that the loop draws eagerly.
   * @param inputs - other values for the loop's inputs, in their shapes: another context. Borrowed.
   * @returns `[n, ...event]`; the caller owns it
   */
  sample(key: Key, inputs?: LoopTensors): Promise<Tensor>;
  /** Frees what the runtime holds. Calling it again does nothing. */
  dispose(): void;
}

/**
 * Captures the two steps of a sampling loop and prepares them to run in ONNX Runtime, where the state stays from step to
 * step: on a CPU many steps are one run. Parameters have the values of each call of `sample`.
 *
 * @param loop - `model.samplingLoop(64)` of an autoregressive model, for example
 * @throws UnsupportedError where a step reads the value of a tensor
 * @throws EngineError where a step uses a kernel without a lowering, or where the runtime or the device is missing
 *
 * @example
 * ```ts
 * const model = made({ shape: [64], hidden: [128], likelihood: categoricalHead({ shape: [], levels: 17 }), key });
 * const sampler = await compileSampler(model.samplingLoop(16));
 * const images = await sampler.sample(Key.of(0)); // as model.sample(Key.of(0), 16), and much faster
 * ```
 */
export async function compileSampler(
  loop: SamplingLoop,
  options: CompileOptions = {},
): Promise<CompiledSampler> {
  const inputs = specsOf('input', loop.inputs);
  const first: TensorFunction = ({ tensors, key }) => named('state', loop.start(pick('input', tensors), key));
  const { graph } = capture(first, inputs);
  const state: Record<string, InputSpec> = Object.fromEntries(graph.outputs);
  const start = await compile(first, inputs, options);
  try {
    const next = loop.steps === 0 ? undefined : await compileNext(loop, { ...inputs, ...state }, options);
    return new LoopSampler(loop, start, next);
  } catch (error) {
    start.dispose();
    throw error;
  }
}

/** The steps after the first. */
interface NextSteps {
  run(steps: number, inputs: LoopInputs): Promise<LoopTensors>;
  dispose(): void;
}

/** A processor takes many steps in one run; on a device each is a run, between which the state stays there. */
async function compileNext(
  loop: SamplingLoop,
  specs: Readonly<Record<string, InputSpec>>,
  options: CompileOptions,
): Promise<NextSteps> {
  const next: TensorFunction = ({ tensors, key }) =>
    named('state', loop.next(pick('state', tensors), pick('input', tensors), key));
  if ((options.device ?? 'cpu') === 'cpu') return compileLoop(next, specs, options);
  const compiled = await compile(next, specs, options);
  return {
    run: (steps, { start, tensors, key }) =>
      compiled.loop(steps, { start, each: (step) => ({ tensors, key: key(step) }) }),
    dispose: () => compiled.dispose(),
  };
}

class LoopSampler implements CompiledSampler {
  readonly #loop: SamplingLoop;
  readonly #start: CompiledFunction;
  readonly #next: NextSteps | undefined;

  constructor(loop: SamplingLoop, start: CompiledFunction, next: NextSteps | undefined) {
    this.#loop = loop;
    this.#start = start;
    this.#next = next;
  }

  async sample(key: Key, inputs: LoopTensors = this.#loop.inputs): Promise<Tensor> {
    const tensors = named('input', inputs);
    const first = await this.#start.run(tensors, { key: key.fold(0) });
    const last = await this.#goOn(first, tensors, key);
    try {
      return this.#loop.finish(pick('state', last));
    } finally {
      tf.dispose(last);
    }
  }

  async #goOn(first: LoopTensors, tensors: LoopTensors, key: Key): Promise<LoopTensors> {
    if (this.#next === undefined) return first;
    try {
      const steps = { start: first, tensors, key: (step: number) => key.fold(step + 1) };
      return await this.#next.run(this.#loop.steps, steps);
    } finally {
      tf.dispose(first);
    }
  }

  dispose(): void {
    this.#start.dispose();
    this.#next?.dispose();
  }
}

/** Tensors under names that tell what they are to the loop. */
function named(role: 'input' | 'state', tensors: LoopTensors): LoopTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${role}:${name}`, tensor]));
}

/** Those of a role, under the loop's names. */
function pick(role: 'input' | 'state', tensors: Readonly<Record<string, Tensor>>): LoopTensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${role}:`));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(role.length + 1), tensor]));
}

function specsOf(role: 'input' | 'state', tensors: LoopTensors): Record<string, InputSpec> {
  const entries = Object.entries(named(role, tensors));
  return Object.fromEntries(
    entries.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as DType }]),
  );
}
