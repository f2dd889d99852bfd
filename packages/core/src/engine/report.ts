import * as tf from '@tensorflow/tfjs-core';

/** A tfjs backend that this project knows how to start. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu' | 'webgl' | 'webgpu';

/** A backend that was tried, or looked for, and not taken. */
export interface SkippedBackend {
  readonly backend: BackendName;
  /** The npm package that provides it. */
  readonly source: string;
  /** Why it was not taken, in one line. */
  readonly reason: string;
}

/** What {@link setup} chose, and why it did not choose the others. Plain data. */
export interface EngineReport {
  readonly backend: BackendName;
  /** The npm package that provides the backend. */
  readonly source: string;
  /** What the arithmetic runs on. */
  readonly device: 'cpu' | 'gpu';
  /** The version of tfjs-core in use. */
  readonly tfjs: string;
  readonly skipped: readonly SkippedBackend[];
  /** All of the above in one line, for people. */
  readonly description: string;
}

/** Reports on the backend that tfjs has just taken up. */
export function reportEngine(
  chosen: { readonly backend: BackendName; readonly source: string },
  skipped: readonly SkippedBackend[],
): EngineReport {
  const { backend, source } = chosen;
  const device = runsOnGpu(backend) ? 'gpu' : 'cpu';
  const tfjs = tf.version_core;
  const others = skipped.length === 0 ? '' : `; skipped ${describeSkipped(skipped)}`;
  const description = `TensorFlow.js ${tfjs} on ${backend} (${source}, ${device})${others}`;
  return { backend, source, device, tfjs, skipped, description };
}

export function describeSkipped(skipped: readonly SkippedBackend[]): string {
  return skipped.map(({ source, reason }) => `${source}: ${reason}`).join('; ');
}

/** Whether the backend in use keeps its tensors on a GPU. */
export function runsOnGpu(backend: string): boolean {
  if (backend === 'webgl' || backend === 'webgpu') return true;
  return (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
}
