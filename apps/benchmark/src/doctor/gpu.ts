import { execFileSync } from 'node:child_process';
import { DgmError, setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Check } from './check';

/** 17 billion multiply-adds: long enough for a GPU to show, and a second on one core. */
const SIZE = 2048;

export const gpuRemedy =
  'npm install @tensorflow/tfjs-node-gpu, with an NVIDIA GPU, CUDA 11.2 and cuDNN 8.1; for CUDA 12.5 and cuDNN 9.3, or Node 23 ' +
  'and later, node scripts/tfjs-node/build.mjs --gpu FOLDER; LD_LIBRARY_PATH names the folders of these libraries';

/** Whether eager training really runs on an NVIDIA GPU: which one, and how a large product there compares with the CPU. */
export async function checkGpu(size = SIZE): Promise<Check> {
  const name = 'TensorFlow on a GPU';
  const missing = (detail: string): Check => ({ name, works: false, detail, remedy: gpuRemedy });
  try {
    const { device, source } = await setup({ backend: 'tensorflow' });
    if (device !== 'gpu') return missing(`${source} computes on the CPU`);
    const onGpu = timeProduct(size);
    await setup({ backend: 'wasm' });
    const onCpu = timeProduct(size);
    const detail =
      `${source} on ${describeGpus()}: a product of two ${size} x ${size} matrices takes ` +
      `${onGpu.toFixed(1)} ms, on one core of the CPU ${onCpu.toFixed(0)} ms`;
    return onGpu < onCpu ? { name, works: true, detail } : missing(detail);
  } catch (error) {
    if (!DgmError.is(error, 'engine')) throw error;
    return missing(error.actual ?? error.message);
  }
}

/**
 * The time of a product of matrices on the current backend, the shortest of five, with the reading of one number that waits for it.
 * @returns milliseconds
 */
export function timeProduct(size: number): number {
  return tf.tidy(() => {
    const ones = tf.ones([size, size]);
    const times = Array.from({ length: 6 }, () => {
      const from = performance.now();
      const corner = tf.slice(tf.matMul(ones, ones), [size - 1, size - 1], [1, 1]).dataSync()[0];
      if (corner !== size) throw new Error(`A product of ones gave ${corner}, not ${size}.`);
      return performance.now() - from;
    });
    // The first one loads the library's kernels.
    return Math.min(...times.slice(1));
  });
}

function describeGpus(): string {
  try {
    const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
    return execFileSync('nvidia-smi', query, { encoding: 'utf8' }).trim().split('\n').join('; ');
  } catch {
    return 'a GPU that nvidia-smi does not name';
  }
}
