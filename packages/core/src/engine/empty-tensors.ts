import * as tf from '@tensorflow/tfjs-core';
import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type { DataType, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../errors/dgm-error';
import { broadcastShapes, formatShape, sizeOf, type Shape } from '../shape/shape';

/** What a kernel returns: a shape, and the number that fills it where it is not empty itself (an empty sum is 0). */
interface Result {
  readonly shape: Shape;
  /** The type of the inputs by default. */
  readonly dtype?: DataType;
  /** @defaultValue 0 */
  readonly fill?: number;
}

type Inputs = Readonly<Record<string, TensorInfo>>;
/** The attributes of a kernel, whose types tfjs keeps per kernel. */
type Attributes = any; // eslint-disable-line @typescript-eslint/no-explicit-any
type Rule = (inputs: Inputs, attrs: Attributes) => Result | Result[];

const like =
  (name: string, dtype?: DataType): Rule =>
  (inputs) => ({ shape: inputs[name]!.shape, ...(dtype && { dtype }) });

const elementwise =
  (dtype?: DataType): Rule =>
  (inputs) => ({
    shape: broadcastShapes(...Object.values(inputs).map(({ shape }) => shape)),
    ...(dtype && { dtype }),
  });

/** A reduction, whose value over no numbers at all is `fill`. */
const reduction =
  (fill: number, dtype?: DataType): Rule =>
  ({ x }, { axis, reductionIndices = axis, keepDims = false }) => {
    const axes = util.parseAxisParam(reductionIndices, x!.shape);
    const [shape] = backend_util.computeOutAndReduceShapes(x!.shape, axes);
    return {
      shape: keepDims ? backend_util.expandShapeToKeepDim(shape, axes) : shape,
      fill,
      ...(dtype && { dtype }),
    };
  };

/** The position of an extreme: of no numbers there is none, and tfjs has no error for it on any backend. */
const position: Rule = (inputs, attrs) => {
  const result = reduction(0, 'int32')(inputs, attrs) as Result;
  if (sizeOf(result.shape) === 0) return result;
  throw refusal('argMax or argMin', inputs, 'an axis with at least one number');
};

const matMul: Rule = ({ a, b }, { transposeA, transposeB }) => ({
  shape: [
    ...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)),
    a!.shape.at(transposeA ? -1 : -2)!,
    b!.shape.at(transposeB ? -2 : -1)!,
  ],
});

/** A product of matrices without a common axis is 0, and a bias and an activation may follow. */
const fusedMatMul: Rule = (inputs, attrs) => {
  const result = matMul(inputs, attrs) as Result;
  if (sizeOf(result.shape) === 0) return result;
  throw refusal('_FusedMatMul', inputs, 'a common axis of at least one number');
};

const convolution =
  (depthwise: boolean): Rule =>
  ({ x, filter }, { strides, pad, dilations, dimRoundingMode, dataFormat }) => ({
    shape: backend_util.computeConv2DInfo(
      x!.shape as Four,
      filter!.shape as Four,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      depthwise,
      dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast',
    ).outShape,
  });

type Four = [number, number, number, number];

const pool: Rule = ({ x }, { filterSize, strides, pad, dimRoundingMode }) => ({
  shape: backend_util.computePool2DInfo(x!.shape as Four, filterSize, strides, 1, pad, dimRoundingMode)
    .outShape,
});

const resize: Rule = ({ images }, { size }) => ({
  shape: [images!.shape[0]!, ...size, images!.shape[3]!],
  dtype: 'float32',
});

/**
 * A size of -1 stands for what is left. Between empty tensors that is the size that it would have if the empty axes were
 * not there: `[0, 3, 4]` to `[0, -1]` is `[0, 12]`, where NumPy and tfjs give up.
 */
const reshape: Rule = ({ x }, { shape }: { shape: number[] }) => {
  const present = (sizes: Shape): number => sizeOf(sizes.filter((size) => size > 0));
  // With another axis of size 0 any size would do; without one, what is left is 0.
  const implied = shape.includes(0) ? present(x!.shape) / present(shape) : 0;
  const target = shape.map((size) => (size === -1 ? implied : size));
  if (sizeOf(target) !== 0 || !target.every(Number.isInteger))
    throw refusal('Reshape', { x: x! }, `a shape that fits ${formatShape(shape)}`);
  return { shape: target };
};

const concat: Rule = (inputs, { axis }) => {
  const shapes = Object.values(inputs).map(({ shape }) => shape);
  return { shape: backend_util.computeOutShape(shapes, util.parseAxisParam(axis, shapes[0]!)[0]!) };
};

const pack: Rule = (inputs, { axis }) => {
  const all = Object.values(inputs);
  const { shape } = all[0]!;
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return { shape: [...shape.slice(0, at), all.length, ...shape.slice(at)] };
};

const unpack: Rule = ({ value }, { axis }) => {
  const [at] = util.parseAxisParam(axis, value!.shape);
  const shape = value!.shape.filter((_, i) => i !== at);
  return Array.from({ length: value!.shape[at!]! }, () => ({ shape }));
};

const split: Rule = ({ x }, { axis, numOrSizeSplits }) => {
  const [at] = util.parseAxisParam(axis, x!.shape);
  return backend_util
    .prepareSplitSize(x!, numOrSizeSplits, at!)
    .map((size) => ({ shape: x!.shape.map((whole, i) => (i === at ? size : whole)) }));
};

const gather: Rule = ({ x, indices }, { axis, batchDims }) => {
  const [at] = util.parseAxisParam(axis, x!.shape);
  const shape = [...x!.shape.slice(0, at), ...indices!.shape.slice(batchDims), ...x!.shape.slice(at! + 1)];
  if (sizeOf(shape) === 0) return { shape };
  throw refusal('GatherV2', { x: x!, indices: indices! }, 'an axis with at least one entry');
};

const slice: Rule = ({ x }, { begin, size }) => {
  const [from, sizes] = slice_util.parseSliceParams(x!, begin, size) as [number[], number[]];
  slice_util.assertParamsValid(x!, from, sizes);
  return { shape: sizes };
};

const stridedSlice: Rule = ({ x }, attrs) => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  return {
    shape: slice_util.sliceInfo(
      ...([x!.shape, begin, end, strides] as const),
      ...([beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const),
    ).finalShape,
  };
};

const expandDims: Rule = ({ input }, { dim }) => {
  const at = dim < 0 ? dim + input!.shape.length + 1 : dim;
  return { shape: [...input!.shape.slice(0, at), 1, ...input!.shape.slice(at)] };
};

/** The unary kernels whose result has the shape and the type of their input. */
const unary = `Abs Acos Acosh Asin Asinh Atan Atanh Ceil ClipByValue Cos Cosh Cumprod Cumsum Elu Erf Exp Expm1 Floor
  Identity LeakyRelu LogicalNot Log Log1p Neg OnesLike Reciprocal Relu Relu6 Reverse Round Rsqrt Selu Sigmoid Sign Sin
  Sinh Softplus Sqrt Square Step Tan Tanh ZerosLike`;

const named = (names: string, rule: Rule): [string, Rule][] => names.split(/\s+/).map((name) => [name, rule]);

/** What each kernel gives for empty tensors, as in NumPy. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...named(unary, like('x')),
  ...named('IsFinite IsInf IsNan', like('x', 'bool')),
  ...named(
    'Add AddN Atan2 EluGrad FloorDiv Maximum Minimum Mod Multiply Pow Prelu RealDiv SquaredDifference Sub',
    elementwise(),
  ),
  ...named(
    'Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalXor NotEqual',
    elementwise('bool'),
  ),
  [
    'Select',
    ({ condition, t, e }) => ({
      shape: broadcastShapes(condition!.shape, t!.shape, e!.shape),
      dtype: t!.dtype,
    }),
  ],
  ...named('Softmax LogSoftmax', like('logits')),
  ['Cast', ({ x }, { dtype }) => ({ shape: x!.shape, dtype })],
  ['Sum', reduction(0)],
  ['Prod', reduction(1)],
  ['Mean', reduction(NaN, 'float32')],
  ['Max', reduction(-Infinity)],
  ['Min', reduction(Infinity)],
  ['All', reduction(1)],
  ['Any', reduction(0)],
  ...named('ArgMax ArgMin', position),
  ['BatchMatMul', matMul],
  ['_FusedMatMul', fusedMatMul],
  ...named('Conv2D FusedConv2D', convolution(false)),
  ...named('DepthwiseConv2dNative FusedDepthwiseConv2D', convolution(true)),
  ...named('Conv2DBackpropFilter DepthwiseConv2dNativeBackpropFilter', (_, { filterShape }) => ({
    shape: filterShape,
  })),
  ...named('Conv2DBackpropInput DepthwiseConv2dNativeBackpropInput', (_, { inputShape }) => ({
    shape: inputShape,
  })),
  ...named('AvgPool MaxPool', pool),
  ...named('AvgPoolGrad MaxPoolGrad', like('input')),
  ...named('ResizeBilinear ResizeNearestNeighbor', resize),
  ...named('ResizeBilinearGrad ResizeNearestNeighborGrad', like('images')),
  ['FusedBatchNorm', like('x')],
  ['Reshape', reshape],
  ['ExpandDims', expandDims],
  ['Transpose', ({ x }, { perm }: { perm: number[] }) => ({ shape: perm.map((axis) => x!.shape[axis]!) })],
  [
    'Tile',
    ({ x }, { reps }: { reps: number[] }) => ({ shape: x!.shape.map((size, axis) => size * reps[axis]!) }),
  ],
  [
    'PadV2',
    ({ x }, { paddings, constantValue }) => ({
      shape: x!.shape.map((size, axis) => paddings[axis][0] + size + paddings[axis][1]),
      fill: constantValue,
    }),
  ],
  ['Concat', concat],
  ['Pack', pack],
  ['Unpack', unpack],
  ['SplitV', split],
  ['Slice', slice],
  ['StridedSlice', stridedSlice],
  ['GatherV2', gather],
  ['OneHot', ({ indices }, { depth, dtype }) => ({ shape: [...indices!.shape, depth], dtype })],
  [
    'UnsortedSegmentSum',
    ({ x, segmentIds }, { numSegments }) => ({
      shape: [numSegments, ...x!.shape.slice(segmentIds!.shape.length)],
    }),
  ],
  [
    'TopK',
    ({ x }, { k }) => {
      const shape = [...x!.shape.slice(0, -1), k];
      if (sizeOf(shape) !== 0) throw refusal('TopK', { x: x! }, `${k} numbers to choose from`);
      return [{ shape }, { shape, dtype: 'int32' as const }];
    },
  ],
]);

/** Kernels that leave out their empty inputs: only a call without any other is taken over. */
const skipsEmpty = new Set(['Concat']);

/** Kernels that change no number. */
const sharesData = new Set(['ExpandDims', 'Identity', 'Reshape']);

/** On the config: an application may hold two copies of this package and has one kernel registry. */
const mark = Symbol.for('dgm.empty-tensors');

/**
 * Gives every kernel of a backend the right result for empty tensors. The kernels of TensorFlow.js read uninitialized
 * memory, return wrong shapes or divide by zero there, and on wasm a trap ends the process's use of the engine. A kernel
 * without a rule refuses empty tensors on wasm. Cheap to call again.
 */
export function fenceEmptyTensors(backend: string): void {
  for (const config of tf.getKernelsForBackend(backend)) {
    if (mark in config) continue;
    const rule = rules.get(config.kernelName);
    if (rule === undefined && backend !== 'wasm') continue;
    tf.unregisterKernel(config.kernelName, backend);
    tf.registerKernel(Object.assign({ ...config, kernelFunc: fenced(config, rule) }, { [mark]: true }));
  }
}

function fenced(
  { kernelName, kernelFunc }: KernelConfig,
  rule: Rule | undefined,
): KernelConfig['kernelFunc'] {
  return (call) => {
    if (!meetsEmpty(kernelName, call.inputs as Inputs)) return kernelFunc(call);
    const inputs = present(call.inputs as Inputs);
    if (rule === undefined) throw refusal(kernelName, inputs, 'tensors that are not empty');
    const results = rule(inputs, call.attrs);
    const dtype = Object.values(inputs)[0]!.dtype;
    if (sharesData.has(kernelName) || (kernelName === 'Cast' && (results as Result).dtype === dtype)) {
      return shared(call.backend as Writer, inputs, results as Result);
    }
    const make = (result: Result): TensorInfo => makeTensor(call.backend as Writer, { dtype, ...result });
    return Array.isArray(results) ? results.map(make) : make(results);
  };
}

/** A tensor over the data of the only input, as the stock kernels return: new data would count as a leak. */
function shared(backend: Writer, inputs: Inputs, { shape }: Result): TensorInfo {
  const { dataId, dtype } = Object.values(inputs)[0]!;
  backend.incRef(dataId);
  return { dataId, shape: [...shape], dtype };
}

/** The part of a backend that makes a tensor, from values or over data of another one. */
interface Writer {
  incRef(dataId: object): void;
  write(values: ArrayLike<number>, shape: number[], dtype: DataType): object;
}

function makeTensor(
  backend: Writer,
  { shape, dtype, fill = 0 }: Required<Pick<Result, 'dtype'>> & Result,
): TensorInfo {
  const values = util.getTypedArrayFromDType(dtype as 'float32', sizeOf(shape)).fill(fill);
  return { dataId: backend.write(values, [...shape], dtype), shape: [...shape], dtype };
}

/** Whether the kernel meets an empty tensor; a concatenation of some empty tensors with others is only refused by tfjs. */
function meetsEmpty(kernelName: string, inputs: Inputs): boolean {
  let empty = 0;
  let count = 0;
  for (const name in inputs) {
    const input = inputs[name];
    if (input === undefined || input === null) continue;
    count += 1;
    if (input.shape.includes(0)) empty += 1;
  }
  return skipsEmpty.has(kernelName) ? empty > 0 && empty === count : empty > 0;
}

/** Optional inputs (a bias) may be undefined. */
function present(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([, input]) => input?.shape !== undefined));
}

function refusal(where: string, inputs: Inputs, expected: string): UnsupportedError {
  return new UnsupportedError({
    where,
    argument: 'the input',
    expected: `to have ${expected}`,
    actual: Object.values(inputs)
      .map(({ shape }) => formatShape(shape))
      .join(' and '),
  });
}
