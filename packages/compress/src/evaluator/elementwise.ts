import {
  cos,
  erf,
  exp,
  expm1,
  log,
  log1p,
  pow,
  roundHalfToEven,
  sigmoid,
  sin,
  softplus,
  tanh,
} from './functions';

type Unary = (x: number, a: number, b: number) => number;
type Binary = (a: number, b: number) => number;

const truth = (holds: boolean): number => (holds ? 1 : 0);
const SELU_ALPHA = 1.7580993408473768;
const SELU_SCALE = 1.0507009873554805;

/** Functions of one element, some with up to two parameters. Names are part of the format. */
export const UNARY = {
  abs: Math.abs,
  ceil: Math.ceil,
  clip: (x, low, high) => Math.min(high, Math.max(low, x)),
  cos,
  cosh: (x) => (exp(x) + exp(-x)) / 2,
  elu: (x) => (x >= 0 ? x : expm1(x)),
  erf,
  exp,
  expm1,
  floor: Math.floor,
  'is-finite': (x) => truth(Number.isFinite(x)),
  'is-infinite': (x) => truth(x === Infinity || x === -Infinity),
  'is-nan': (x) => truth(x !== x),
  'leaky-relu': (x, slope) => (x >= 0 ? x : slope * x),
  log,
  log1p,
  neg: (x) => -x,
  not: (x) => truth(x === 0),
  reciprocal: (x) => 1 / x,
  relu: (x) => (x < 0 ? 0 : x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  round: roundHalfToEven,
  rsqrt: (x) => 1 / Math.sqrt(x),
  selu: (x) => (x >= 0 ? SELU_SCALE * x : SELU_ALPHA * expm1(x)),
  sigmoid,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  sin,
  sinh: (x) => (exp(x) - exp(-x)) / 2,
  softplus,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  step: (x, slope) => (x > 0 ? 1 : x !== x ? x : slope),
  tanh,
  truncate: Math.trunc,
  truth: (x) => truth(x !== 0),
} satisfies Readonly<Record<string, Unary>>;

export type UnaryName = keyof typeof UNARY;

/** Functions of two elements. */
export const BINARY = {
  add: (a, b) => a + b,
  and: (a, b) => truth(a !== 0 && b !== 0),
  divide: (a, b) => a / b,
  equal: (a, b) => truth(a === b),
  'floor-divide': (a, b) => Math.floor(a / b),
  greater: (a, b) => truth(a > b),
  'greater-equal': (a, b) => truth(a >= b),
  less: (a, b) => truth(a < b),
  'less-equal': (a, b) => truth(a <= b),
  maximum: Math.max,
  minimum: Math.min,
  modulo: (a, b) => a - Math.floor(a / b) * b,
  multiply: (a, b) => a * b,
  'not-equal': (a, b) => truth(a !== b),
  or: (a, b) => truth(a !== 0 || b !== 0),
  pow,
  prelu: (x, slope) => (x >= 0 ? x : slope * x),
  'squared-difference': (a, b) => (a - b) * (a - b),
  subtract: (a, b) => a - b,
} satisfies Readonly<Record<string, Binary>>;

export type BinaryName = keyof typeof BINARY;
