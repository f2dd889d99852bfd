import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';

/** A kernel that replaces the one that a backend ships under this name, or adds one that it lacks. */
export interface MendedKernel {
  readonly kernelName: string;
  kernel(shipped: KernelConfig['kernelFunc'] | undefined): KernelConfig['kernelFunc'];
}

/** On the config, not in this module: an application may hold two copies of this package and has one kernel registry. */
const mark = Symbol.for('dgm.mended-kernel');

/** Registers kernels in place of those of a backend. Cheap to call again. */
export function mendKernels(backendName: string, kernels: readonly MendedKernel[]): void {
  for (const { kernelName, kernel } of kernels) {
    const shipped = tf.getKernel(kernelName, backendName) as KernelConfig | undefined;
    if (shipped !== undefined && mark in shipped) continue;
    if (shipped !== undefined) tf.unregisterKernel(kernelName, backendName);
    const config: KernelConfig = {
      ...shipped,
      kernelName,
      backendName,
      kernelFunc: kernel(shipped?.kernelFunc),
    };
    tf.registerKernel(Object.assign(config, { [mark]: true }));
  }
}
