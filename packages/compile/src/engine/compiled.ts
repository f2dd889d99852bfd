import type { Engine, StepProgram, TrainStep } from '@dgm/core';
import { loadRuntime } from '../runtime/load-runtime';
import type { Device } from '../runtime/runtime';
import { CompiledStep } from './compiled-step';

export interface CompiledOptions {
  /** `cpu` unless given. */
  readonly device?: Device;
  /** Threads of one operator; chosen by the size of the step's products unless given. */
  readonly threads?: number;
}

/**
 * An engine that captures the whole training step once and runs it in ONNX Runtime: forward pass, gradients, clipping
 * and optimizer in one call. Numbers agree with `eager()` to float32 rounding, random draws to the bit.
 *
 * @example
 * ```ts
 * await fit(model, data, { engine: compiled(), ...options });
 * ```
 */
export function compiled(options: CompiledOptions = {}): Engine {
  return {
    name: 'compiled',
    prepare: async <B>(program: StepProgram<B>): Promise<TrainStep<B>> =>
      new CompiledStep(program, await loadRuntime(), options),
  };
}
