import { EngineError, Key, StateError } from '@dgm/core';
import type { Shape, TracedDraw } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { DType, Graph, Value } from '../graph/graph';
import { CAPTURE, CapturingBackend, registerCapturingKernels } from './capturing-backend';
import { homeOf } from './home';

/** What a captured function is given. */
export interface CaptureInputs {
  /** Tensors by name: what changes from call to call. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The root of every random draw of the function. */
  readonly key: Key;
}

/** A function that was run once without computing anything. */
export interface Captured {
  readonly graph: Graph;
  /** Variables that the function reads or writes, under the names of their graph inputs (and outputs, if written). */
  readonly state: ReadonlyMap<string, Variable>;
  /** The function's random draws, under the names of their graph inputs. */
  readonly draws: ReadonlyMap<string, TracedDraw>;
}

export interface InputSpec {
  readonly shape: Shape;
  readonly dtype?: DType;
}

/**
 * Runs a function once on a backend that records kernels instead of computing them.
 *
 * Shapes are those of `specs`. Variables are found by use: one that the function assigns becomes a graph output
 * `state/i`, every one that it reads a graph input of that name. Draws from the key become inputs `draw/i`. All
 * variables have their old values when this returns.
 *
 * @throws UnsupportedError where the function reads the value of a tensor (data-dependent control flow)
 * @throws EngineError where it uses a kernel without a lowering
 */
export function capture(
  fn: (inputs: CaptureInputs) => Readonly<Record<string, Tensor>>,
  specs: Readonly<Record<string, InputSpec>>,
): Captured {
  const previous = tf.getBackend();
  if (previous === CAPTURE) {
    throw new StateError({
      where: 'capture',
      argument: 'a function',
      expected: 'not to be captured inside of another capture',
      actual: 'a nested call',
    });
  }
  registerCapturingKernels();
  // Assigning to a variable frees what it held: every variable's data is held until it is put back.
  const variables = Object.values(tf.engine().registeredVariables);
  const held = variables.map(hold);
  const names = new Map(held.map((tensor, index) => [tensor.dataId as object, `state/${index}`]));
  const backend = new CapturingBackend(names);
  tf.registerBackend(CAPTURE, () => backend);
  // Synchronous for a backend that needs no start-up: the promise is settled before it is returned.
  void tf.setBackend(CAPTURE);
  tf.engine().startScope('capture');
  try {
    const inputs = new Map<string, Value>();
    const outputs = new Map<string, Value>();
    const draws = new Map<string, TracedDraw>();
    const state = new Map<string, Variable>();
    const enter = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor => {
      const tensor = backend.input(name, shape, dtype);
      inputs.set(name, backend.graphValue(tensor));
      return tensor;
    };
    const key = Key.of(0).traced((draw) => {
      const name = `draw/${draws.size}`;
      draws.set(name, draw);
      return enter(name, draw.shape);
    });
    const tensors = Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype }]) => [name, enter(name, shape, dtype)]),
    );

    for (const [name, tensor] of Object.entries(fn({ tensors, key })))
      outputs.set(name, backend.graphValue(tensor));
    variables.forEach((variable, index) => {
      const initial = held[index]!;
      const isWritten = variable.dataId !== initial.dataId;
      if (!isWritten && !backend.knows(initial.dataId)) return;
      const name = names.get(initial.dataId)!;
      state.set(name, variable);
      inputs.set(name, backend.graphValue(initial));
      if (isWritten) outputs.set(name, backend.graphValue(variable));
    });
    return { graph: { inputs, outputs }, state, draws };
  } catch (error) {
    throw explain(error);
  } finally {
    // Back first: a variable counts its references on the backend that is current.
    void tf.setBackend(previous);
    variables.forEach((variable, index) => {
      if (variable.dataId !== held[index]!.dataId) variable.assign(held[index]!);
    });
    tf.engine().endScope();
    held.forEach((tensor) => tensor.dispose());
    tf.removeBackend(CAPTURE);
  }
}

/** Another tensor on the very data of a variable; a clone is a copy on some backends. */
function hold({ dataId, shape, dtype }: Variable): Tensor {
  const home = homeOf(dataId);
  home.incRef(dataId);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, home);
}

/** tfjs says that a kernel is not registered; the reader wants to know what to do. */
function explain(error: unknown): unknown {
  const kernel =
    error instanceof Error ? /Kernel '(\w+)' not registered/.exec(error.message)?.[1] : undefined;
  if (kernel === undefined) return error;
  return new EngineError({
    where: 'capture',
    argument: `the kernel ${kernel}`,
    expected: 'to have a lowering to ONNX',
    actual: 'none',
    remedy: 'write it with other ops, or run with the eager engine',
    cause: error,
  });
}
