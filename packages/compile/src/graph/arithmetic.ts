/** What elementwise kernels of one input do to a number; the result is to be rounded to float32. */
export const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Abs: Math.abs,
  Cast: (x) => x,
  Exp: Math.exp,
  Log: Math.log,
  Neg: (x) => -x,
  OnesLike: () => 1,
  Reciprocal: (x) => 1 / x,
  Sqrt: Math.sqrt,
  Square: (x) => x * x,
  Tanh: Math.tanh,
  ZerosLike: () => 0,
};

/** The same for kernels of two inputs. */
export const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Maximum: Math.max,
  Minimum: Math.min,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Sub: (a, b) => a - b,
};
