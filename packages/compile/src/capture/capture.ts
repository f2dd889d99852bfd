import { EngineError, Key, StateError } from '@dgm/core';
import type { Shape, TracedDraw } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DataId, Tensor, Variable } from '@tensorflow/tfjs-core';
import { usedValues } from '../graph/substitute';
import type { DType, Graph, Value } from '../graph/graph';
import { CAPTURE, CapturingBackend, registerCapturingKernels } from './capturing-backend';

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

/** What an input of a captured function looks like. */
export interface InputSpec {
  readonly shape: Shape;
  /** @defaultValue 'float32' */
  readonly dtype?: DType;
}

/**
 * Runs a function once on a backend that records kernels instead of computing them.
 *
 * Shapes are those of `specs`. Variables are found by use: one that the function assigns becomes a graph output
 * `state/i`, every one that it reads a graph input of that name. Draws from the key become inputs `draw/i`. All
 * variables have their old values when this returns.
 *
 * @param fn - made of tfjs ops that read no value; randomness from the given key only
 * @param specs - shape and type of each input, by name
 * @throws StateError where another capture is running
 * @throws UnsupportedError where the function reads the value of a tensor (data-dependent control flow)
 * @throws EngineError where it uses a kernel without a lowering
 *
 * @example
 * ```ts
 * const { graph } = capture(({ tensors }) => ({ y: tf.tanh(tensors['x']!) }), { x: { shape: [4, 2] } });
 * ```
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
      expected: 'not to be captured while another capture is running',
      actual: 'a nested call',
    });
  }
  registerCapturingKernels();
  const backend = new CapturingBackend();
  tf.registerBackend(CAPTURE, () => backend);
  // Synchronous for a backend that needs no start-up: the promise is settled before it is returned.
  void tf.setBackend(CAPTURE);
  tf.engine().startScope('capture');
  const loans: Loan[] = [];
  try {
    const inputs = new Map<string, Value>();
    const draws = new Map<string, TracedDraw>();
    const enter = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor => {
      const tensor = backend.input(name, shape, dtype);
      inputs.set(name, backend.graphValue(tensor));
      return tensor;
    };
    for (const variable of Object.values(tf.engine().registeredVariables)) {
      const { shape, dtype } = variable;
      const placeholder = enter(`state/${loans.length}`, shape, dtype as DType);
      loans.push(lend(backend, variable, placeholder));
    }
    const key = Key.of(0).traced((draw) => {
      const name = `draw/${draws.size}`;
      draws.set(name, draw);
      return enter(name, draw.shape);
    });
    const tensors = Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype }]) => [name, enter(name, shape, dtype)]),
    );

    const outputs = new Map<string, Value>();
    for (const [name, tensor] of Object.entries(fn({ tensors, key })))
      outputs.set(name, backend.graphValue(tensor));
    loans.forEach(({ variable, placeholder }, index) => {
      if (variable.dataId !== placeholder.dataId) outputs.set(`state/${index}`, backend.graphValue(variable));
    });
    const used = usedValues(outputs.values());
    const state = loans
      .map(({ variable }, index) => [`state/${index}`, variable] as const)
      .filter(([name]) => outputs.has(name) || used.has(inputs.get(name)!));
    const names = new Set([...Object.keys(specs), ...draws.keys(), ...state.map(([name]) => name)]);
    return {
      graph: { inputs: new Map([...inputs].filter(([name]) => names.has(name))), outputs },
      state: new Map(state),
      draws,
    };
  } catch (error) {
    throw explain(error);
  } finally {
    loans.forEach((loan) => giveBack(backend, loan));
    void tf.setBackend(previous);
    tf.engine().endScope();
    tf.removeBackend(CAPTURE);
  }
}

/** A variable that stands for an input of the graph for a while. */
interface Loan {
  readonly variable: Variable;
  readonly placeholder: Tensor;
  readonly own: DataId;
}

/**
 * Puts a placeholder in the place of a variable's data. The data themselves are not touched, whatever the function
 * assigns; two variables that share their data (an average and what it started at) are told apart.
 */
function lend(backend: CapturingBackend, variable: Variable, placeholder: Tensor): Loan {
  const own = variable.dataId;
  variable.dataId = placeholder.dataId;
  backend.incRef(placeholder.dataId);
  return { variable, placeholder, own };
}

function giveBack(backend: CapturingBackend, { variable, placeholder, own }: Loan): void {
  if (variable.isDisposed) return;
  if (variable.dataId !== placeholder.dataId) variable.assign(placeholder);
  backend.disposeData(placeholder.dataId);
  variable.dataId = own;
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
