import { DgmError, erf, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { readModelFile, writeModelFile } from '../files/model-file';
import { Program } from './program';
import { traceProgram } from './trace';
import type { TracedFunction } from './trace';

type Shapes = Readonly<Record<string, readonly number[]>>;

/** A function of tensors x, y, ... of these shapes; one of them per kernel, and where kernels have cases, per case. */
const functions: Readonly<Record<string, [Shapes, (inputs: Record<string, Tensor>) => Tensor]>> = {
  abs: [{ x: [4] }, ({ x }) => tf.abs(x!)],
  ceil: [{ x: [4] }, ({ x }) => tf.ceil(x!)],
  clip: [{ x: [4] }, ({ x }) => tf.clipByValue(x!, -0.5, 0.5)],
  'cos and sin': [{ x: [4] }, ({ x }) => tf.add(tf.cos(x!), tf.sin(x!))],
  'cosh and sinh': [{ x: [4] }, ({ x }) => tf.sub(tf.cosh(x!), tf.sinh(x!))],
  elu: [{ x: [6] }, ({ x }) => tf.elu(x!)],
  selu: [{ x: [6] }, ({ x }) => tf.selu(x!)],
  erf: [{ x: [6] }, ({ x }) => erf(x!)],
  'exp and expm1': [{ x: [6] }, ({ x }) => tf.add(tf.exp(x!), tf.expm1(x!))],
  floor: [{ x: [6] }, ({ x }) => tf.floor(x!)],
  'finiteness, infinity and NaN': [
    { x: [3] },
    ({ x }) => {
      const y = tf.div(x!, tf.tensor1d([0, 1, 1]));
      return tf.stack(
        [tf.isInf(y), tf.isNaN(tf.sub(y, y)), tf.isFinite(y)].map((m) => tf.cast(m, 'float32')),
      );
    },
  ],
  'leaky relu and prelu': [
    { x: [2, 3] },
    ({ x }) => tf.add(tf.leakyRelu(x!, 0.1), tf.prelu(x!, tf.tensor1d([0.1, 0.2, 0.3]))),
  ],
  'logarithms of squares': [{ x: [6] }, ({ x }) => tf.add(tf.log(tf.square(x!)), tf.log1p(tf.square(x!)))],
  'neg, reciprocal and sign': [{ x: [6] }, ({ x }) => tf.add(tf.neg(tf.reciprocal(x!)), tf.sign(x!))],
  relus: [{ x: [6] }, ({ x }) => tf.add(tf.relu(x!), tf.relu6(tf.mul(x!, 10)))],
  round: [{ x: [6] }, ({ x }) => tf.round(tf.mul(x!, 4))],
  roots: [{ x: [6] }, ({ x }) => tf.add(tf.sqrt(tf.abs(x!)), tf.rsqrt(tf.abs(x!)))],
  sigmoids: [{ x: [6] }, ({ x }) => tf.add(tf.add(tf.sigmoid(x!), tf.tanh(x!)), tf.softplus(x!))],
  step: [{ x: [6] }, ({ x }) => tf.step(x!, 0.25)],
  likes: [{ x: [6] }, ({ x }) => tf.add(tf.onesLike(x!), tf.zerosLike(x!))],
  'casts to int32, bool and back': [
    { x: [6] },
    ({ x }) => {
      const whole = tf.cast(tf.mul(x!, 3), 'int32');
      return tf.add(tf.cast(whole, 'float32'), tf.cast(tf.cast(whole, 'bool'), 'float32'));
    },
  ],
  'arithmetic with broadcasting': [
    { x: [2, 1, 3], y: [4, 1] },
    ({ x, y }) => tf.div(tf.sub(tf.mul(x!, y!), tf.add(y!, x!)), tf.add(tf.abs(y!), 1)),
  ],
  'a scalar on the left': [{ x: [2, 3] }, ({ x }) => tf.sub(tf.scalar(2), x!)],
  'extremes and powers': [
    { x: [6], y: [6] },
    ({ x, y }) => tf.add(tf.maximum(x!, y!), tf.mul(tf.minimum(x!, y!), tf.pow(tf.abs(x!), y!))),
  ],
  'squared difference': [{ x: [6], y: [6] }, ({ x, y }) => tf.squaredDifference(x!, y!)],
  remainders: [
    { x: [6] },
    ({ x }) => tf.add(tf.mod(tf.mul(x!, 5), 2), tf.cast(tf.floorDiv(tf.mul(x!, 9), tf.scalar(2)), 'float32')),
  ],
  comparisons: [
    { x: [6], y: [6] },
    ({ x, y }) =>
      tf.addN(
        [tf.greater, tf.greaterEqual, tf.less, tf.lessEqual, tf.equal, tf.notEqual].map((compare, index) =>
          tf.mul(tf.cast(compare(x!, y!), 'float32'), 2 ** index),
        ),
      ),
  ],
  logic: [
    { x: [6], y: [6] },
    ({ x, y }) => {
      const [a, b] = [tf.greater(x!, 0), tf.greater(y!, 0)];
      const all = [tf.logicalAnd(a, b), tf.logicalOr(a, b), tf.logicalNot(a)];
      return tf.stack(all.map((mask) => tf.cast(mask, 'float32')));
    },
  ],
  where: [{ x: [2, 3], y: [3] }, ({ x, y }) => tf.where(tf.greater(x!, 0), x!, y!)],
  'shapes and transposes': [
    { x: [2, 3, 4] },
    ({ x }) => tf.reshape(tf.transpose(tf.expandDims(x!, 1), [3, 0, 2, 1]), [4, 6]),
  ],
  reverse: [{ x: [2, 3, 4] }, ({ x }) => tf.reverse(x!, [0, 2])],
  slice: [{ x: [4, 5] }, ({ x }) => tf.slice(x!, [1, 2], [-1, 2])],
  'slice of long stretches': [{ x: [3, 4, 50] }, ({ x }) => tf.slice(x!, [0, 1, 0], [-1, 3, -1])],
  'concat of long stretches': [
    { x: [2, 3, 50], y: [2, 2, 50] },
    ({ x, y }) => tf.concat([x!, tf.slice(y!, [0, 1, 0], [-1, 1, -1]), y!], 1),
  ],
  'strided slice': [{ x: [4, 5] }, ({ x }) => tf.stridedSlice(x!, [3, 0], [0, 5], [-2, 2])],
  tile: [{ x: [2, 3] }, ({ x }) => tf.tile(x!, [2, 3])],
  pad: [{ x: [2, 3] }, ({ x }) => tf.pad(x!, [[1, 0], [2, 1]], 7)], // prettier-ignore
  concat: [{ x: [2, 3], y: [2, 1] }, ({ x, y }) => tf.concat([x!, y!, x!], 1)],
  stack: [{ x: [2, 3], y: [2, 3] }, ({ x, y }) => tf.stack([x!, y!], 1)],
  unstack: [{ x: [2, 3] }, ({ x }) => tf.add(...(tf.unstack(x!, 1).slice(1) as [Tensor, Tensor]))],
  split: [{ x: [2, 5] }, ({ x }) => tf.concat(tf.split(x!, [1, 3, 1], 1).reverse(), 1)],
  sums: [{ x: [2, 3, 4] }, ({ x }) => tf.add(tf.sum(x!, [0, 2]), tf.mean(x!, [2, 0]))],
  'a sum that keeps axes': [{ x: [2, 3, 4] }, ({ x }) => tf.sum(x!, 1, true)],
  products: [{ x: [2, 3] }, ({ x }) => tf.prod(x!, 1)],
  'largest and smallest': [{ x: [3, 4] }, ({ x }) => tf.add(tf.max(x!, 0), tf.min(x!, 0))],
  'all and any': [
    { x: [3, 4] },
    ({ x }) => {
      const mask = tf.greater(x!, -0.5);
      return tf.add(tf.cast(tf.all(mask, 1), 'float32'), tf.mul(2, tf.cast(tf.any(mask, 1), 'float32')));
    },
  ],
  'places of extremes': [
    { x: [3, 4] },
    ({ x }) => tf.cast(tf.add(tf.argMax(x!, 1), tf.mul(tf.argMin(x!, 1), tf.scalar(10, 'int32'))), 'float32'),
  ],
  cumsum: [{ x: [2, 3, 2] }, ({ x }) => tf.add(tf.cumsum(x!, 1), tf.cumsum(x!, 1, true, true))],
  cumprod: [{ x: [2, 3] }, ({ x }) => tf.cumprod(x!, 1)],
  softmax: [{ x: [2, 3] }, ({ x }) => tf.softmax(x!)],
  'log softmax': [{ x: [2, 3] }, ({ x }) => tf.logSoftmax(x!)],
  'matrix product': [{ x: [2, 5], y: [5, 3] }, ({ x, y }) => tf.matMul(x!, y!)],
  'product of transposes': [{ x: [5, 2], y: [3, 5] }, ({ x, y }) => tf.matMul(x!, y!, true, true)],
  'product of batches': [{ x: [2, 3, 4], y: [2, 4, 5] }, ({ x, y }) => tf.matMul(x!, y!)],
  'product with a shared matrix': [
    { x: [2, 2, 3, 4], y: [1, 1, 5, 4] },
    ({ x, y }) => tf.matMul(x!, y!, false, true),
  ],
  'product of batches that broadcast': [{ x: [2, 2, 3, 4], y: [2, 4, 5] }, ({ x, y }) => tf.matMul(x!, y!)],
  convolution: [
    { x: [2, 5, 4, 3], y: [3, 2, 3, 2] },
    ({ x, y }) => tf.conv2d(x as tf.Tensor4D, y as tf.Tensor4D, [2, 1], 'same'),
  ],
  'dilated convolution': [
    { x: [1, 6, 6, 2], y: [2, 2, 2, 3] },
    ({ x, y }) => tf.conv2d(x as tf.Tensor4D, y as tf.Tensor4D, 1, 'valid', 'NHWC', 2),
  ],
  'transposed convolution': [
    { x: [2, 3, 3, 2], y: [3, 3, 4, 2] },
    ({ x, y }) => tf.conv2dTranspose(x as tf.Tensor4D, y as tf.Tensor4D, [2, 6, 6, 4], 2, 'same'),
  ],
  'depthwise convolution': [
    { x: [2, 4, 4, 3], y: [3, 3, 3, 2] },
    ({ x, y }) => tf.depthwiseConv2d(x as tf.Tensor4D, y as tf.Tensor4D, 1, 'same'),
  ],
  pools: [
    { x: [2, 4, 4, 3] },
    ({ x }) => tf.add(tf.maxPool(x as tf.Tensor4D, 2, 2, 'same'), tf.avgPool(x as tf.Tensor4D, 2, 2, 'same')),
  ],
  gather: [{ x: [2, 3, 2] }, ({ x }) => tf.gather(x!, tf.tensor1d([2, 0, 0, 1], 'int32'), 1)],
  'one hot': [
    { x: [4] },
    ({ x }) => tf.cast(tf.oneHot(tf.cast(tf.mul(tf.abs(x!), 3), 'int32'), 4, 5, -1), 'float32'),
  ],
};

describe.each(Object.entries(functions))('traceProgram: %s', (_, [shapes, fn]) => {
  it('gives the values of the tensors', () => {
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, Key.of(1).fold(name).normal(shape)]),
    );
    const before = tf.memory().numTensors;
    const program = traceProgram(
      (tensors) => ({ result: fn(tensors) }),
      Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }])),
    );
    expect(tf.memory().numTensors).toBe(before);
    const numbers = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, x.dataSync()]));
    // Twice: memory that is reused has to be written anew.
    program.run(numbers);
    const { result } = program.run(numbers);
    const expected = tf.tidy(() => fn(inputs).dataSync());
    expect(result!.length).toBe(expected.length);
    result!.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
    // Its file is found sound, and gives the same numbers.
    const file = writeModelFile({ method: '', settings: {}, programs: { program } });
    expect(readModelFile(file).programs['program']!.run(numbers)['result']).toEqual(result);
    tf.dispose(inputs);
  });
});

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('traceProgram', () => {
  it('takes the present values of variables, and constants of one number once', () => {
    const w = tf.variable(tf.tensor1d([2, 3]));
    const program = traceProgram(({ x }) => ({ y: tf.add(tf.mul(x!, w), tf.ones([4, 2])) }), {
      x: { shape: [4, 2] },
    });
    expect(program).toBeInstanceOf(Program);
    expect([...program.parts.constants.values()].map(({ length }) => length)).toEqual([2, 1]);
    w.assign(tf.tensor1d([0, 0]));
    expect([...program.run({ x: new Array(8).fill(1) })['y']!]).toEqual([3, 4, 3, 4, 3, 4, 3, 4]);
    w.dispose();
  });

  it('hands an input that is an output out as a copy', () => {
    const program = traceProgram(({ a, b }) => ({ a: b!, b: a! }), { a: { shape: [2] }, b: { shape: [2] } });
    const once = program.run({ a: [1, 2], b: [3, 4] });
    const twice = program.run(once);
    expect([[...twice['a']!], [...twice['b']!]]).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  });

  it('reads an index that is out of range as NaN', () => {
    const program = traceProgram(({ x, i }) => ({ y: tf.gather(x!, i as tf.Tensor1D) }), {
      x: { shape: [3] },
      i: { shape: [2], dtype: 'int32' },
    });
    expect([...program.run({ x: [5, 6, 7], i: [1, 3] })['y']!]).toEqual([6, NaN]);
  });

  const square: TracedFunction = ({ x }) => ({ y: tf.square(x!) });
  it.each([
    [
      'a function that draws',
      () =>
        traceProgram(
          () => ({
            y: Key.of(0)
              .traced(() => tf.zeros([1]))
              .normal([1]),
          }),
          {},
        ),
      'none',
    ],
    [
      'a function that reads a value',
      () => traceProgram(({ x }) => ({ y: tf.scalar(x!.dataSync()[0]!) }), { x: { shape: [] } }),
      'unsupported',
    ],
    [
      'a kernel without such a form',
      () => traceProgram(({ x }) => ({ y: tf.acos(x!) }), { x: { shape: [2] } }),
      'engine',
    ],
    ['a missing input', () => traceProgram(square, { x: { shape: [2] } }).run({}), 'shape'],
    ['too few numbers', () => traceProgram(square, { x: { shape: [2] } }).run({ x: [1] }), 'shape'],
    [
      'an unknown input',
      () => traceProgram(square, { x: { shape: [2] } }).run({ x: [1, 2], z: [1] }),
      'argument',
    ],
  ])('judges %s', (_, act, code) => expect(failure(act)).toBe(code));
});
