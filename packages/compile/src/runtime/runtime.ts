import type { Data, DType } from '../graph/graph';
import type { Shape } from '@dgm/core';

/** Where a session runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** A tensor of ONNX Runtime; `data` reads host memory and is there for tensors on the cpu only. */
export interface RuntimeTensor {
  readonly data: Data | BigInt64Array;
  dispose(): void;
}

export interface RuntimeSession {
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: Record<string, RuntimeTensor | null>,
  ): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** What this package needs of ONNX Runtime; `onnxruntime-node` and `onnxruntime-web` both have it. */
export interface Runtime {
  readonly name: string;
  tensor(data: Data, shape: Shape, dtype: DType): RuntimeTensor;
  createSession(model: Uint8Array, options: SessionOptions): Promise<RuntimeSession>;
}

export interface SessionOptions {
  readonly device: Device;
  /** Threads within an operator; the runtime's own choice unless given. */
  readonly threads?: number;
  /** Outputs that stay on the device. */
  readonly resident?: readonly string[];
}
