import { checkIdle } from './busy';
import * as tf from '@tensorflow/tfjs-core';
import { checkOneOf, checkOptions } from '../check/check';
import { EngineError } from '../errors/dgm-error';
import type { Candidate, WasmPaths } from './candidates';
import { candidates } from './candidates';
import { registerGradients } from './gradients';
import { withoutBanner, withoutProcessHandlers } from './quiet';
import type { BackendName, EngineReport, SkippedBackend } from './report';
import { describeSkipped, reportEngine } from './report';

export interface SetupOptions {
  /**
   * Which tfjs backend to use. `auto` takes the fastest one for training that starts.
   * @defaultValue 'auto'
   */
  readonly backend?: 'auto' | BackendName;
  /** Browsers only: where the app serves the `.wasm` files of @tensorflow/tfjs-backend-wasm. */
  readonly wasmPaths?: WasmPaths;
  /** Called with the report; a program may print its `description`. */
  readonly onReport?: (report: EngineReport) => void;
}

let latest: { readonly wanted: string; readonly report: Promise<EngineReport> } | undefined;

/**
 * Makes TensorFlow.js ready to train: starts a backend, registers the gradients, and adds the kernels that the wasm and
 * TensorFlow backends lack.
 *
 * In Node `auto` tries @tensorflow/tfjs-node-gpu, @tensorflow/tfjs-node (both optional, installed by the user), the
 * embedded wasm engine and plain JavaScript, in this order. In a browser it tries WebGPU and WebGL where the app has
 * imported their backends, then wasm, then plain JavaScript. Calling it again with the same backend does nothing.
 * @returns what was chosen, and why the others were not
 * @throws ArgumentError - for an unknown backend
 * @throws EngineError - when the named backend, or any at all, cannot be had; the message names what was tried
 * @example
 * ```ts
 * await setup({ onReport: ({ description }) => console.log(description) });
 * ```
 */
export async function setup(options: SetupOptions = {}): Promise<EngineReport> {
  checkOptions('setup', options, ['backend', 'wasmPaths', 'onReport']);
  const wanted = options.backend ?? 'auto';
  if (latest?.wanted !== wanted || !(await isStillInUse(latest.report))) {
    checkIdle('setup');
    latest = { wanted, report: start(wanted, options.wasmPaths) };
  }
  const report = await latest.report;
  options.onReport?.(report);
  return report;
}

async function isStillInUse(report: Promise<EngineReport>): Promise<boolean> {
  return report.then(
    ({ backend }) => backend === tf.getBackend(),
    () => false,
  );
}

async function start(wanted: 'auto' | BackendName, wasmPaths?: WasmPaths): Promise<EngineReport> {
  registerGradients();
  const skipped: SkippedBackend[] = [];
  for (const candidate of choices(wanted, wasmPaths)) {
    const { backend, source } = candidate;
    const reason = await withoutProcessHandlers(() => whyNot(candidate));
    if (reason === undefined) {
      withoutBanner();
      return reportEngine({ backend, source }, skipped);
    }
    skipped.push({ backend, source, reason });
  }
  throw new EngineError({
    where: 'setup',
    argument: 'backend',
    expected: wanted === 'auto' ? 'that starts' : `"${wanted}" to start`,
    actual: describeSkipped(skipped),
    remedy: 'install or import one of these packages, or use { backend: "auto" }',
  });
}

function choices(wanted: 'auto' | BackendName, wasmPaths?: WasmPaths): readonly Candidate[] {
  const all = candidates(wasmPaths);
  checkOneOf('setup', 'backend', wanted, ['auto', ...new Set(all.map(({ backend }) => backend))]);
  return all.filter(({ backend, automatic }) => (wanted === 'auto' ? automatic : backend === wanted));
}

/** Starts a candidate. Returns undefined when it runs, else the reason why it does not. */
async function whyNot({ backend, load }: Candidate): Promise<string | undefined> {
  try {
    await load();
    return (await tf.setBackend(backend)) ? undefined : 'did not initialize';
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split('\n')[0];
  }
}
