import { EngineError, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import type { Attributes, GraphNode, GraphValue } from '@dgm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { BinaryName, UnaryName } from './elementwise';
import type { Operation, ReduceName, ValueSpec, Window } from './instruction';
import { stridesOf } from './loops';

/** Writes instructions: what a kernel of tfjs becomes. */
export interface Assembler {
  /** Adds an instruction that makes a new value. */
  emit(operation: Operation, inputs: readonly number[], spec: ValueSpec): number;
  /** A constant of one number. */
  scalar(value: number): number;
  spec(value: number): ValueSpec;
}

interface Call {
  readonly assembler: Assembler;
  readonly inputs: readonly number[];
  readonly shapes: readonly Shape[];
  readonly outputs: readonly ValueSpec[];
  readonly attributes: Attributes;
}

type Lower = (call: Call) => readonly number[];

const map =
  (fn: UnaryName, parameters: (attributes: Attributes) => readonly number[] = () => []): Lower =>
  ({ assembler, inputs, outputs, attributes }) => [
    assembler.emit({ op: 'map', fn, parameters: parameters(attributes) }, inputs, outputs[0]!),
  ];

const zip =
  (fn: BinaryName): Lower =>
  ({ assembler, inputs, outputs }) => [assembler.emit({ op: 'zip', fn }, inputs, outputs[0]!)];

const alias: Lower = ({ assembler, inputs, outputs }) => [
  assembler.emit({ op: 'alias' }, inputs.slice(0, 1), outputs[0]!),
];

const filled =
  (value: number): Lower =>
  ({ assembler, outputs }) => {
    const { shape, type } = outputs[0]!;
    const strides = shape.map(() => 0);
    const input = assembler.scalar(value);
    return [assembler.emit({ op: 'view', offset: 0, strides }, [input], { shape, type })];
  };

/** Elements of the input at an offset and strides of its own. */
function view({ assembler, inputs }: Call, spec: ValueSpec, strides: readonly number[], offset = 0): number {
  return assembler.emit({ op: 'view', offset, strides }, inputs.slice(0, 1), spec);
}

function permuted(assembler: Assembler, value: number, order: readonly number[]): number {
  const { shape, type } = assembler.spec(value);
  if (order.every((axis, index) => axis === index)) return value;
  const own = stridesOf(shape);
  const strides = order.map((axis) => own[axis]!);
  return assembler.emit({ op: 'view', offset: 0, strides }, [value], {
    shape: order.map((axis) => shape[axis]!),
    type,
  });
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, each, index) => sum + each * b[index]!, 0);

const axisOf = (attributes: Attributes, rank: number, name = 'axis'): number => {
  const axis = Number(attributes[name] ?? 0);
  return axis < 0 ? axis + rank : axis;
};

/** Consecutive parts along an axis, from each output's own start. */
function parts(call: Call, axis: number): readonly number[] {
  const own = stridesOf(call.shapes[0]!);
  let start = 0;
  return call.outputs.map((spec) => {
    const isCut = spec.shape.length === own.length;
    const strides = isCut ? own : own.filter((_, index) => index !== axis);
    const value = view(call, spec, strides, start * own[axis]!);
    start += isCut ? spec.shape[axis]! : 1;
    return value;
  });
}

/** Inputs one after the other along an axis of the output. */
function joined({ assembler, inputs, outputs }: Call, axis: number): readonly number[] {
  const stride = stridesOf(outputs[0]!.shape)[axis]!;
  let start = 0;
  const offsets = inputs.map((value) => {
    const offset = start * stride;
    start += assembler.spec(value).shape[axis]!;
    return offset;
  });
  return [assembler.emit({ op: 'place', offsets, fill: 0 }, inputs, outputs[0]!)];
}

const reduce =
  (fn: ReduceName, name = 'axis'): Lower =>
  (call) => {
    const { assembler, inputs, shapes, outputs, attributes } = call;
    const shape = shapes[0]!;
    const axes = tf.util.parseAxisParam(attributes[name] as number | number[], [...shape]);
    if (axes.length === 0) return alias(call);
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const ordered = permuted(assembler, inputs[0]!, [...kept, ...axes]);
    const size = sizeOf(axes.map((axis) => shape[axis]!));
    return [assembler.emit({ op: 'reduce', fn, size }, [ordered], outputs[0]!)];
  };

const scan =
  (fn: 'sum' | 'prod'): Lower =>
  ({ assembler, inputs, shapes, outputs, attributes }) => {
    const shape = shapes[0]!;
    const axis = axisOf(attributes, shape.length);
    const operation = {
      op: 'scan',
      fn,
      size: shape[axis]!,
      inner: sizeOf(shape.slice(axis + 1)),
      exclusive: attributes['exclusive'] === true,
      reverse: attributes['reverse'] === true,
    } as const;
    return [assembler.emit(operation, inputs, outputs[0]!)];
  };

const matMul: Lower = ({ assembler, inputs, shapes, outputs, attributes }) => {
  const matrix = (index: number, isTransposed: boolean): number => {
    const rank = shapes[index]!.length;
    const order = Array.from({ length: rank }, (_, axis) =>
      axis < rank - 2 ? axis : isTransposed ? 2 * rank - 3 - axis : axis,
    );
    return permuted(assembler, inputs[index]!, order);
  };
  const a = matrix(0, attributes['transposeA'] === true);
  const b = matrix(1, attributes['transposeB'] === true);
  const lead = outputs[0]!.shape.slice(0, -2);
  const batch = sizeOf(lead);
  const flat = (value: number, mayBeOne: boolean): number => {
    const { shape, type } = assembler.spec(value);
    const own = shape.slice(0, -2);
    const inner = shape.slice(-2);
    if (sizeOf(own) === batch || (mayBeOne && sizeOf(own) === 1)) {
      return assembler.emit({ op: 'alias' }, [value], { shape: [sizeOf(own), ...inner], type });
    }
    const strides = stridesOf(shape);
    const skipped = lead.length - own.length;
    const spread = lead.map((_, axis) =>
      axis < skipped || own[axis - skipped] === 1 ? 0 : strides[axis - skipped]!,
    );
    const whole = assembler.emit(
      { op: 'view', offset: 0, strides: [...spread, ...strides.slice(-2)] },
      [value],
      {
        shape: [...lead, ...inner],
        type,
      },
    );
    return assembler.emit({ op: 'alias' }, [whole], { shape: [batch, ...inner], type });
  };
  const spec = outputs[0]!;
  const flatSpec = { shape: [batch, ...spec.shape.slice(-2)], type: spec.type };
  const result = assembler.emit({ op: 'product' }, [flat(a, false), flat(b, true)], flatSpec);
  return [assembler.emit({ op: 'alias' }, [result], spec)];
};

/** $e^{l - \max l}$ over its sum. */
const softmax: Lower = ({ assembler, inputs, shapes, outputs, attributes }) => {
  const [logits] = inputs as [number];
  const shape = shapes[0]!;
  const last = shape.length - 1;
  const dim = Number(attributes['dim'] ?? -1);
  const axis = dim < 0 ? dim + shape.length : dim;
  if (axis !== last) throw unsupported('Softmax', 'over an axis that is not the last');
  const rows = { shape: [...shape.slice(0, -1), 1], type: 'float32' } as const;
  const spec = outputs[0]!;
  const fold = (fn: ReduceName, value: number) =>
    assembler.emit({ op: 'reduce', fn, size: shape[last]! }, [value], rows);
  const shifted = assembler.emit({ op: 'zip', fn: 'subtract' }, [logits, fold('max', logits)], spec);
  const powers = assembler.emit({ op: 'map', fn: 'exp', parameters: [] }, [shifted], spec);
  return [assembler.emit({ op: 'zip', fn: 'divide' }, [powers, fold('sum', powers)], spec)];
};

function windowOf(info: tf.backend_util.Conv2DInfo): Window {
  return {
    size: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
  };
}

type Size = [number, number, number, number];

function convolutionWindow(input: Shape, filter: Shape, attributes: Attributes, isDepthwise = false): Window {
  return windowOf(
    tf.backend_util.computeConv2DInfo(
      [...input] as Size,
      [...filter] as Size,
      attributes['strides'] as [number, number],
      (attributes['dilations'] as [number, number] | undefined) ?? 1,
      attributes['pad'] as 'same',
      attributes['dimRoundingMode'] as 'floor' | undefined,
      isDepthwise,
    ),
  );
}

const pool =
  (fn: 'max' | 'mean'): Lower =>
  ({ assembler, inputs, shapes, outputs, attributes }) => {
    const info = tf.backend_util.computePool2DInfo(
      [...shapes[0]!] as Size,
      attributes['filterSize'] as [number, number],
      attributes['strides'] as [number, number],
      1,
      attributes['pad'] as 'same',
      attributes['dimRoundingMode'] as 'floor' | undefined,
    );
    return [assembler.emit({ op: 'pool', fn, ...windowOf(info) }, inputs, outputs[0]!)];
  };

/** What each kernel of tfjs is in instructions. Those of gradients are left out: nothing is trained here. */
const kernels: Readonly<Record<string, Lower>> = {
  Abs: map('abs'),
  Ceil: map('ceil'),
  ClipByValue: map('clip', (attributes) => [
    Number(attributes['clipValueMin']),
    Number(attributes['clipValueMax']),
  ]),
  Cos: map('cos'),
  Cosh: map('cosh'),
  Elu: map('elu'),
  Erf: map('erf'),
  Exp: map('exp'),
  Expm1: map('expm1'),
  Floor: map('floor'),
  IsFinite: map('is-finite'),
  IsInf: map('is-infinite'),
  IsNan: map('is-nan'),
  LeakyRelu: map('leaky-relu', (attributes) => [Number(attributes['alpha'])]),
  Log: map('log'),
  Log1p: map('log1p'),
  LogicalNot: map('not'),
  Neg: map('neg'),
  Reciprocal: map('reciprocal'),
  Relu: map('relu'),
  Relu6: map('relu6'),
  Round: map('round'),
  Rsqrt: map('rsqrt'),
  Selu: map('selu'),
  Sigmoid: map('sigmoid'),
  Sign: map('sign'),
  Sin: map('sin'),
  Sinh: map('sinh'),
  Softplus: map('softplus'),
  Sqrt: map('sqrt'),
  Square: map('square'),
  Step: map('step', (attributes) => [Number(attributes['alpha'] ?? 0)]),
  Tanh: map('tanh'),
  OnesLike: filled(1),
  ZerosLike: filled(0),
  Cast: (call) => {
    const [from, to] = [call.assembler.spec(call.inputs[0]!).type, call.outputs[0]!.type];
    if (to === 'bool' && from !== 'bool') return map('truth')(call);
    return to === 'int32' && from === 'float32' ? map('truncate')(call) : alias(call);
  },

  Add: zip('add'),
  AddN: ({ assembler, inputs, outputs }) => [
    inputs.reduce((sum, each) => assembler.emit({ op: 'zip', fn: 'add' }, [sum, each], outputs[0]!)),
  ],
  Equal: zip('equal'),
  FloorDiv: zip('floor-divide'),
  Greater: zip('greater'),
  GreaterEqual: zip('greater-equal'),
  Less: zip('less'),
  LessEqual: zip('less-equal'),
  LogicalAnd: zip('and'),
  LogicalOr: zip('or'),
  Maximum: zip('maximum'),
  Minimum: zip('minimum'),
  Mod: zip('modulo'),
  Multiply: zip('multiply'),
  NotEqual: zip('not-equal'),
  Pow: zip('pow'),
  Prelu: zip('prelu'),
  RealDiv: zip('divide'),
  SquaredDifference: zip('squared-difference'),
  Sub: zip('subtract'),
  Select: ({ assembler, inputs, outputs }) => [assembler.emit({ op: 'select' }, inputs, outputs[0]!)],

  Identity: alias,
  Reshape: alias,
  ExpandDims: alias,
  Transpose: ({ assembler, inputs, attributes }) => [
    permuted(assembler, inputs[0]!, attributes['perm'] as number[]),
  ],
  Reverse: (call) => {
    const shape = call.shapes[0]!;
    const axes = tf.util.parseAxisParam(call.attributes['dims'] as number[], [...shape]);
    const own = stridesOf(shape);
    const strides = own.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    return [
      view(
        call,
        call.outputs[0]!,
        strides,
        dot(
          axes.map((axis) => own[axis]!),
          axes.map((axis) => shape[axis]! - 1),
        ),
      ),
    ];
  },
  Slice: (call) => {
    const source = { rank: call.shapes[0]!.length, shape: [...call.shapes[0]!] } as unknown as tf.Tensor;
    const [begin] = tf.slice_util.parseSliceParams(
      source,
      call.attributes['begin'] as number[],
      call.attributes['size'] as number[],
    );
    const own = stridesOf(call.shapes[0]!);
    return [view(call, call.outputs[0]!, own, dot(begin!, own))];
  },
  StridedSlice: (call) => {
    const { attributes, assembler } = call;
    const mask = (name: string) => Number(attributes[name] ?? 0);
    const { begin, strides, finalShapeSparse, finalShape } = tf.slice_util.sliceInfo(
      [...call.shapes[0]!],
      attributes['begin'] as number[],
      attributes['end'] as number[],
      attributes['strides'] as number[],
      mask('beginMask'),
      mask('endMask'),
      mask('ellipsisMask'),
      mask('newAxisMask'),
      mask('shrinkAxisMask'),
    );
    const own = stridesOf(call.shapes[0]!);
    const { type } = call.outputs[0]!;
    const whole = { shape: finalShapeSparse, type };
    const taken = view(
      call,
      whole,
      own.map((stride, axis) => stride * strides[axis]!),
      dot(begin, own),
    );
    return [assembler.emit({ op: 'alias' }, [taken], { shape: finalShape, type })];
  },
  Tile: (call) => {
    const repeats = call.attributes['reps'] as number[];
    const own = stridesOf(call.shapes[0]!);
    const shape = call.shapes[0]!.flatMap((size, axis) => [repeats[axis]!, size]);
    const strides = own.flatMap((stride) => [0, stride]);
    const tiled = view(call, { shape, type: call.outputs[0]!.type }, strides);
    return [call.assembler.emit({ op: 'alias' }, [tiled], call.outputs[0]!)];
  },
  PadV2: ({ assembler, inputs, outputs, attributes }) => {
    const before = (attributes['paddings'] as [number, number][]).map(([first]) => first);
    const offsets = [dot(before, stridesOf(outputs[0]!.shape))];
    const fill = Number(attributes['constantValue']);
    return [assembler.emit({ op: 'place', offsets, fill }, inputs, outputs[0]!)];
  },
  Concat: (call) => joined(call, axisOf(call.attributes, call.outputs[0]!.shape.length)),
  Pack: (call) => {
    const { assembler, inputs, outputs, attributes } = call;
    const axis = axisOf(attributes, outputs[0]!.shape.length);
    const shape = outputs[0]!.shape.map((size, index) => (index === axis ? 1 : size));
    const rows = inputs.map((value) =>
      assembler.emit({ op: 'alias' }, [value], { shape, type: assembler.spec(value).type }),
    );
    return joined({ ...call, inputs: rows }, axis);
  },
  Unpack: (call) => parts(call, axisOf(call.attributes, call.shapes[0]!.length)),
  SplitV: (call) => parts(call, axisOf(call.attributes, call.shapes[0]!.length)),

  Sum: reduce('sum'),
  Mean: reduce('mean'),
  Prod: reduce('prod'),
  Max: reduce('max', 'reductionIndices'),
  Min: reduce('min'),
  All: reduce('min'),
  Any: reduce('max'),
  ArgMax: reduce('arg-max'),
  ArgMin: reduce('arg-min'),
  Cumsum: scan('sum'),
  Cumprod: scan('prod'),
  Softmax: softmax,

  BatchMatMul: matMul,
  Conv2D: ({ assembler, inputs, shapes, outputs, attributes }) => {
    const window = convolutionWindow(shapes[0]!, shapes[1]!, attributes);
    return [assembler.emit({ op: 'convolution', ...window }, inputs, outputs[0]!)];
  },
  Conv2DBackpropInput: ({ assembler, inputs, shapes, outputs, attributes }) => {
    const window = convolutionWindow(outputs[0]!.shape, shapes[1]!, attributes);
    return [assembler.emit({ op: 'transposed-convolution', ...window }, inputs, outputs[0]!)];
  },
  DepthwiseConv2dNative: ({ assembler, inputs, shapes, outputs, attributes }) => {
    const window = convolutionWindow(shapes[0]!, shapes[1]!, attributes, true);
    return [assembler.emit({ op: 'depthwise-convolution', ...window }, inputs, outputs[0]!)];
  },
  MaxPool: pool('max'),
  AvgPool: pool('mean'),

  OneHot: ({ assembler, inputs, outputs, attributes }) => {
    const operation = {
      op: 'one-hot',
      on: Number(attributes['onValue'] ?? 1),
      off: Number(attributes['offValue'] ?? 0),
    } as const;
    return [assembler.emit(operation, inputs, outputs[0]!)];
  },
  GatherV2: ({ assembler, inputs, shapes, outputs, attributes }) => {
    const axis = axisOf(attributes, shapes[0]!.length);
    const size = shapes[0]![axis]!;
    const inner = sizeOf(shapes[0]!.slice(axis + 1));
    return [assembler.emit({ op: 'gather', size, inner }, inputs, outputs[0]!)];
  },
};

/** The instructions of one node of a captured graph; gives the values of its outputs. */
export function lowerNode(
  node: GraphNode,
  inputs: readonly number[],
  assembler: Assembler,
): readonly number[] {
  const lower = kernels[node.kernel];
  if (lower === undefined) throw unsupported(node.kernel, 'without such a form');
  const outputs = node.outputs.map(specOf);
  return lower({
    assembler,
    inputs,
    shapes: node.inputs.map(({ shape }) => shape),
    outputs,
    attributes: node.attributes,
  });
}

export function specOf({ shape, dtype }: GraphValue): ValueSpec {
  return { shape, type: dtype };
}

function unsupported(kernel: string, actual: string): EngineError {
  return new EngineError({
    where: 'traceProgram',
    argument: `the kernel ${kernel}`,
    expected: 'to have a form whose bits are the same on every machine',
    actual: `one ${actual}`,
    remedy: 'write the function with other ops',
  });
}
