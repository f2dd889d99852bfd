import { EngineError } from '@dgm/core';
import { messageOf } from './message';
import { runtimeOf } from './onnx-runtime';
import type { OnnxRuntime } from './onnx-runtime';
import type { Runtime } from './runtime';

const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/**
 * ONNX Runtime: the module that is given, else `onnxruntime-node` in Node and `onnxruntime-web` in a browser.
 * @throws EngineError where it is not installed, with the command that installs it
 */
export async function loadRuntime(module?: OnnxRuntime): Promise<Runtime> {
  return runtimeOf(module ?? (await importRuntime(inNode ? 'onnxruntime-node' : 'onnxruntime-web')));
}

async function importRuntime(name: Runtime['name']): Promise<OnnxRuntime> {
  try {
    // A variable specifier keeps bundlers from resolving a package that an app may not have.
    const specifier: string = name;
    const loaded = (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as OnnxRuntime & {
      readonly default?: OnnxRuntime;
    };
    return loaded.InferenceSession === undefined ? loaded.default! : loaded;
  } catch (cause) {
    throw new EngineError({
      where: 'compiled',
      argument: name,
      expected: 'to be installed',
      actual: messageOf(cause),
      remedy: inNode
        ? `npm i ${name}`
        : `npm i ${name}, import * as ort from '${name}' and give compiled({ runtime: ort })`,
      cause,
    });
  }
}
