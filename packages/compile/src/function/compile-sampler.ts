import { ArgumentError } from '@dgm/core';
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

/** The numbers of a loop that change from step to step. */
export type StepNumbers = NonNullable<SamplingLoop['perStep']>;

/** A sampler in ONNX Runtime. Made by {@link compileSampler}. */
export interface CompiledSampler {
  /**
   * Draws samples: for a key those that the loop draws eagerly.
   * @param inputs - other values for the loop's inputs, in their shapes: another context. Borrowed.
   * @param perStep - other numbers for the loop's steps, such as the times of more of them, under the same names
   * @returns `[n, ...event]`; the caller owns it
   * @throws ArgumentError if numbers are missing, or of some there are more than of others
   */
  sample(key: Key, inputs?: LoopTensors, perStep?: StepNumbers): Promise<Tensor>;
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
  const numbers = Object.keys(loop.perStep ?? {}).map((name) => [`step:${name}`, { shape: [] }] as const);
  const first: TensorFunction = ({ tensors, key }) => named('state', loop.start(pick('input', tensors), key));
  const { graph } = capture(first, inputs);
  const state: Record<string, InputSpec> = Object.fromEntries(graph.outputs);
  const start = await compile(first, inputs, options);
  try {
    const specs = { ...inputs, ...state, ...Object.fromEntries(numbers) };
    const next = loop.steps === 0 ? undefined : await compileNext(loop, specs, options);
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
  const next = nextStep(loop);
  if ((options.device ?? 'cpu') === 'cpu') {
    const changing = Object.keys(specs).filter((name) => name.startsWith('step:'));
    return compileLoop(next, specs, { ...options, changing });
  }
  const compiled = await compile(next, specs, options);
  return {
    run: (steps, { start, tensors, numbers, key }) => {
      const at = (step: number) => Object.entries(numbers).map(([name, values]) => [name, values[step]!]);
      return compiled.loop(steps, {
        start,
        each: (step) => ({ tensors: { ...tensors, ...Object.fromEntries(at(step)) }, key: key(step) }),
      });
    },
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

  async sample(
    key: Key,
    inputs: LoopTensors = this.#loop.inputs,
    perStep: StepNumbers = this.#loop.perStep ?? {},
  ): Promise<Tensor> {
    const steps = stepsOf(this.#loop, perStep);
    const tensors = named('input', inputs);
    const first = await this.#start.run(tensors, { key: key.fold(0) });
    const last = await this.#goOn(first, { steps, tensors, numbers: named('step', perStep), key });
    try {
      return this.#loop.finish(pick('state', last));
    } finally {
      tf.dispose(last);
    }
  }

  async #goOn(
    first: LoopTensors,
    {
      steps,
      key,
      ...given
    }: Omit<LoopInputs, 'start' | 'key'> & { readonly steps: number; readonly key: Key },
  ): Promise<LoopTensors> {
    if (this.#next === undefined) return first;
    try {
      return await this.#next.run(steps, { ...given, start: first, key: (step) => key.fold(step + 1) });
    } finally {
      tf.dispose(first);
    }
  }

  dispose(): void {
    this.#start.dispose();
    this.#next?.dispose();
  }
}

/** How many steps there are numbers for. */
function stepsOf({ steps, perStep = {} }: SamplingLoop, given: StepNumbers): number {
  const names = Object.keys(perStep);
  if (names.length === 0) return steps;
  const counts = new Set(names.map((name) => given[name]?.length));
  const [count] = counts;
  if (count !== undefined && count > 0 && counts.size === 1) return count;
  throw new ArgumentError({
    where: 'CompiledSampler.sample',
    argument: 'perStep',
    expected: `to have as many numbers of each of ${names.join(', ')}`,
    actual: names.map((name) => `${given[name]?.length ?? 0} of ${name}`).join(', '),
  });
}

/** What a tensor or a number is to a loop. */
type Role = 'input' | 'state' | 'step';

/** The step of a loop as a function of tensors that are named by what they are to the loop. */
export function nextStep(loop: SamplingLoop): TensorFunction {
  return ({ tensors, key }) => {
    const inputs = { ...pick('input', tensors), ...pick('step', tensors) };
    return named('state', loop.next(pick('state', tensors), inputs, key));
  };
}

/** Values under names that tell what they are to the loop. */
export function named<T>(role: Role, values: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${role}:${name}`, value]));
}

/** Those of a role, under the loop's names. */
export function pick(role: Role, tensors: Readonly<Record<string, Tensor>>): LoopTensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${role}:`));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(role.length + 1), tensor]));
}

export function specsOf(role: Role, tensors: LoopTensors): Record<string, InputSpec> {
  const entries = Object.entries(named(role, tensors));
  return Object.fromEntries(
    entries.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as DType }]),
  );
}
