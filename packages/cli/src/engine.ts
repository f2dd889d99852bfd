import { compiled } from '@dgm/compile';
import type { OnnxRuntime } from '@dgm/compile';
import type { Engine } from '@dgm/core';

/** An engine, and whether it is the fast one. */
export interface BestEngine {
  readonly engine: Engine;
  readonly isNative: boolean;
}

/**
 * The compiled engine on `onnxruntime-node` where it is installed, else on `onnxruntime-web`, which npm installs everywhere
 * without another download and which takes about four times as long.
 *
 * @param importNative - loads `onnxruntime-node`
 */
export async function bestEngine(
  importNative: () => Promise<unknown> = () => import('onnxruntime-node'),
): Promise<BestEngine> {
  try {
    return { engine: compiled({ runtime: (await importNative()) as OnnxRuntime }), isNative: true };
  } catch {
    const runtime = await import('onnxruntime-web');
    // The numbers of a model must not depend on the cores, and threads of WebAssembly keep a process from ending.
    runtime.env.wasm.numThreads = 1;
    return { engine: compiled({ runtime: runtime as unknown as OnnxRuntime }), isNative: false };
  }
}
