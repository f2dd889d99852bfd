import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { processorPasses, simplify, tune } from '../src/passes/simplify';
import { captured, describePass as describeNamed, kernelsOf } from './support/describe-pass';
import type { PassCase } from './support/describe-pass';

function describePass(name: string, cases: Readonly<Record<string, PassCase>>): void {
  describeNamed(
    processorPasses.find((pass) => pass.name === name)!,
    cases,
  );
}

const MANY = [8, 9, 5];
const COLUMN = [8, 9, 1];
const classes = (x: tf.Tensor) => tf.cast(tf.abs(tf.round(x)), 'int32') as Tensor1D;

describePass('one-hot-by-product', {
  'an index of many': {
    f: (x) => tf.oneHot(classes(x!), 5, 1, 0, 'float32'),
    inputs: [[8, 9]],
    left: ['Round', 'Abs', 'Cast', 'Reshape', 'Cast', 'BatchMatMul', 'Equal', 'Cast', 'Reshape'],
  },
  'few, or other values': {
    f: (x) => tf.oneHot(classes(x!), 5, 2, 1, 'float32'),
    inputs: [[8, 9]],
    left: ['Round', 'Abs', 'Cast', 'OneHot'],
  },
});

describePass('flatten-rows', {
  'elementwise with itself, a column and a number': {
    f: (x, column) => tf.mul(tf.sub(x!, column!), 2),
    inputs: [MANY, COLUMN],
    left: ['Reshape', 'Reshape', 'Sub', 'Reshape', 'Reshape', 'Multiply', 'Reshape'],
  },
  'a reduction of the rows, with or without its axis': {
    f: (x) => tf.concat([tf.max(x!, -1, true), tf.expandDims(tf.sum(x!, 2), 2)], 2),
    inputs: [MANY],
    left: ['Reshape', 'Max', 'Reshape', 'Reshape', 'Sum', 'Reshape', 'ExpandDims', 'Concat'],
  },
  'not the other axes, and not what broadcasts along them': {
    f: (x, row) => tf.sum(tf.add(x!, row!), [0, 1]),
    inputs: [MANY, [5]],
    left: ['Add', 'Sum'],
  },
});

describePass('spread-by-product', {
  'a sum and a difference are products': {
    f: (x, column) => tf.add(tf.sub(x!, column!), column!),
    inputs: [
      [72, 5],
      [72, 1],
    ],
    left: ['BatchMatMul', 'BatchMatMul'],
  },
  'whatever else there is between a product and its operand': {
    f: (x, column) => tf.div(column!, tf.mul(x!, tf.sub(column!, x!))),
    inputs: [
      [72, 5],
      [72, 1],
    ],
    left: ['BatchMatMul', 'BatchMatMul', 'Sub', 'Multiply', 'RealDiv'],
  },
  'not for long rows or for few of them': {
    f: (x, column) => tf.sub(x!, column!),
    inputs: [
      [72, 64],
      [72, 1],
    ],
    left: ['Sub'],
  },
});

describePass('sum-by-product', {
  'of the rows of a matrix': { f: (x) => tf.sum(x!, 0), inputs: [[12, 5]], left: ['BatchMatMul'] },
  'over several leading axes, which stay': {
    f: (x) => tf.sum(x!, [1, 0], true),
    inputs: [MANY],
    left: ['Reshape', 'BatchMatMul', 'Reshape'],
  },
  'not over the last one': { f: (x) => tf.sum(x!, -1), inputs: [MANY], left: ['Sum'] },
  'not over all': { f: (x) => tf.sum(x!), inputs: [[12, 5]], left: ['Sum'] },
});

describe('all passes for a processor', () => {
  const softmaxGradient: PassCase = {
    f: tf.grad((x) => tf.sum(tf.square(tf.logSoftmax(x)))),
    inputs: [MANY],
    left: [],
  };

  test('leave Reshapes where the gradient of a softmax begins, ends, and has one number a row', () => {
    const graph = tune(simplify(captured(softmaxGradient)), 'cpu');
    const kernels = kernelsOf(graph);
    expect(kernels.filter((kernel) => kernel === 'Reshape').length).toBe(4);
    expect(kernels.filter((kernel) => kernel === 'BatchMatMul').length).toBeGreaterThan(1);
  });

  test('convolve in the frequency domain where that is less work: numbers in src/passes/spectral', () => {
    const convolution = (...inputs: (readonly number[])[]) =>
      kernelsOf(
        tune(
          simplify(
            captured({
              f: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'),
              inputs,
              left: [],
            }),
          ),
          'cpu',
        ),
      );
    expect(convolution([8, 8, 8, 16], [7, 7, 16, 16])).not.toContain('Conv2D');
    expect(convolution([2, 8, 8, 2], [7, 7, 2, 2])).toEqual(['Conv2D']);
  });

  test('are for a processor', () => {
    const graph = simplify(captured(softmaxGradient));
    expect(tune(graph, 'webgpu')).toBe(graph);
  });
});
