import type { Data, DType } from '../graph/graph';
import type { Shape } from '@dgm/core';

/** Where a session runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

export const DEVICES: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

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
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  /** The devices that it was built for; whether one works shows when it is used. */
  readonly devices: readonly Device[];
  /** Whether a run writes into the host memory of the tensors that it is given to fetch into. */
  readonly fillsFetches: boolean;
  tensor(data: Data, shape: Shape, dtype: DType): RuntimeTensor;
  /** @throws EngineError where the device is not there, or the model cannot run on it */
  createSession(model: Uint8Array, options: SessionOptions): Promise<RuntimeSession>;
}

export interface SessionOptions {
  readonly device: Device;
  /**
   * Threads within an operator.
   * @defaultValue the runtime's own choice
   */
  readonly threads?: number;
  /**
   * Whether the runtime plans the memory of a run, on a CPU.
   * @defaultValue true
   */
  readonly plansMemory?: boolean;
  /**
   * Whether runs are given memory for each of their outputs and the runtime makes no copies of them. For a model that is written so, where
   * `canLeaveOutCopies`.
   * @defaultValue false
   */
  readonly withoutCopies?: boolean;
  /** Outputs that stay on the device; for `webgpu` only. */
  readonly resident?: readonly string[];
}
