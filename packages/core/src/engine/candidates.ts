import * as tf from '@tensorflow/tfjs-core';
import { fenceEmptyTensors } from './empty-tensors';
import { importNativePackage } from './native';
import { withoutWarnings } from './quiet';
import type { BackendName } from './report';
import { mendTensorflowKernels } from './tensorflow/mend';
import { mendWasmKernels } from './wasm/mend';

/** Where the `.wasm` files are: a folder's URL, or the URL of each file by its name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

/** One way to get a backend. `load` registers it with tfjs, or throws an error whose first line says why it cannot. */
export interface Candidate {
  readonly backend: BackendName;
  readonly source: string;
  /** Whether `auto` tries it in this environment. */
  readonly automatic: boolean;
  load(): Promise<void>;
}

/** Every way to get a backend, the best first. */
export function candidates(wasmPaths?: WasmPaths): readonly Candidate[] {
  return [
    native('@tensorflow/tfjs-node-gpu'),
    native('@tensorflow/tfjs-node'),
    registered('webgpu'),
    registered('webgl'),
    wasm(wasmPaths),
    cpu,
  ];
}

const inNode = (): boolean => tf.env().getBool('IS_NODE');

const native = (source: string): Candidate => ({
  backend: 'tensorflow',
  source,
  automatic: inNode(),
  async load() {
    if (!inNode()) throw new Error('needs Node');
    await withoutWarnings(() => importNativePackage(source));
    mendTensorflowKernels();
    fenceEmptyTensors('tensorflow');
  },
});

/** The embedded engine: a dependency of this package, loaded when it is needed so that bundlers can split it off. */
const wasm = (paths: WasmPaths | undefined): Candidate => ({
  backend: 'wasm',
  source: '@tensorflow/tfjs-backend-wasm',
  automatic: true,
  async load() {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    // A backend that runs has its files already, and refuses to be told where they are.
    if (paths !== undefined && tf.findBackend('wasm') == null) setWasmPaths(paths);
    mendWasmKernels();
    fenceEmptyTensors('wasm');
  },
});

const cpu: Candidate = {
  backend: 'cpu',
  source: '@tensorflow/tfjs-backend-cpu',
  automatic: true,
  async load() {
    await import('@tensorflow/tfjs-backend-cpu');
    fenceEmptyTensors('cpu');
  },
};

/** A backend of the browser: large, so it is the application that chooses to ship it, by importing it. */
const registered = (backend: 'webgl' | 'webgpu'): Candidate => ({
  backend,
  source: `@tensorflow/tfjs-backend-${backend}`,
  automatic: !inNode(),
  async load() {
    if (tf.findBackendFactory(backend) == null) throw new Error('not imported by the application');
  },
});
