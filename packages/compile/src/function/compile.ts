import { checkInteger, checkOneOf, checkOptions, UnsupportedError } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../capture/capture';
import type { CaptureInputs, InputSpec } from '../capture/capture';
import type { Graph } from '../graph/graph';
import { divide, dropUnusedInputs, withState } from '../graph/substitute';
import { writeLoop, writeModel } from '../onnx/write-model';
import { simplify, tune } from '../passes/simplify';
import { processorTraits } from '../runtime/channel-block';
import { loadRuntime } from '../runtime/load-runtime';
import type { OnnxRuntime } from '../runtime/onnx-runtime';
import { DEVICES } from '../runtime/runtime';
import type { Device, Runtime, SessionOptions } from '../runtime/runtime';
import { plansMemory } from '../runtime/memory-plan';
import { threadsFor } from '../runtime/threads';
import { CompiledFunction } from './compiled-function';
import { CompiledLoop } from './compiled-loop';
import type { CapturedFunction } from './function-feeds';
import { FunctionSessions } from './function-sessions';

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
 * const model = realNvp({ dims: 64, key });
 * const specs = { x: { shape: [4, 64] } };
 * const logProb = await compile(({ tensors }) => ({ nats: model.logProb(tensors['x']!) }), specs);
 * const { nats } = await logProb.run({ x }); // [4]
 * ```
 */
export async function compile<Output extends string>(
  fn: TensorFunction<Output>,
  specs: Readonly<Record<string, InputSpec>>,
  options: CompileOptions = {},
): Promise<CompiledFunction<Output>> {
  const { captured, whole, session } = await captureFor(fn, specs, options);
  const sessions = await FunctionSessions.open(captured, { session, write: (graph) => writeModel(graph) });
  return new CompiledFunction<Output>(captured, sessions, whole);
}

/**
 * Captures a function whose outputs are inputs of the same names, to be applied many times in one run.
 * @param specs - of its inputs, the outputs among them
 * @param given - the options of `compile`, and the names of the inputs that have a value for each step, which are `changing`
 * @throws what `compile` throws
 */
export async function compileLoop(
  fn: TensorFunction,
  specs: Readonly<Record<string, InputSpec>>,
  given: CompileOptions & { readonly changing: readonly string[] },
): Promise<CompiledLoop> {
  const { changing, ...options } = given;
  const { captured, session } = await captureFor(fn, specs, options);
  const stacked = new Set([...captured.draws.keys(), ...changing]);
  const looped = { ...captured, graph: withState(captured.graph) };
  const sessions = await FunctionSessions.open(looped, {
    session,
    write: (graph) => writeLoop(graph, stacked),
  });
  return new CompiledLoop(looped, sessions);
}

interface FittedFunction {
  readonly captured: CapturedFunction;
  /** What the function computes, before it is divided. */
  readonly whole: Graph;
  readonly session: SessionOptions;
}

/** Captures a function, and fits it to a device with so many threads. */
async function captureFor(
  fn: TensorFunction,
  specs: Readonly<Record<string, InputSpec>>,
  { device = 'cpu', threads, runtime: given, ...unknown }: CompileOptions,
): Promise<FittedFunction> {
  checkOptions('compile', unknown, ['device', 'threads', 'runtime']);
  checkOneOf('compile', 'device', device, DEVICES);
  if (threads !== undefined) checkInteger('compile', 'threads', threads);
  const { graph: recorded, state, draws } = capture(fn, specs);
  const written = [...state.keys()].find((name) => recorded.outputs.has(name));
  if (written !== undefined) {
    throw new UnsupportedError({
      where: 'compile',
      argument: 'the function',
      expected: 'to assign no variable',
      actual: `a new value for a variable of shape [${state.get(written)!.shape}]`,
      remedy: 'return the new value, and assign it outside',
    });
  }
  const runtime = await loadRuntime(given);
  const whole = tune(dropUnusedInputs(simplify(recorded)), device, await processorTraits(runtime, device));
  const session = { device, threads: threads ?? threadsFor(whole), plansMemory: plansMemory(whole) };
  const { graph, fixed } = await divided(whole, state, { runtime, session });
  return { captured: { graph, fixed, specs, state, draws, runtime }, whole, session };
}

/** On a processor, what depends on variables alone has a session of its own; on a device all stays together. */
async function divided(
  whole: Graph,
  state: CapturedFunction['state'],
  { runtime, session }: { readonly runtime: Runtime; readonly session: SessionOptions },
): Promise<Pick<CapturedFunction, 'graph' | 'fixed'>> {
  if (session.device !== 'cpu') return { graph: whole, fixed: undefined };
  const { fixed, varying } = divide(whole, (name) => state.has(name));
  if (fixed.outputs.size === 0) return { graph: whole, fixed: undefined };
  return {
    graph: varying,
    fixed: { graph: fixed, session: await runtime.createSession(writeModel(fixed), session) },
  };
}
