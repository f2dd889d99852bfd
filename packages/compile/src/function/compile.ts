import { checkInteger, checkOneOf, checkOptions, UnsupportedError } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../capture/capture';
import type { CaptureInputs, InputSpec } from '../capture/capture';
import { dropUnusedInputs } from '../graph/substitute';
import { writeModel } from '../onnx/write-model';
import { simplify, tune } from '../passes/simplify';
import { loadRuntime } from '../runtime/load-runtime';
import type { OnnxRuntime } from '../runtime/onnx-runtime';
import { DEVICES } from '../runtime/runtime';
import type { Device } from '../runtime/runtime';
import { threadsFor } from '../runtime/threads';
import { CompiledFunction } from './compiled-function';

/** Where and how a captured function runs. */
export interface CompileOptions {
  /** @defaultValue 'cpu' */
  readonly device?: Device;
  /**
   * Threads of one operator.
   * @defaultValue chosen by the size of the function's products
   */
  readonly threads?: number;
  /**
   * The module of ONNX Runtime, as for `compiled`.
   * @defaultValue the installed one
   */
  readonly runtime?: OnnxRuntime;
}

/** A function of named tensors and a key that gives named tensors. */
export type TensorFunction<Output extends string = string> = (
  inputs: CaptureInputs,
) => Readonly<Record<Output, Tensor>>;

/**
 * Captures a function once and prepares it to run many times in ONNX Runtime: a validation loss, a sampler, one step of a
 * sampling loop. Variables that it reads have the values of each run, not those of the capture.
 *
 * @param fn - made of tfjs ops that read no value and assign no variable; randomness from the given key only
 * @param specs - shape and type of each input
 * @throws ArgumentError for an unknown device or a number of threads that is not a positive integer
 * @throws UnsupportedError where the function reads the value of a tensor or assigns a variable
 * @throws EngineError where it uses a kernel without a lowering, or where the runtime or the device is missing
 *
 * @example
 * ```ts
 * const logProb = await compile(({ tensors }) => ({ nats: model.logProb(tensors.x) }), { x: { shape: [64, 2] } });
 * const { nats } = await logProb.run({ x });
 * ```
 */
export async function compile<Output extends string>(
  fn: TensorFunction<Output>,
  specs: Readonly<Record<string, InputSpec>>,
  { device = 'cpu', threads, runtime: given, ...unknown }: CompileOptions = {},
): Promise<CompiledFunction<Output>> {
  checkOptions('compile', unknown, ['device', 'threads', 'runtime']);
  checkOneOf('compile', 'device', device, DEVICES);
  if (threads !== undefined) checkInteger('compile', 'threads', threads);
  const { graph, state, draws } = capture(fn, specs);
  const written = [...state.keys()].find((name) => graph.outputs.has(name));
  if (written !== undefined) {
    throw new UnsupportedError({
      where: 'compile',
      argument: 'the function',
      expected: 'to assign no variable',
      actual: `a new value for a variable of shape [${state.get(written)!.shape}]`,
      remedy: 'return the new value, and assign it outside',
    });
  }
  const used = tune(dropUnusedInputs(simplify(graph)), device);
  const runtime = await loadRuntime(given);
  const session = await runtime.createSession(writeModel(used), {
    device,
    threads: threads ?? threadsFor(used),
  });
  return new CompiledFunction<Output>({ graph: used, specs, state, draws, runtime, session });
}
