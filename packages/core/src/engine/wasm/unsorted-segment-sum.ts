import type { KernelConfig, TensorInfo, UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape/shape';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';
import { floatsOf } from './kernel';

/** UnsortedSegmentSum, which the wasm backend lacks: the gradient of a gather, so of every embedding. */
export const unsortedSegmentSum: MendedKernel = {
  kernelName: 'UnsortedSegmentSum',
  kernel: () => kernelFunc as unknown as KernelConfig['kernelFunc'],
};

function kernelFunc({
  inputs: { x, segmentIds },
  backend,
  attrs: { numSegments },
}: KernelCall<{ x: TensorInfo; segmentIds: TensorInfo }, UnsortedSegmentSumAttrs>): TensorInfo {
  const rest = x.shape.slice(segmentIds.shape.length);
  const size = sizeOf(rest);
  const out = backend.makeOutput([numSegments, ...rest], x.dtype);
  const sums = floatsOf(backend, out).fill(0);
  const values = floatsOf(backend, x);
  backend.typedArrayFromHeap(segmentIds).forEach((segment, index) => {
    // As everywhere in tfjs, an index outside the segments is ignored.
    if (segment < 0 || segment >= numSegments) return;
    const from = index * size;
    const to = segment * size;
    for (let i = 0; i < size; i++) sums[to + i]! += values[from + i]!;
  });
  return out;
}
