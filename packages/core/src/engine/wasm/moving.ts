import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type {
  GatherV2Attrs,
  KernelConfig,
  ReverseAttrs,
  SliceAttrs,
  SplitVAttrs,
  TensorInfo,
  TileAttrs,
  UnpackAttrs,
} from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape/shape';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall, WasmBackend } from './kernel';
import type { Runs } from './take-runs';
import { takeRuns, takeRunsAlong } from './take-runs';

/** How a kernel that only moves numbers is made of runs. */
type Movement<Attributes> = (
  x: TensorInfo,
  attributes: Attributes,
  call: { readonly backend: WasmBackend; readonly indices?: TensorInfo },
) => TensorInfo | TensorInfo[];

/** What the runs cannot hold (strings, scalars, nothing at all, batched gathers) goes to the shipped kernel. */
function moving<Attributes extends object>(kernelName: string, move: Movement<Attributes>): MendedKernel {
  type Call = KernelCall<{ x?: TensorInfo; value?: TensorInfo; indices?: TensorInfo }, Attributes>;
  return {
    kernelName,
    kernel(shipped) {
      const kernelFunc = (call: Call): TensorInfo | TensorInfo[] => {
        const { inputs, attrs, backend } = call;
        const x = (inputs.x ?? inputs.value)!;
        const batched = 'batchDims' in attrs && attrs.batchDims !== 0;
        if (batched || x.dtype === 'string' || x.shape.length === 0 || sizeOf(x.shape) === 0) {
          return (shipped as unknown as typeof kernelFunc)(call);
        }
        return move(x, attrs, { backend, ...(inputs.indices ? { indices: inputs.indices } : {}) });
      };
      return kernelFunc as unknown as KernelConfig['kernelFunc'];
    },
  };
}

const axisOf = (x: TensorInfo, axis: number): number => util.parseAxisParam(axis, x.shape)[0]!;

/** The shipped kernel first copies the whole of its input, however small the slice. */
const slice = moving<SliceAttrs>('Slice', (x, attrs, { backend }) => {
  const [begin, size] = slice_util.parseSliceParams(x, attrs.begin, attrs.size) as [number[], number[]];
  slice_util.assertParamsValid(x, begin, size);
  const cuts = x.shape.flatMap((length, axis): Runs[] =>
    size[axis] === length ? [] : [{ axis, starts: [begin[axis]!], length: size[axis]! }],
  );
  return takeRunsAlong(backend, x, cuts);
});

const split = moving<SplitVAttrs>('SplitV', (x, attrs, { backend }) => {
  const axis = axisOf(x, attrs.axis);
  let end = 0;
  return backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((length) => {
    end += length;
    return takeRuns(backend, x, { axis, starts: [end - length], length });
  });
});

const unstack = moving<UnpackAttrs>('Unpack', (x, attrs, { backend }) => {
  const axis = axisOf(x, attrs.axis);
  const shape = x.shape.filter((_, i) => i !== axis);
  return Array.from({ length: x.shape[axis]! }, (_, start) => ({
    ...takeRuns(backend, x, { axis, starts: [start], length: 1 }),
    shape,
  }));
});

const gather = moving<GatherV2Attrs>('GatherV2', (x, attrs, { backend, indices }) => {
  const axis = axisOf(x, attrs.axis);
  const length = x.shape[axis]!;
  const starts = backend.readSync(indices!.dataId) as Int32Array;
  for (const start of starts) {
    util.assert(
      start >= 0 && start < length,
      () => `GatherV2: the index value ${start} is not in [0, ${length - 1}]`,
    );
  }
  const shape = [...x.shape.slice(0, axis), ...indices!.shape, ...x.shape.slice(axis + 1)];
  return { ...takeRuns(backend, x, { axis, starts, length: 1 }), shape };
});

const tile = moving<TileAttrs>('Tile', (x, { reps }, { backend }) => {
  if (sizeOf(x.shape) === 1) return repeatNumber(backend, x, reps);
  const repeated = x.shape.flatMap((length, axis): Runs[] =>
    reps[axis] === 1 ? [] : [{ axis, starts: new Uint8Array(reps[axis]!), length }],
  );
  return takeRunsAlong(backend, x, repeated);
});

/** What the gradient of a sum is made of: one number in every place. */
function repeatNumber(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const out = backend.makeOutput([...shape], x.dtype);
  backend.typedArrayFromHeap(out).fill(backend.typedArrayFromHeap(x)[0]!);
  return out;
}

const reverse = moving<ReverseAttrs>('Reverse', (x, { dims }, { backend }) => {
  const reversed = util.parseAxisParam(dims, x.shape).map((axis): Runs => {
    const last = x.shape[axis]! - 1;
    return { axis, starts: Int32Array.from({ length: last + 1 }, (_, i) => last - i), length: 1 };
  });
  return takeRunsAlong(backend, x, reversed);
});

/** The kernels that only move numbers, each as {@link takeRuns} with runs of its own. */
export const movingKernels: readonly MendedKernel[] = [slice, split, unstack, gather, tile, reverse];
