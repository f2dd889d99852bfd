import { mendKernels, type MendedKernel } from '../mended-kernel';
import { batchMatMul } from './batch-mat-mul';
import { conv2d } from './conv2d';
import { conv2dBackpropFilter } from './conv2d-backprop-filter';
import { conv2dBackpropInput } from './conv2d-backprop-input';
import { maximum, minimum } from './extremum';
import { fusedMatMul } from './fused-mat-mul';
import { movingKernels } from './moving';
import { unsortedSegmentSum } from './unsorted-segment-sum';

export const mendedKernels: readonly MendedKernel[] = [
  batchMatMul,
  fusedMatMul,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  unsortedSegmentSum,
  maximum,
  minimum,
  ...movingKernels,
];

/** Replaces the wasm kernels that are slow in training and adds those that are missing. Cheap to call again. */
export function mendWasmKernels(): void {
  mendKernels('wasm', mendedKernels);
}
