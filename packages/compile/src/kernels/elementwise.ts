import { broadcastShapes } from '@dgm/core';
import type { DType } from '../graph/graph';
import type { Kernel, KernelTable, LoweringCall } from './kernel';

type Write = (call: LoweringCall) => string;

const onnx =
  (op: string): Write =>
  ({ onnx, names }) =>
    onnx.node(op, names);

function unary(write: Write, dtype?: DType): Kernel {
  return {
    inputs: ['x'],
    infer: ([x]) => [{ shape: x!.shape, dtype: dtype ?? x!.dtype }],
    lower: (call) => [write(call)],
  };
}

function binary(write: Write, dtype?: DType): Kernel {
  return {
    inputs: ['a', 'b'],
    infer: ([a, b]) => [{ shape: broadcastShapes(a!.shape, b!.shape), dtype: dtype ?? a!.dtype }],
    lower: (call) => [write(call)],
  };
}

/** ONNX compares into bool; some comparisons are the negation of another. */
const negated =
  (op: string): Write =>
  ({ onnx, names }) =>
    onnx.node('Not', [onnx.node(op, names)]);

/** x and constants of its own type. */
const withConstants =
  (op: string, ...constants: number[]): Write =>
  ({ onnx, names, inputs }) =>
    onnx.node(op, [names[0]!, ...constants.map((value) => onnx.scalar(value, inputs[0]!.dtype))]);

export const elementwiseKernels: KernelTable = {
  Abs: unary(onnx('Abs')),
  Acos: unary(onnx('Acos')),
  Acosh: unary(onnx('Acosh')),
  Asin: unary(onnx('Asin')),
  Asinh: unary(onnx('Asinh')),
  Atan: unary(onnx('Atan')),
  Atanh: unary(onnx('Atanh')),
  Ceil: unary(onnx('Ceil')),
  Cos: unary(onnx('Cos')),
  Cosh: unary(onnx('Cosh')),
  Elu: unary(onnx('Elu')),
  Erf: unary(onnx('Erf')),
  Exp: unary(onnx('Exp')),
  Expm1: unary(({ onnx, names }) => {
    // tanh(x / 2) (exp(x) + 1): keeps the digits near 0 that exp(x) - 1 loses.
    const half = onnx.node('Tanh', [onnx.node('Mul', [names[0]!, onnx.scalar(0.5, 'float32')])]);
    return onnx.node('Mul', [half, onnx.node('Add', [onnx.node('Exp', names), onnx.scalar(1, 'float32')])]);
  }),
  Floor: unary(onnx('Floor')),
  IsInf: unary(onnx('IsInf'), 'bool'),
  IsNan: unary(onnx('IsNaN'), 'bool'),
  IsFinite: unary(
    ({ onnx, names }) =>
      onnx.node('Not', [onnx.node('Or', [onnx.node('IsInf', names), onnx.node('IsNaN', names)])]),
    'bool',
  ),
  Log: unary(onnx('Log')),
  Log1p: unary(({ onnx, names }) => {
    // x log(u) / (u - 1) with u = 1 + x rounded: the rounding cancels (Higham, 2002, §1.14.1).
    const one = onnx.scalar(1, 'float32');
    const u = onnx.node('Add', [names[0]!, one]);
    const isTiny = onnx.node('Equal', [u, one]);
    const isInfinite = onnx.node('IsInf', [u]);
    const corrected = onnx.node('Mul', [
      onnx.node('Log', [u]),
      onnx.node('Div', [names[0]!, onnx.node('Sub', [u, one])]),
    ]);
    return onnx.node('Where', [onnx.node('Or', [isTiny, isInfinite]), names[0]!, corrected]);
  }),
  LogicalNot: unary(onnx('Not'), 'bool'),
  Neg: unary(onnx('Neg')),
  Reciprocal: unary(onnx('Reciprocal')),
  Relu: unary(onnx('Relu')),
  Relu6: unary(withConstants('Clip', 0, 6)),
  Round: unary(onnx('Round')),
  Rsqrt: unary(({ onnx, names }) => onnx.node('Reciprocal', [onnx.node('Sqrt', names)])),
  Selu: unary(onnx('Selu')),
  Sigmoid: unary(onnx('Sigmoid')),
  Sign: unary(onnx('Sign')),
  Sin: unary(onnx('Sin')),
  Sinh: unary(onnx('Sinh')),
  Softplus: unary(onnx('Softplus')),
  Sqrt: unary(onnx('Sqrt')),
  Square: unary(({ onnx, names }) => onnx.node('Mul', [names[0]!, names[0]!])),
  Step: unary(({ onnx, names, attributes }) => {
    const alpha = Number(attributes['alpha'] ?? 0);
    const [zero, one, low, large] = [0, 1, alpha, 3e38].map((value) => onnx.scalar(value, 'float32'));
    if (alpha < 0 || alpha > 1)
      return onnx.node('Where', [onnx.node('Greater', [names[0]!, zero!]), one!, low!]);
    // A large multiple, clipped, costs less than a comparison and a choice. Only denormal numbers end up in between.
    return onnx.node('Clip', [onnx.node('Mul', [names[0]!, large!]), low!, one!]);
  }),
  Tan: unary(onnx('Tan')),
  Tanh: unary(onnx('Tanh')),
  Identity: unary(({ names }) => names[0]!),
  OnesLike: unary(({ onnx, outputs }) =>
    onnx.node('Expand', [onnx.scalar(1, outputs[0]!.dtype), onnx.int64(outputs[0]!.shape)]),
  ),
  ZerosLike: unary(({ onnx, outputs }) =>
    onnx.node('Expand', [onnx.scalar(0, outputs[0]!.dtype), onnx.int64(outputs[0]!.shape)]),
  ),
  LeakyRelu: unary(({ onnx, names, attributes }) =>
    onnx.node('LeakyRelu', names, { alpha: { float: Number(attributes['alpha']) } }),
  ),
  ClipByValue: unary(({ onnx, names, attributes }) =>
    onnx.node('Clip', [
      names[0]!,
      onnx.scalar(Number(attributes['clipValueMin']), 'float32'),
      onnx.scalar(Number(attributes['clipValueMax']), 'float32'),
    ]),
  ),
  Cast: {
    inputs: ['x'],
    infer: ([x], attributes) => [{ shape: x!.shape, dtype: attributes['dtype'] as DType }],
    lower: ({ onnx, names, inputs, outputs }) => [
      inputs[0]!.dtype === outputs[0]!.dtype ? names[0]! : onnx.cast(names[0]!, outputs[0]!.dtype),
    ],
  },

  Add: binary(onnx('Add')),
  Sub: binary(onnx('Sub')),
  Multiply: binary(onnx('Mul')),
  RealDiv: binary(onnx('Div')),
  Maximum: binary(onnx('Max')),
  Minimum: binary(onnx('Min')),
  Pow: binary(onnx('Pow')),
  Mod: binary(({ onnx, names, inputs }) => {
    // tfjs's remainder has the sign of the divisor, and the runtime's too, but that is for integers.
    if (inputs[0]!.dtype === 'int32') return onnx.node('Mod', names);
    const quotient = onnx.node('Floor', [onnx.node('Div', names)]);
    return onnx.node('Sub', [names[0]!, onnx.node('Mul', [quotient, names[1]!])]);
  }),
  FloorDiv: binary(({ onnx, names, inputs }) => {
    const operands = names.map((name, index) =>
      inputs[index]!.dtype === 'float32' ? name : onnx.cast(name, 'float32'),
    );
    return onnx.cast(onnx.node('Floor', [onnx.node('Div', operands)]), 'int32');
  }, 'int32'),
  EluGrad: {
    inputs: ['dy', 'y'],
    infer: ([dy]) => [{ shape: dy!.shape, dtype: dy!.dtype }],
    lower: ({ onnx, names }) => {
      const isLinear = onnx.node('GreaterOrEqual', [names[1]!, onnx.scalar(0, 'float32')]);
      const curved = onnx.node('Mul', [names[0]!, onnx.node('Add', [names[1]!, onnx.scalar(1, 'float32')])]);
      return [onnx.node('Where', [isLinear, names[0]!, curved])];
    },
  },
  SquaredDifference: binary(({ onnx, names }) => {
    const difference = onnx.node('Sub', names);
    return onnx.node('Mul', [difference, difference]);
  }),
  Equal: binary(onnx('Equal'), 'bool'),
  NotEqual: binary(negated('Equal'), 'bool'),
  Greater: binary(onnx('Greater'), 'bool'),
  GreaterEqual: binary(onnx('GreaterOrEqual'), 'bool'),
  Less: binary(onnx('Less'), 'bool'),
  LessEqual: binary(onnx('LessOrEqual'), 'bool'),
  LogicalAnd: binary(onnx('And'), 'bool'),
  LogicalOr: binary(onnx('Or'), 'bool'),
  Prelu: {
    inputs: ['x', 'alpha'],
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: ({ onnx, names }) => [onnx.node('PRelu', names)],
  },
  Select: {
    inputs: ['condition', 't', 'e'],
    infer: ([, t]) => [{ shape: t!.shape, dtype: t!.dtype }],
    lower: ({ onnx, names, inputs, outputs }) => {
      // A condition of lower rank picks along the first axis.
      const [condition] = inputs;
      const { shape: full } = outputs[0]!;
      const shape = [...condition!.shape, ...full.slice(condition!.shape.length).map(() => 1)];
      const asked = condition!.dtype === 'bool' ? names[0]! : onnx.cast(names[0]!, 'bool');
      const mask = shape.length === condition!.shape.length ? asked : onnx.reshape(asked, shape);
      return [onnx.node('Where', [mask, names[1]!, names[2]!])];
    },
  },
  AddN: {
    inputs: 'list',
    infer: ([first]) => [{ shape: first!.shape, dtype: first!.dtype }],
    lower: ({ onnx, names }) => [onnx.node('Sum', names)],
  },
};
