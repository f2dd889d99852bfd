import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape/shape';
import type { WasmBackend } from './kernel';

/** Which entries of an axis to take: from each start `length` neighbours, one run behind the other. */
export interface Runs {
  readonly axis: number;
  readonly starts: readonly number[] | Int32Array | Uint8Array;
  readonly length: number;
}

/** Numbers from which the built-in copy of a run is quicker than a loop. */
const worthACall = 48;

/**
 * Copies runs of entries along one axis: what slicing, splitting, gathering, tiling and reversing are made of. The
 * kernels that the wasm backend ships for these compute an index per number, or make two views per row.
 * @returns `x` with `starts.length * length` entries along the axis; the caller frees it
 */
export function takeRuns(backend: WasmBackend, x: TensorInfo, { axis, starts, length }: Runs): TensorInfo {
  const shape = x.shape.map((size, i) => (i === axis ? starts.length * length : size));
  const out = backend.makeOutput(shape, x.dtype);
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(out);
  const inner = sizeOf(x.shape.slice(axis + 1));
  const run = inner * length;
  const block = inner * x.shape[axis]!;
  let target = 0;
  for (let outer = 0; outer < from.length; outer += block) {
    for (const start of starts) {
      const source = outer + start * inner;
      if (run < worthACall) for (let i = 0; i < run; i++) to[target + i] = from[source + i]!;
      else to.set(from.subarray(source, source + run), target);
      target += run;
    }
  }
  return out;
}

/** Takes runs along several axes, one after the other; without any, a copy. The caller frees the result. */
export function takeRunsAlong(backend: WasmBackend, x: TensorInfo, all: readonly Runs[]): TensorInfo {
  let taken = takeRuns(backend, x, all[0] ?? { axis: 0, starts: [0], length: x.shape[0]! });
  for (const runs of all.slice(1)) {
    const before = taken;
    taken = takeRuns(backend, before, runs);
    backend.disposeData(before.dataId);
  }
  return taken;
}
