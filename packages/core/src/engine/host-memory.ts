import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Shape } from '../shape/shape';
import { sizeOf } from '../shape/shape';
import { runsOnGpu } from './report';
import { floatsOf, type WasmBackend } from './wasm/kernel';

/** Float32 tensors of a backend as arrays that a loop can read and fill. */
export interface HostMemory {
  /** The numbers of a tensor, not to be written to. Valid until the next tensor is made. */
  read(x: Tensor): Float32Array;
  /**
   * Makes tensors of one shape.
   * @param fill - gets an array for each, in which every number has to be written
   */
  make(shape: Shape, count: number, fill: (outputs: Float32Array[]) => void): Tensor[];
  /** The size up to which one loop over tensors is faster than ten operations of the backend. */
  readonly largestLoop: number;
}

/**
 * For vectorized operations. The call of one takes 10 µs on wasm and 30 on TensorFlow; for a number, ten of them take 5 ns and
 * a loop 15.
 */
const LARGEST_LOOP = 1 << 13;

/**
 * The memory of the backend in use, where its tensors lie in that of the host. Op by op, a formula of ten operations goes
 * over memory ten times and pays ten times for a call; a loop does so once.
 * @returns undefined on a GPU and while a function is captured: there only operations will do
 */
export function hostMemory(): HostMemory | undefined {
  const backend = tf.getBackend();
  if (backend === 'wasm') return wasmMemory(tf.backend() as WasmBackend);
  if (backend === 'cpu') return arrays;
  return backend === 'tensorflow' && !runsOnGpu(backend) ? copies : undefined;
}

const arrays: HostMemory = {
  read(x) {
    const values = x.dataSync();
    return values instanceof Float32Array ? values : Float32Array.from(values);
  },
  make(shape, count, fill) {
    const outputs = Array.from({ length: count }, () => new Float32Array(sizeOf(shape)));
    fill(outputs);
    return outputs.map((values) => tf.tensor(values, [...shape], 'float32'));
  },
  largestLoop: Infinity,
};

/** TensorFlow has memory of its own: what a loop reads is copied out of it, and what is made is copied into it. */
const copies: HostMemory = { ...arrays, largestLoop: LARGEST_LOOP };

/** Views of the heap. What is read has to be looked up after what is made, which may move the heap. */
const wasmMemory = (backend: WasmBackend): HostMemory => ({
  read: (x) => floatsOf(backend, x),
  make(shape, count, fill) {
    const made: TensorInfo[] = Array.from({ length: count }, () => backend.makeOutput([...shape], 'float32'));
    fill(made.map((output) => floatsOf(backend, output)));
    return made.map((output) => tf.engine().makeTensorFromTensorInfo(output));
  },
  largestLoop: LARGEST_LOOP,
});
