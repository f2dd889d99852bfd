import { checkInteger, checkOneOf, checkOptions } from '@dgm/core';
import type { Engine, StepProgram, TrainStep } from '@dgm/core';
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
   * What computes. On `webgpu` the training state stays on the GPU. On `cuda` it stays in host memory and crosses the bus
   * at each step, because the runtime's Node binding keeps tensors on a device for WebGPU only.
   * @defaultValue 'cpu'
   */
  readonly device?: Device;
  /**
   * Threads of one operator.
   * @defaultValue chosen by the size of the step's products
   */
  readonly threads?: number;
  /**
   * The module of ONNX Runtime, `import * as ort from 'onnxruntime-web'`. A program that goes through a bundler has to
   * pass it, because the bundler does not see an optional import.
   * @defaultValue the installed one
   */
  readonly runtime?: OnnxRuntime;
}

/**
 * An engine that captures the whole training step once and runs it in ONNX Runtime: forward pass, gradients, clipping
 * and optimizer in one call. Numbers agree with `eager()` to float32 rounding, random draws to the bit.
 *
 * @throws ArgumentError for an unknown option or device, or a number of threads that is not a positive integer
 * @throws EngineError (when training starts) where the runtime or the device is missing
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 64, key });
 * await fit(model, data, { key, optimizer, batchSize: 64, epochs: 20, engine: compiled() });
 * ```
 *
 * @example In a browser
 * ```ts
 * import * as ort from 'onnxruntime-web/webgpu';
 * await fit(model, data, { engine: compiled({ runtime: ort, device: 'webgpu' }), ...options });
 * ```
 */
export function compiled(options: CompiledOptions = {}): Engine {
  checkOptions('compiled', options, ['device', 'threads', 'runtime']);
  const { device = 'cpu', threads, runtime } = options;
  checkOneOf('compiled', 'device', device, DEVICES);
  if (threads !== undefined) checkInteger('compiled', 'threads', threads);
  return {
    name: 'compiled',
    prepare: async <B>(program: StepProgram<B>): Promise<TrainStep<B>> =>
      new CompiledStep(program, executorFor(await loadRuntime(runtime), device, threads)),
    prepareFunction: (measure) => Promise.resolve(new CompiledMeasure(measure, options)),
  };
}

function executorFor(runtime: Runtime, device: Device, threads: number | undefined): StepExecutor {
  return device === 'webgpu'
    ? new DeviceExecutor(runtime, device)
    : new HostExecutor(runtime, { device, threads });
}
