import { EngineError, sizeOf } from '@dgm/core';
import { dataOf } from '../graph/graph';
import type { Data, DType } from '../graph/graph';
import type { Runtime, RuntimeSession, RuntimeTensor } from './runtime';

/** What `onnxruntime-node` and `onnxruntime-web` export alike. */
interface OrtModule {
  readonly Tensor: new (type: string, data: Data, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<RuntimeSession> };
}

const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/**
 * Loads ONNX Runtime: `onnxruntime-node` in Node, `onnxruntime-web` in a browser.
 * @throws EngineError where it is not installed, with the command that installs it
 */
export async function loadRuntime(): Promise<Runtime> {
  const name = inNode ? 'onnxruntime-node' : 'onnxruntime-web';
  try {
    // A variable specifier keeps bundlers from resolving a package that an app may not have.
    const specifier: string = name;
    const loaded = (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as OrtModule & {
      default?: OrtModule;
    };
    return runtimeOf(name, loaded.InferenceSession === undefined ? loaded.default! : loaded);
  } catch (cause) {
    throw new EngineError({
      where: 'compiled',
      argument: name,
      expected: 'to be installed',
      actual: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
      remedy: `npm i ${name}`,
      cause,
    });
  }
}

function runtimeOf(name: string, ort: OrtModule): Runtime {
  return {
    name,
    tensor: (data, shape, dtype: DType) => {
      if (data.length !== sizeOf(shape))
        throw new RangeError(`${data.length} values do not fill ${shape.join('x')}.`);
      return new ort.Tensor(dtype, dataOf(data, dtype), shape);
    },
    createSession: (model, { device, threads, resident }) =>
      ort.InferenceSession.create(model, {
        executionProviders: [device],
        // Warnings are about what the graph passes leave to the runtime's own; errors come as exceptions.
        logSeverityLevel: 3,
        graphOptimizationLevel: 'all',
        ...(threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
        ...(resident === undefined || device === 'cpu'
          ? {}
          : {
              preferredOutputLocation: Object.fromEntries(resident.map((output) => [output, 'gpu-buffer'])),
            }),
      }),
  };
}
