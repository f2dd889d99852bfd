import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** An input of a case: a shape to fill with normal draws, or a tensor's own maker. */
export type Input = readonly number[] | (() => Tensor);
export interface Case {
  readonly inputs: readonly Input[];
  readonly f: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** Absolute plus relative; 2e-6 unless a function is computed differently by the two. */
  readonly tolerance?: number;
}

const positive =
  (...shape: number[]) =>
  () =>
    tf.tidy(() => tf.add(tf.abs(Key.of(1).normal(shape)), 0.1));
const integers =
  (bound: number, ...shape: number[]) =>
  () =>
    tf.tidy(() => tf.cast(tf.floor(Key.of(2).uniform(shape, { max: bound })), 'int32'));
const positiveIntegers =
  (...shape: number[]) =>
  () =>
    tf.add(integers(9, ...shape)(), tf.scalar(1, 'int32'));
const booleans =
  (...shape: number[]) =>
  () =>
    tf.tidy(() => tf.greater(Key.of(3).normal(shape), 0));
const inside =
  (...shape: number[]) =>
  () =>
    Key.of(4).uniform(shape, { min: -0.9, max: 0.9 });
const special = () => tf.tensor1d([1, NaN, Infinity, -Infinity, 0, -1e30, 1e30]);
const tiny = () => tf.tensor1d([0, 1e-9, -1e-9, 1e-5, -1e-5, 0.5, -0.5, 3]);

const unary = (f: (x: Tensor) => Tensor, input: Input = [3, 5], tolerance?: number): Case[] => [
  { inputs: [input], f: (x) => f(x!), ...(tolerance === undefined ? {} : { tolerance }) },
];
const BROADCASTS = [
  [
    [3, 5],
    [3, 5],
  ],
  [[3, 5], [5]],
  [[], [2, 3]],
  [
    [4, 1, 3],
    [1, 2, 3],
  ],
] as const;
const binary = (
  f: (a: Tensor, b: Tensor) => Tensor,
  make: (...shape: number[]) => Input = (...shape) => shape,
): Case[] => BROADCASTS.map(([a, b]) => ({ inputs: [make(...a), make(...b)], f: (x, y) => f(x!, y!) }));
const reduction = (
  f: (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor,
  input: Input = [2, 3, 4],
): Case[] =>
  (
    [
      [undefined, false],
      [0, false],
      [[0, 2], false],
      [-1, true],
      [[1, 2], true],
    ] as const
  ).map(([axis, keepDims]) => ({
    inputs: [input],
    f: (x) => f(x!, axis as number | number[] | undefined, keepDims),
  }));

interface Window {
  readonly height: number;
  readonly width: number;
  readonly strides: [number, number];
  readonly dilations: number | [number, number];
  readonly pad: 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]];
}
const WINDOWS: readonly Window[] = [
  { height: 3, width: 3, strides: [1, 1], dilations: 1, pad: 'same' },
  { height: 2, width: 3, strides: [2, 1], dilations: 1, pad: 'valid' },
  { height: 3, width: 2, strides: [2, 3], dilations: 1, pad: 'same' },
  { height: 1, width: 1, strides: [1, 1], dilations: 1, pad: 'valid' },
  { height: 2, width: 3, strides: [1, 1], dilations: [2, 1], pad: 'same' },
  {
    height: 1,
    width: 4,
    strides: [1, 1],
    dilations: 1,
    pad: [
      [0, 0],
      [0, 0],
      [3, 0],
      [0, 0],
    ],
  },
];
type Convolve = (x: tf.Tensor4D, filter: tf.Tensor4D, window: Window) => Tensor;
/** Channels in and out: few (the runtime's convolution), many to few (spread over the outputs), many (patches). */
const [FEW, NARROWING, MANY] = [
  [3, 4],
  [32, 4],
  [32, 17],
] as const;
const convolutions = (
  f: Convolve,
  only: (window: Window) => boolean = () => true,
  channels: readonly (readonly [number, number])[] = [FEW, NARROWING, MANY],
): Case[] =>
  WINDOWS.filter(only).flatMap((window) =>
    channels.map(([inputs, outputs]) => ({
      inputs: [
        [2, 6, 7, inputs],
        [window.height, window.width, inputs, outputs],
      ],
      f: (x, filter) => f(x as tf.Tensor4D, filter as tf.Tensor4D, window),
      tolerance: 2e-5,
    })),
  );
const depthwise = (f: Convolve, only: (window: Window) => boolean = () => true): Case[] =>
  WINDOWS.filter(({ pad, strides }) => typeof pad === 'string' && strides[0] === strides[1])
    .filter(only)
    .map((window) => ({
      inputs: [
        [2, 6, 7, 3],
        [window.height, window.width, 3, 2],
      ],
      f: (x, filter) => f(x as tf.Tensor4D, filter as tf.Tensor4D, window),
      tolerance: 2e-5,
    }));
type Pool = (
  x: tf.Tensor4D,
  size: [number, number],
  strides: [number, number],
  pad: 'same' | 'valid',
) => Tensor;
const pools = (f: Pool): Case[] =>
  (['same', 'valid'] as const).flatMap((pad) =>
    [[2, 2] as [number, number], [1, 3] as [number, number]].map((strides) => ({
      inputs: [[2, 6, 7, 3]],
      f: (x) => f(x as tf.Tensor4D, [2, 3], strides, pad),
    })),
  );

/** A gradient that depends on the function's values. */
const squareGradient = (f: (x: Tensor) => Tensor) => tf.grad((x: Tensor) => tf.square(f(x)));
/** The cpu backend's gradients of resizing are wrong for several images, or fail for any that is not square. */
const SQUARE = [1, 4, 4, 3];
const sizes = (
  f: (x: tf.Tensor4D, size: [number, number], options: [boolean, boolean]) => Tensor,
  image: Input = [2, 4, 5, 3],
): Case[] =>
  (
    [
      [false, false],
      [true, false],
      [false, true],
    ] as [boolean, boolean][]
  ).flatMap((options) =>
    (
      [
        [8, 9],
        [3, 2],
        [1, 6],
      ] as [number, number][]
    ).map((size) => ({ inputs: [image], f: (x) => f(x as tf.Tensor4D, size, options) })),
  );

/** Every kernel, as the op that emits it, with shapes and attributes. */
export const cases: Readonly<Record<string, Case[]>> = {
  Abs: unary(tf.abs),
  Acos: unary(tf.acos, inside(3, 5)),
  Acosh: unary((x) => tf.acosh(tf.add(x, 1)), positive(3, 5)),
  Asin: unary(tf.asin, inside(3, 5)),
  Asinh: unary(tf.asinh),
  Atan: unary(tf.atan),
  Atanh: unary(tf.atanh, inside(3, 5)),
  Ceil: unary(tf.ceil),
  Cos: unary(tf.cos),
  Cosh: unary(tf.cosh),
  Elu: unary(tf.elu),
  Erf: unary(tf.erf),
  Exp: unary(tf.exp),
  Expm1: [...unary(tf.expm1), ...unary(tf.expm1, tiny)],
  Floor: unary(tf.floor),
  IsInf: unary(tf.isInf, special),
  IsNan: unary(tf.isNaN, special),
  IsFinite: unary(tf.isFinite, special),
  Log: unary(tf.log, positive(3, 5)),
  Log1p: [...unary(tf.log1p, positive(3, 5)), ...unary(tf.log1p, tiny)],
  LogicalNot: unary(tf.logicalNot, booleans(3, 5)),
  Neg: unary(tf.neg),
  Reciprocal: unary(tf.reciprocal, positive(3, 5)),
  Relu: unary(tf.relu),
  Relu6: unary(tf.relu6),
  Round: unary(tf.round, () => tf.tensor1d([-1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6])),
  Rsqrt: unary(tf.rsqrt, positive(3, 5)),
  Selu: unary(tf.selu),
  Sigmoid: unary(tf.sigmoid),
  Sign: unary(tf.sign),
  Sin: unary(tf.sin),
  Sinh: unary(tf.sinh),
  Softplus: unary(tf.softplus),
  Sqrt: unary(tf.sqrt, positive(3, 5)),
  Square: unary(tf.square),
  Step: [...unary((x) => tf.step(x)), ...unary((x) => tf.step(x, 0.2))],
  Tan: unary(tf.tan, inside(3, 5)),
  Tanh: unary(tf.tanh),
  Identity: unary((x) => tf.clone(x)),
  OnesLike: unary((x) => tf.onesLike(x)),
  ZerosLike: unary((x) => tf.zerosLike(x)),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.01)),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.5, 0.25)),
  Cast: [
    ...unary((x) => tf.cast(x, 'int32')),
    ...unary((x) => tf.cast(x, 'float32'), integers(5, 3, 5)),
    ...unary((x) => tf.cast(x, 'float32'), booleans(3, 5)),
    ...unary((x) => tf.cast(x, 'bool'), integers(2, 3, 5)),
  ],
  Add: binary(tf.add),
  Sub: binary(tf.sub),
  Multiply: binary(tf.mul),
  RealDiv: binary(tf.div, positive),
  Maximum: binary(tf.maximum),
  Minimum: binary(tf.minimum),
  Pow: binary(tf.pow, positive),
  Mod: [...binary(tf.mod), ...binary(tf.mod, positiveIntegers)],
  FloorDiv: [...binary(tf.floorDiv), ...binary(tf.floorDiv, positiveIntegers)],
  SquaredDifference: binary(tf.squaredDifference),
  Equal: binary(tf.equal, (...shape) => integers(2, ...shape)),
  NotEqual: binary(tf.notEqual, (...shape) => integers(2, ...shape)),
  Greater: binary(tf.greater),
  GreaterEqual: binary(tf.greaterEqual, (...shape) => integers(2, ...shape)),
  Less: binary(tf.less),
  LessEqual: binary(tf.lessEqual, (...shape) => integers(2, ...shape)),
  LogicalAnd: binary(tf.logicalAnd, booleans),
  LogicalOr: binary(tf.logicalOr, booleans),
  Prelu: [{ inputs: [[3, 5], [5]], f: (x, alpha) => tf.prelu(x!, alpha!) }],
  Select: [
    { inputs: [booleans(3, 5), [3, 5], [3, 5]], f: (mask, a, b) => tf.where(mask!, a!, b!) },
    { inputs: [booleans(3, 1), [3, 5], [3, 5]], f: (mask, a, b) => tf.where(mask!, a!, b!) },
  ],
  AddN: [
    {
      inputs: [
        [3, 5],
        [3, 5],
        [3, 5],
      ],
      f: (...xs) => tf.addN(xs),
    },
  ],
  Sum: reduction(tf.sum),
  Mean: reduction(tf.mean),
  Prod: reduction(tf.prod),
  Max: reduction(tf.max),
  Min: reduction(tf.min),
  All: reduction(tf.all as typeof tf.sum, booleans(2, 3, 4)),
  Any: reduction(tf.any as typeof tf.sum, booleans(2, 3, 4)),
  ArgMax: [0, 1, -1].map((axis) => ({ inputs: [[2, 3, 4]], f: (x) => tf.argMax(x!, axis) })),
  ArgMin: [0, 1, -1].map((axis) => ({ inputs: [[2, 3, 4]], f: (x) => tf.argMin(x!, axis) })),
  Cumsum: [
    { inputs: [[3, 5]], f: (x) => tf.cumsum(x!, 1) },
    { inputs: [[3, 5]], f: (x) => tf.cumsum(x!, 1, true, true) },
  ],
  Softmax: unary((x) => tf.softmax(x)),
  Reshape: [...unary((x) => tf.reshape(x, [5, 3])), ...unary((x) => tf.reshape(x, [-1]))],
  ExpandDims: [...unary((x) => tf.expandDims(x, 1)), ...unary((x) => tf.expandDims(x, -1))],
  Transpose: unary((x) => tf.transpose(x, [2, 0, 1]), [2, 3, 4]),
  Reverse: [...unary((x) => tf.reverse(x, 1)), ...unary((x) => tf.reverse(x))],
  Slice: [...unary((x) => tf.slice(x, [1, 2], [2, 2])), ...unary((x) => tf.slice(x, [1], [-1]))],
  Tile: unary((x) => tf.tile(x, [2, 3])),
  PadV2: unary((x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [2, 3],
      ],
      0.5,
    ),
  ),
  Concat: [
    {
      inputs: [
        [2, 3],
        [2, 1],
      ],
      f: (...xs) => tf.concat(xs, 1),
    },
  ],
  Pack: [0, 1, 2].map((axis) => ({
    inputs: [
      [2, 3],
      [2, 3],
    ],
    f: (...xs) => tf.stack(xs, axis),
  })),
  Unpack: [0, 1].map((axis) => ({ inputs: [[2, 3]], f: (x) => tf.unstack(x!, axis) })),
  SplitV: [
    { inputs: [[2, 6]], f: (x) => tf.split(x!, 3, 1) },
    { inputs: [[2, 6]], f: (x) => tf.split(x!, [1, 3, 2], 1) },
  ],
  OneHot: [
    { inputs: [integers(5, 3, 2)], f: (x) => tf.oneHot(x!, 5) },
    { inputs: [() => tf.tensor1d([-1, 0, 4, 7], 'int32')], f: (x) => tf.oneHot(x!, 5, 2, -3) },
  ],
  GatherV2: [0, 1, -1].map((axis) => ({
    inputs: [[4, 4, 2], integers(2, 5)],
    f: (x, i) => tf.gather(x!, i!, axis),
  })),
  TopK: [1, 3].map((k) => ({
    inputs: [[2, 3, 5]],
    f: (x) => {
      const { values, indices } = tf.topk(x!, k);
      return [values, indices];
    },
  })),
  UnsortedSegmentSum: [
    { inputs: [[6, 3], integers(4, 6)], f: (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4) },
  ],
  BatchMatMul: [
    {
      inputs: [
        [3, 4],
        [4, 5],
      ],
      f: (a, b) => tf.matMul(a!, b!),
    },
    {
      inputs: [
        [4, 3],
        [5, 4],
      ],
      f: (a, b) => tf.matMul(a!, b!, true, true),
    },
    {
      inputs: [
        [2, 3, 4],
        [2, 5, 4],
      ],
      f: (a, b) => tf.matMul(a!, b!, false, true),
    },
    {
      inputs: [
        [1, 4, 3],
        [2, 4, 5],
      ],
      f: (a, b) => tf.matMul(a!, b!, true, false),
    },
  ],
  Einsum: [
    {
      inputs: [
        [2, 3, 4],
        [4, 5],
      ],
      f: (a, b) => tf.einsum('abc,cd->adb', a!, b!),
    },
  ],
  EluGrad: unary((x) => tf.grad((y) => tf.elu(y))(x)),
  GatherNd: [
    { inputs: [[4, 4, 2], integers(4, 5, 2)], f: (x, i) => tf.gatherND(x!, i!) },
    { inputs: [[4, 4, 2], integers(4, 3, 1)], f: (x, i) => tf.gatherND(x!, i!) },
  ],
  ScatterNd: [{ inputs: [integers(3, 6, 1), [6, 2]], f: (i, x) => tf.scatterND(i!, x!, [4, 2]) }],
  StridedSlice: unary((x) => tf.stridedSlice(x, [0, 4], [3, 0], [2, -2])).concat(
    unary((x) => tf.stridedSlice(x, [1, 0], [3, 4], [1, 3])),
    unary((x) => tf.stridedSlice(x, [2, 4], [0, 0], [-1, -1], 0, 2)),
  ),
  Cumprod: [
    { inputs: [[3, 5]], f: (x) => tf.cumprod(x!, 1) },
    { inputs: [[3, 5, 2]], f: (x) => tf.cumprod(x!, 1, true, true) },
    { inputs: [[3, 5]], f: (x) => tf.cumprod(x!, 0, true, false) },
  ],
  Conv2D: convolutions((x, filter, { strides, pad, dilations }) =>
    tf.conv2d(x, filter, strides, pad, 'NHWC', dilations),
  ),
  Conv2DBackpropInput: convolutions(
    (x, filter, { strides, pad }) => {
      const y = tf.conv2d(x, filter, strides, pad);
      return tf.conv2dTranspose(y, filter, x.shape, strides, pad as 'same');
    },
    ({ dilations }) => dilations === 1,
    [FEW],
  ),
  Conv2DBackpropFilter: convolutions(
    (x, filter, { strides, pad }) =>
      tf.grad((w: Tensor) => tf.conv2d(x, w as tf.Tensor4D, strides, pad))(filter),
    ({ dilations }) => dilations === 1,
  ),
  DepthwiseConv2dNative: depthwise((x, filter, { strides, pad, dilations }) =>
    tf.depthwiseConv2d(x, filter, strides, pad as 'same', 'NHWC', dilations),
  ),
  DepthwiseConv2dNativeBackpropInput: depthwise(
    (x, filter, { strides, pad }) =>
      tf.grad((image: Tensor) => tf.depthwiseConv2d(image as tf.Tensor4D, filter, strides, pad as 'same'))(x),
    ({ dilations }) => dilations === 1,
  ),
  DepthwiseConv2dNativeBackpropFilter: depthwise(
    (x, filter, { strides, pad }) =>
      tf.grad((w: Tensor) => tf.depthwiseConv2d(x, w as tf.Tensor4D, strides, pad as 'same'))(filter),
    ({ dilations }) => dilations === 1,
  ),
  MaxPool: pools(tf.maxPool),
  AvgPool: pools(tf.avgPool),
  MaxPoolGrad: pools((x, ...window) => squareGradient((y) => tf.maxPool(y as tf.Tensor4D, ...window))(x)),
  AvgPoolGrad: pools((x, ...window) => squareGradient((y) => tf.avgPool(y as tf.Tensor4D, ...window))(x)),
  ResizeBilinear: sizes((x, size, options) => tf.image.resizeBilinear(x, size, ...options)),
  ResizeBilinearGrad: sizes(
    (x, size, options) =>
      squareGradient((y) => tf.image.resizeBilinear(y as tf.Tensor4D, size, ...options))(x),
    SQUARE,
  ),
  ResizeNearestNeighbor: sizes((x, size, options) => tf.image.resizeNearestNeighbor(x, size, ...options)),
  ResizeNearestNeighborGrad: sizes(
    (x, size, options) =>
      squareGradient((y) => tf.image.resizeNearestNeighbor(y as tf.Tensor4D, size, ...options))(x),
    SQUARE,
  ),
  Fill: [{ inputs: [[2]], f: (x) => tf.add(x!, tf.fill([3, 2], 0.5)) }],
  Range: [{ inputs: [[2]], f: (x) => tf.concat([x!, tf.range(0, 3, 1, 'float32')]) }],
};
