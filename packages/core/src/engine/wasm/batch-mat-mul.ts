import type { BatchMatMulAttrs, DataId, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape/shape';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall, WasmBackend } from './kernel';
import { floatsOf } from './kernel';
import { transposeMatrices } from './transpose';

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

/** Multiply-adds per matrix from which one call of the fast product per matrix is quicker than the slow one for all. */
const worthACall = 1 << 15;

/**
 * BatchMatMul for wasm: the shipped kernel has a fast product, but only for one pair of matrices that are not
 * transposed; all else runs on a scalar path that is about fifteen times as slow. Every dense layer's backward pass
 * and all of attention end up there.
 *
 * So transpose first, turn a batch times one matrix into one tall matrix, and multiply the pairs of a batch one by one.
 *
 * The fast product first copies its right matrix into an order of its own, which takes longer than a product by few rows.
 * It keeps that copy for the next product by the same matrix. Where the right matrix is the largest of the three and has no
 * such copy, as the weights of a dense layer after each step, $A B$ is computed as $(B^T A^T)^T$, to the same bits: three
 * quarters of the time in the forward pass, half of it in the gradient by the input, whose $B^T$ is there.
 */
export const batchMatMul: MendedKernel = {
  kernelName: 'BatchMatMul',
  kernel(shipped) {
    /** Right matrices that were multiplied by before. */
    const known = new WeakSet<DataId>();
    const multiply = (backend: WasmBackend, operands: Operands): TensorInfo =>
      shipped!({
        inputs: { ...operands },
        backend,
        attrs: { transposeA: false, transposeB: false },
      }) as TensorInfo;

    const kernelFunc = ({ inputs, backend, attrs }: KernelCall<Operands, BatchMatMulAttrs>): TensorInfo => {
      if (!attrs.transposeA && isRightLargest(inputs)) {
        if (attrs.transposeB) return multiplyFlipped(backend, inputs, multiply);
        if (!known.has(inputs.b.dataId)) {
          known.add(inputs.b.dataId);
          const b = transposeMatrices(backend, inputs.b);
          const product = multiplyFlipped(backend, { a: inputs.a, b }, multiply);
          backend.disposeData(b.dataId);
          return product;
        }
      }
      const a = attrs.transposeA ? transposeMatrices(backend, inputs.a) : inputs.a;
      const b = attrs.transposeB ? transposeMatrices(backend, inputs.b) : inputs.b;
      const product = multiplyBatches(backend, { a, b }, multiply);
      if (a !== inputs.a) backend.disposeData(a.dataId);
      if (b !== inputs.b) backend.disposeData(b.dataId);
      return product;
    };
    return kernelFunc as unknown as KernelConfig['kernelFunc'];
  },
};

type Multiply = (backend: WasmBackend, operands: Operands) => TensorInfo;

/** Whether B of one product $A B$ or $A B^T$ is larger than what {@link multiplyFlipped} moves instead. */
function isRightLargest({ a, b }: Operands): boolean {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const isOneProduct = sizeOf(a.shape.slice(0, -2)) === 1 && sizeOf(b.shape.slice(0, -2)) === 1;
  return isOneProduct && sizeOf(b.shape) > rows * inner + rows * (sizeOf(b.shape) / inner);
}

/** $A B^T$ as $(B A^T)^T$. */
function multiplyFlipped(backend: WasmBackend, { a, b }: Operands, multiply: Multiply): TensorInfo {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-2)!;
  const right = transposeMatrices(backend, { ...a, shape: [rows, inner] });
  const flipped = multiply(backend, { a: { ...b, shape: [columns, inner] }, b: right });
  const product = transposeMatrices(backend, flipped);
  backend.disposeData(right.dataId);
  backend.disposeData(flipped.dataId);
  const leading = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  return { ...product, shape: [...leading, rows, columns] };
}

function multiplyBatches(backend: WasmBackend, { a, b }: Operands, multiply: Multiply): TensorInfo {
  const batchA = sizeOf(a.shape.slice(0, -2));
  const batchB = sizeOf(b.shape.slice(0, -2));
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-1)!;

  if (batchB === 1 && batchA > 1) {
    const tall = multiply(backend, {
      a: { ...a, shape: [batchA * rows, inner] },
      b: { ...b, shape: [inner, columns] },
    });
    const leading =
      a.shape.length >= b.shape.length
        ? a.shape.slice(0, -2)
        : [...b.shape.slice(0, b.shape.length - a.shape.length), ...a.shape.slice(0, -2)];
    return { ...tall, shape: [...leading, rows, columns] };
  }
  const pairs = batchA === batchB && batchA > 1 && rows * inner * columns >= worthACall;
  return pairs ? multiplyPairs(backend, { a, b }, multiply) : multiply(backend, { a, b });
}

function multiplyPairs(backend: WasmBackend, { a, b }: Operands, multiply: Multiply): TensorInfo {
  const leading = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  const out = backend.makeOutput([...leading, a.shape.at(-2)!, b.shape.at(-1)!], 'float32');
  const size = a.shape.at(-2)! * b.shape.at(-1)!;
  for (let index = 0; index < sizeOf(leading); index++) {
    const pair = { a: matrixAt(backend, a, index), b: matrixAt(backend, b, index) };
    const product = multiply(backend, pair);
    floatsOf(backend, out).set(floatsOf(backend, product), index * size);
    backend.disposeData(product.dataId);
    forget(backend, pair.a);
    forget(backend, pair.b);
  }
  return out;
}

/** One matrix of a batch: a tensor that shares the batch's memory and must be forgotten, not freed. */
function matrixAt(backend: WasmBackend, batch: TensorInfo, index: number): TensorInfo {
  const shape = batch.shape.slice(-2);
  const bytes = Float32Array.BYTES_PER_ELEMENT * sizeOf(shape);
  const { memoryOffset } = backend.dataIdMap.get(batch.dataId);
  return backend.makeOutput(shape, batch.dtype, memoryOffset + index * bytes);
}

function forget(backend: WasmBackend, view: TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(view.dataId).id);
  backend.dataIdMap.delete(view.dataId);
}
