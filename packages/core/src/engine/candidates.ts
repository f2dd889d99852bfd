import * as tf from '@tensorflow/tfjs-core';
import { importNativePackage } from './native';
import type { BackendName } from './report';
import { mendWasmKernels } from './wasm/mend';

/** Where the `.wasm` files are: a folder's URL, or the URL of each file by its name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

/** One way to get a backend. `load` registers it with tfjs, or throws an error whose first line says why it cannot. */
export interface Candidate {
  readonly backend: BackendName;
  readonly source: string;
  load(): Promise<void>;
}

/** Every way to get a backend in this environment, the best first. */
export function candidates(wasmPaths?: WasmPaths): readonly Candidate[] {
  const embedded = [wasm(wasmPaths), cpu];
  return tf.env().getBool('IS_NODE')
    ? [native('@tensorflow/tfjs-node-gpu'), native('@tensorflow/tfjs-node'), ...embedded]
    : [registered('webgpu'), registered('webgl'), ...embedded];
}

const native = (source: string): Candidate => ({
  backend: 'tensorflow',
  source,
  load: () => importNativePackage(source),
});

/** The embedded engine: a dependency of this package, loaded when it is needed so that bundlers can split it off. */
const wasm = (paths: WasmPaths | undefined): Candidate => ({
  backend: 'wasm',
  source: '@tensorflow/tfjs-backend-wasm',
  async load() {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    // A backend that runs has its files already, and refuses to be told where they are.
    if (paths !== undefined && tf.findBackend('wasm') == null) setWasmPaths(paths);
    mendWasmKernels();
  },
});

const cpu: Candidate = {
  backend: 'cpu',
  source: '@tensorflow/tfjs-backend-cpu',
  async load() {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};

/** A backend of the browser: large, so it is the application that chooses to ship it, by importing it. */
const registered = (backend: 'webgl' | 'webgpu'): Candidate => ({
  backend,
  source: `@tensorflow/tfjs-backend-${backend}`,
  async load() {
    if (tf.findBackendFactory(backend) == null) throw new Error('not imported by the application');
  },
});
