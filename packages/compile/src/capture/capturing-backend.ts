import { UnsupportedError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { constantValue, createNode, inputValue } from '../graph/graph';
import type { Attributes, Data, DType, Value } from '../graph/graph';
import { constantKernels } from '../kernels/create';
import { kernels } from '../kernels/table';
import { homeOf } from './home';

export const CAPTURE = 'dgm-capture';

/**
 * A tfjs backend that computes nothing: each kernel call infers the shape of its result and adds a node to a graph.
 * So tfjs's own reverse pass and an optimizer's update are recorded like the forward pass.
 */
export class CapturingBackend extends tf.KernelBackend {
  readonly #values = new WeakMap<object, Value>();
  readonly #references = new WeakMap<object, number>();

  /** The graph's value of a tensor; one that was made before the capture enters the graph now. */
  graphValue(info: TensorInfo): Value {
    return this.#values.get(info.dataId) ?? this.#enter(info);
  }

  /** A tensor that stands for a new input of the graph. */
  input(name: string, shape: readonly number[], dtype: DType): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.#info(inputValue(name, { shape, dtype })));
  }

  /** Adds a call to the graph. */
  record(kernel: string, inputs: tf.NamedTensorInfoMap, attributes: Attributes): TensorInfo | TensorInfo[] {
    const constant = constantKernels[kernel];
    if (constant !== undefined) return this.#info(constant(attributes));
    const { inputs: names, infer } = kernels[kernel]!;
    const infos = (names === 'list' ? Object.values(inputs) : names.map((name) => inputs[name])).filter(
      (info) => info !== undefined,
    );
    const values = infos.map((info) => this.graphValue(info));
    const { outputs } = createNode(kernel, values, attributes, infer(values, attributes));
    const results = outputs.map((value) => this.#info(value));
    return results.length === 1 && kernel !== 'SplitV' && kernel !== 'Unpack' ? results[0]! : results;
  }

  /** A tensor that was made before the capture is a constant. */
  #enter({ dataId, shape, dtype }: TensorInfo): Value {
    const data = homeOf(dataId).readSync(dataId) as Data;
    const value = constantValue(data.slice(), shape, dtype as DType);
    this.#values.set(dataId, value);
    return value;
  }

  #info(value: Value): TensorInfo {
    const dataId = {};
    this.#values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype };
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    return this.#info(constantValue((values as Data).slice(), shape, dtype as DType)).dataId;
  }

  override readSync(dataId: object): tf.BackendValues {
    const value = this.#values.get(dataId);
    if (value?.source.kind === 'constant') return value.source.data;
    throw new UnsupportedError({
      where: 'capture',
      argument: 'the value of a tensor',
      expected: 'not to be read while a function is captured',
      actual: value?.source.kind === 'node' ? `the result of ${value.source.node.kernel}` : 'an input',
      remedy: 'make it an argument of the function, or run with the eager engine',
    });
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  /** Graph values are left to the garbage collector; tfjs wants to know when its last tensor on them has gone. */
  override disposeData(dataId: object, force = false): boolean {
    const left = this.refCount(dataId) - 1;
    this.#references.set(dataId, left);
    return force || left <= 0;
  }

  override numDataIds(): number {
    return 0;
  }

  override refCount(dataId: object): number {
    return this.#references.get(dataId) ?? 1;
  }

  override incRef(dataId: object): void {
    this.#references.set(dataId, this.refCount(dataId) + 1);
  }

  override move(dataId: DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#values.set(dataId, constantValue((values as Data).slice(), shape, dtype as DType));
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

/** Registers the kernels of the capturing backend, once in a process. */
export function registerCapturingKernels(): void {
  for (const kernelName of [...Object.keys(kernels), ...Object.keys(constantKernels)]) {
    if (tf.getKernel(kernelName, CAPTURE) != null) return;
    tf.registerKernel({
      kernelName,
      backendName: CAPTURE,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as CapturingBackend).record(kernelName, inputs, (attrs ?? {}) as Attributes),
    });
  }
}
