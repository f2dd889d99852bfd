import { ArgumentError } from '@dgm/core';
import type { Engine, Measure, PreparedMeasure, StepProgram, TrainStep } from '@dgm/core';
import { loadRuntime } from '../runtime/load-runtime';
import type { OnnxRuntime } from '../runtime/onnx-runtime';
import { DEVICES } from '../runtime/runtime';
import type { Device, Runtime } from '../runtime/runtime';
import { CompiledMeasure } from './compiled-measure';
import { CompiledStep } from './compiled-step';
import { DeviceExecutor } from './device-executor';
import { HostExecutor } from './host-executor';
import type { StepExecutor } from './step-executor';

export interface CompiledOptions {
  /**
   * What computes: `cpu` unless given. On `webgpu` the training state stays on the GPU. On `cuda` it stays in host
   * memory and crosses the bus at each step, because the runtime's Node binding keeps tensors on a device for WebGPU only.
   */
  readonly device?: Device;
  /** Threads of one operator; chosen by the size of the step's products unless given. */
  readonly threads?: number;
  /**
   * The module of ONNX Runtime, `import * as ort from 'onnxruntime-web'`. Needed where a bundler makes the program, because it
   * cannot see an import that may not be there; else the installed one is loaded.
   */
  readonly runtime?: OnnxRuntime;
}

/**
 * An engine that captures the whole training step once and runs it in ONNX Runtime: forward pass, gradients, clipping
 * and optimizer in one call. Numbers agree with `eager()` to float32 rounding, random draws to the bit.
 *
 * @throws ArgumentError for a device or a number of threads that there cannot be
 * @throws EngineError (when training starts) where the runtime or the device is missing
 *
 * @example
 * ```ts
 * await fit(model, data, { engine: compiled(), ...options });
 * ```
 *
 * @example In a browser
 * ```ts
 * import * as ort from 'onnxruntime-web/webgpu';
 * await fit(model, data, { engine: compiled({ runtime: ort, device: 'webgpu' }), ...options });
 * ```
 */
export function compiled(options: CompiledOptions = {}): Engine {
  const { device = 'cpu', threads, runtime } = options;
  check('device', DEVICES.includes(device), `to be one of ${DEVICES.join(', ')}`, device);
  check('threads', threads === undefined || isCount(threads), 'to be a positive integer', threads);
  return {
    name: 'compiled',
    prepare: async <B>(program: StepProgram<B>): Promise<TrainStep<B>> =>
      new CompiledStep(program, executorFor(await loadRuntime(runtime), device, threads)),
    prepareMeasure: <B>(measure: Measure<B>): Promise<PreparedMeasure<B>> =>
      Promise.resolve(new CompiledMeasure(measure, options)),
  };
}

function executorFor(runtime: Runtime, device: Device, threads: number | undefined): StepExecutor {
  return device === 'webgpu'
    ? new DeviceExecutor(runtime, device)
    : new HostExecutor(runtime, { device, threads });
}

function check(argument: string, holds: boolean, expected: string, actual: unknown): void {
  if (holds) return;
  throw new ArgumentError({ where: 'compiled', argument, expected, actual: JSON.stringify(actual) });
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
