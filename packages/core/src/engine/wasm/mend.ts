import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul';
import { conv2d } from './conv2d';
import { conv2dBackpropFilter } from './conv2d-backprop-filter';
import { conv2dBackpropInput } from './conv2d-backprop-input';
import { fusedMatMul } from './fused-mat-mul';
import type { MendedKernel } from './kernel';
import { movingKernels } from './moving';
import { unsortedSegmentSum } from './unsorted-segment-sum';

export const mendedKernels: readonly MendedKernel[] = [
  batchMatMul,
  fusedMatMul,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  unsortedSegmentSum,
  ...movingKernels,
];

/** On the config, not in this module: an application may hold two copies of this package and has one kernel registry. */
const mark = Symbol.for('dgm.mended-kernel');

/** Replaces the wasm kernels that are slow in training and adds those that are missing. Cheap to call again. */
export function mendWasmKernels(): void {
  for (const { kernelName, kernel } of mendedKernels) {
    const shipped = tf.getKernel(kernelName, 'wasm') as KernelConfig | undefined;
    if (shipped !== undefined && mark in shipped) continue;
    if (shipped !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    const config: KernelConfig = {
      ...shipped,
      kernelName,
      backendName: 'wasm',
      kernelFunc: kernel(shipped?.kernelFunc),
    };
    tf.registerKernel(Object.assign(config, { [mark]: true }));
  }
}
