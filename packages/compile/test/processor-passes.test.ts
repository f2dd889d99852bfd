import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { producer, topologicalOrder } from '../src/graph/graph';
import type { Graph } from '../src/graph/graph';
import { writeModel } from '../src/onnx/write-model';
import { processorPasses, simplify, tune, underflowPasses } from '../src/passes/simplify';
import {
  captured,
  describePass as describeNamed,
  expectSameResults,
  kernelsOf,
} from './support/describe-pass';
import type { PassCase } from './support/describe-pass';

function describePass(name: string, cases: Readonly<Record<string, PassCase>>): void {
  describeNamed(
    [...underflowPasses, ...processorPasses].find((pass) => pass.name === name)!,
    cases,
  );
}

const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
  tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
const MANY = [8, 9, 5];
const COLUMN = [8, 9, 1];
const classes = (x: tf.Tensor) => tf.cast(tf.abs(tf.round(x)), 'int32') as Tensor1D;

/** What `LayerNorm` computes but for its scale and shift, and its precision, here as another factor. */
function standardized(x: Tensor, axis: number, keepDims = true): Tensor {
  const centred = tf.sub(x, tf.mean(x, axis, true));
  const variance = tf.mean(tf.square(centred), axis, keepDims);
  const precision = tf.reciprocal(tf.sqrt(tf.add(variance, 1e-3)));
  return tf.mul(tf.mul(precision, centred), precision);
}

const mask = (hides: (row: number, column: number) => boolean) =>
  tf.tensor2d(Array.from({ length: 3 }, (_, row) => [0, 1, 2].map((c) => (hides(row, c) ? -1e9 : 0))));
const isLater = (row: number, column: number) => column > row;

/** Weights whose sum along an axis is 1, most of them next to nothing. */
function weightsOf(x: Tensor, axis: number, scale = 100): Tensor {
  const scores = scale === 1 ? x : tf.mul(x, scale);
  const powers = tf.exp(tf.sub(scores, tf.max(scores, axis, true)));
  return tf.div(powers, tf.sum(powers, axis, true));
}

describePass('flush-weights', {
  'of examples': {
    f: (x) => weightsOf(x!, 0),
    inputs: [[32, 4]],
    left: ['Multiply', 'Max', 'Sub', 'Maximum', 'Exp', 'Threshold', 'Sum', 'RealDiv'],
  },
  'of components': {
    f: (x) => weightsOf(tf.add(x!, tf.matMul(x!, x!)), -1),
    inputs: [[8, 8]],
    left: ['BatchMatMul', 'Add', 'Multiply', 'Max', 'Sub', 'Maximum', 'Exp', 'Threshold', 'Sum', 'RealDiv'],
  },
  'not of classes': {
    f: (x, w, bias) => weightsOf(tf.reshape(tf.add(tf.matMul(x!, w!), bias!), [8, 3]), -1, 1),
    inputs: [[4, 5], [5, 6], [6]],
    left: ['BatchMatMul', 'Add', 'Reshape', 'Max', 'Sub', 'Exp', 'Sum', 'RealDiv'],
  },
  'nor other quotients': {
    f: (x) => tf.div(tf.exp(x!), tf.sum(x!, 0, true)),
    inputs: [[4, 32]],
    left: ['Exp', 'Sum', 'RealDiv'],
  },
  'of a softmax that products read': {
    f: (x, w) => tf.matMul(tf.softmax(tf.mul(tf.square(x!), -50)), w!),
    inputs: [
      [4, 5],
      [5, 2],
    ],
    left: ['Square', 'Multiply', 'Softmax', 'Threshold', 'BatchMatMul'],
  },
  'of the gradient of a logarithm of a sum of exponentials': {
    f: (x) => {
      const scores = tf.mul(tf.square(x!), -50);
      const centred = tf.sub(scores, tf.max(scores, -1, true));
      const weights = tf.exp(tf.sub(centred, tf.log(tf.sum(tf.exp(centred), -1, true))));
      return tf.mul(weights, scores);
    },
    inputs: [[4, 5]],
    left: [
      ...['Square', 'Multiply', 'Max', 'Sub', 'Maximum', 'Exp', 'Threshold', 'Sum', 'Log'],
      ...['Sub', 'Maximum', 'Exp', 'Threshold', 'Multiply'],
    ],
  },
  'not of one that a logarithm follows': {
    f: (x) => {
      const weights = tf.softmax(tf.mul(tf.square(x!), -5));
      return tf.mul(weights, tf.log(tf.reshape(weights, [4, 5])));
    },
    inputs: [[4, 5]],
    left: ['Square', 'Multiply', 'Softmax', 'Reshape', 'Log', 'Multiply'],
  },
  'nor of one of classes': {
    f: (x, w) => tf.mul(tf.softmax(tf.matMul(x!, w!)), 2),
    inputs: [
      [4, 5],
      [5, 3],
    ],
    left: ['BatchMatMul', 'Softmax', 'Multiply'],
  },
});

describePass('bound-masked-scores', {
  'a causal mask': {
    f: (x) => tf.softmax(tf.add(x!, mask(isLater))),
    inputs: [[2, 3, 3]],
    left: ['Add', 'Max', 'Add', 'Maximum', 'Softmax', 'Multiply'],
  },
  'not where a row sees nothing': {
    f: (x) =>
      tf.softmax(
        tf.add(
          x!,
          mask((row) => row === 1),
        ),
      ),
    inputs: [[2, 3, 3]],
    left: ['Add', 'Softmax'],
  },
  'neither no mask nor any other constant': {
    f: (x) =>
      tf.add(
        tf.softmax(
          tf.add(
            x!,
            mask(() => false),
          ),
        ),
        tf.softmax(tf.add(x!, [1, 2, -1e9])),
      ),
    inputs: [[2, 3, 3]],
    left: ['Add', 'Softmax', 'Add', 'Softmax', 'Add'],
  },
});

test('bounded scores give the same weights to the bit, and hidden ones nothing', async () => {
  const attend = (x: Tensor) => tf.softmax(tf.add(x, mask(isLater)));
  const graph = captured({ f: (x) => attend(x!), inputs: [[2, 3, 3]], left: [] });
  const bounded = underflowPasses.reduce((current, pass) => pass.apply(current), graph);
  await expectSameResults(bounded, graph, [[2, 3, 3]], Number.MIN_VALUE);
  // What is hidden has no influence at all, however large it is.
  const changed = captured({
    f: (x) => attend(tf.add(x!, tf.mul(-1e-6, mask(isLater)))),
    inputs: [[2, 3, 3]],
    left: [],
  });
  const other = underflowPasses.reduce((current, pass) => pass.apply(current), changed);
  await expectSameResults(other, graph, [[2, 3, 3]], Number.MIN_VALUE);
});

describePass('fuse-standardize', {
  'vectors and their precisions': {
    f: (x) => standardized(x!, -1),
    inputs: [[3, 4, 5]],
    left: ['Standardize', 'Multiply'],
  },
  'the axis by its number': {
    f: (x) => standardized(x!, 2),
    inputs: [[3, 4, 5]],
    left: ['Standardize', 'Multiply'],
  },
  'not what other vectors are multiplied with': {
    f: (x, y) => {
      const others = tf.sub(y!, tf.mean(y!, -1, true));
      const variance = tf.mean(tf.square(tf.sub(x!, tf.mean(x!, -1, true))), -1, true);
      return tf.mul(others, tf.reciprocal(tf.sqrt(tf.add(variance, 1e-3))));
    },
    inputs: [
      [4, 5],
      [4, 5],
    ],
    left: ['Mean', 'Sub', 'Standardize', 'Multiply'],
  },
  'not along another axis': {
    f: (x) => standardized(x!, 0),
    inputs: [[5, 5]],
    left: ['Mean', 'Sub', 'Square', 'Mean', 'Add', 'Sqrt', 'Reciprocal', 'Multiply', 'Multiply'],
  },
  'not a mean that lost its axis': {
    f: (x) => standardized(x!, -1, false),
    inputs: [[5, 5]],
    left: ['Mean', 'Sub', 'Square', 'Mean', 'Add', 'Sqrt', 'Reciprocal', 'Multiply', 'Multiply'],
  },
});

test('fuse-standardize keeps the digits of vectors far from zero', async () => {
  const shape = [6, 32];
  const before = captured({ f: (x) => standardized(tf.add(x!, 1e3), -1), inputs: [shape], left: [] });
  const after = processorPasses.find(({ name }) => name === 'fuse-standardize')!.apply(before);
  expect(kernelsOf(after)).toEqual(['Add', 'Standardize', 'Multiply']);
  await expectSameResults(after, before, [shape], 1e-4);
});

describe('merge-modulation', () => {
  const SHAPES = [[3, 2, 4, 5], [5], [5], [3, 1, 1, 5], [3, 1, 1, 5]];
  const named = (name: string) => processorPasses.find((pass) => pass.name === name)!.apply;
  const modulated = (x: Tensor, gamma: Tensor, beta: Tensor, scale: Tensor, shift: Tensor) =>
    tf.add(tf.mul(scale, tf.add(tf.mul(x, gamma), beta)), shift);
  /** How many nodes have as many results as x has numbers. */
  const passesOver = (graph: Graph) =>
    topologicalOrder(graph.outputs.values()).filter(({ outputs: [y] }) => sizeOf(y!.shape) === 120).length;
  const merged = (f: PassCase['f']) => {
    const before = simplify(captured({ f, inputs: SHAPES, left: [] }));
    return { before, after: named('share-common')(named('merge-modulation')(before)) };
  };

  test('scales and shifts once', async () => {
    const { before, after } = merged((...inputs) => modulated(...(inputs as Parameters<typeof modulated>)));
    expect([passesOver(before), passesOver(after)]).toEqual([4, 2]);
    await expectSameResults(after, before, SHAPES);
  });

  test('takes the gradients of both scales and both shifts from two sums over positions', async () => {
    const { before, after } = merged((...inputs) => {
      const loss = (...of: Tensor[]) =>
        tf.sum<tf.Scalar>(tf.sin(modulated(...(of as Parameters<typeof modulated>))));
      return tf.concat(
        tf
          .grads(loss)(inputs)
          .map((gradient) => tf.reshape(gradient, [-1])),
      );
    });
    expect([passesOver(before), passesOver(after)]).toEqual([10, 6]);
    await expectSameResults(after, before, SHAPES, 1e-5);
  });

  test('leaves alone what is scaled for each channel only, or for each position', () => {
    const gradientOf = (f: (x: Tensor, gamma: Tensor) => Tensor): PassCase['f'] => {
      return (x, gamma) => tf.grads((a, b) => tf.sum(tf.sin(f(a!, b!))))([x!, gamma!])[1]!;
    };
    const byChannel = merged(gradientOf((x, gamma) => tf.mul(tf.mul(x, gamma), gamma)));
    expect(kernelsOf(byChannel.after)).toEqual(kernelsOf(byChannel.before));
    const byPosition = merged(
      gradientOf((x, gamma) => tf.mul(tf.mul(x, gamma), tf.slice(x, [0, 0, 0, 0], [3, 2, 4, 1]))),
    );
    expect(kernelsOf(byPosition.after)).toEqual(kernelsOf(byPosition.before));
  });
});

describePass('step-by-hard-sigmoid', {
  'where a number is positive': {
    f: (x) => tf.step(x!),
    inputs: [[4, 5]],
    left: ['HardStep'],
  },
  'not where a negative one counts less': {
    f: (x) => tf.step(x!, 0.2),
    inputs: [[4, 5]],
    left: ['Step'],
  },
});

test('a step is 0 at 0, and 1 for the least normal number', async () => {
  const steps = (x: Tensor) => tf.step(tf.mul(x, [0, 2e-38, -2e-38, Infinity, -Infinity]));
  const before = captured({ f: () => steps(tf.tensor1d([1, 1, 1, 1, 1])), inputs: [[1]], left: [] });
  const after = processorPasses.find(({ name }) => name === 'step-by-hard-sigmoid')!.apply(before);
  await expectSameResults(after, before, [[1]], Number.MIN_VALUE);
});

describe('absorb-affine', () => {
  const SHAPES = [[16, 2, 3], [3], [3], [3, 4], [4]];
  type Inputs = [Tensor, Tensor, Tensor, Tensor, Tensor];

  const meanOf = (x: Tensor) => tf.mean(x, -1, true);
  const precisionOf = (x: Tensor) =>
    tf.reciprocal(tf.sqrt(tf.add(meanOf(tf.square(tf.sub(x, meanOf(x)))), 1e-3)));
  const normalOf = (x: Tensor) => tf.mul(tf.sub(x, meanOf(x)), precisionOf(x));
  /** With the gradient that `LayerNorm` has. */
  const normalized = tf.customGrad((given, save) => {
    const x = given as Tensor;
    (save as tf.GradSaveFunc)([x]);
    const gradFunc = (dy: Tensor) => {
      const along = tf.mul(normalOf(x), meanOf(tf.mul(dy, normalOf(x))));
      return tf.mul(tf.sub(tf.sub(dy, meanOf(dy)), along), precisionOf(x));
    };
    return { value: normalOf(x), gradFunc };
  });
  /** A layer normalization and a dense layer. */
  const layers = (...[x, scale, shift, weights, bias]: Inputs): Tensor => {
    const rows = tf.reshape(tf.add(tf.mul(normalized(x), scale), shift), [-1, x.shape.at(-1)!]);
    return tf.add(tf.matMul(rows, weights), bias);
  };
  /** The gradients of a loss of the layers, end to end. */
  const gradients = (inputs: Tensor[], besides = (..._: Inputs): Tensor => tf.scalar(0)) => {
    const loss = (...given: Tensor[]) => {
      const all = given as Inputs;
      return tf.add(tf.sum(tf.square(tf.tanh(layers(...all)))), besides(...all));
    };
    return tf.concat(
      tf
        .grads(loss)(inputs)
        .map((gradient) => tf.reshape(gradient, [-1])),
    );
  };
  const before = (the: Omit<PassCase, 'left'>) => fused(simplify(captured({ ...the, left: [] })));
  const named = (name: string) => processorPasses.find((pass) => pass.name === name)!.apply;
  const fused = named('fuse-standardize');
  const apply = named('absorb-affine');
  /** How many nodes compute something for each row. */
  const passes = (graph: Graph): number =>
    topologicalOrder(graph.outputs.values()).filter(
      ({ kernel, outputs }) => kernel !== 'Reshape' && sizeOf(outputs[0]!.shape) >= 16 * 2 * 3,
    ).length;

  test('takes the scale and shift into a layer, and what they add to its gradients out of the rows', async () => {
    const graph = before({ f: (...inputs) => gradients(inputs), inputs: SHAPES });
    const after = apply(graph);
    expect(passes(graph) - passes(after)).toBe(5);
    await expectSameResults(after, graph, SHAPES, 1e-5);
  });

  test('without gradients, and without a bias', async () => {
    const f = (...inputs: Tensor[]) => layers(...([...inputs, tf.zeros([4])] as Inputs));
    const shapes = SHAPES.slice(0, 4);
    const graph = before({ f, inputs: shapes });
    const after = apply(graph);
    expect(passes(graph) - passes(after)).toBe(2);
    await expectSameResults(after, graph, shapes);
  });

  test.each([
    ['of few rows', { inputs: [[15, 3], ...SHAPES.slice(1)], f: (...inputs: Tensor[]) => gradients(inputs) }],
    [
      'of vectors that something else reads',
      {
        inputs: SHAPES,
        f: (...inputs: Tensor[]) =>
          gradients(inputs, (x, scale, shift) =>
            tf.sum(tf.square(tf.add(tf.mul(normalized(x), scale), shift))),
          ),
      },
    ],
  ])('leaves a layer alone %s', (_, the) => {
    const graph = before(the);
    expect(apply(graph)).toBe(graph);
  });
});

/** Some of them below 0 or above 4. */
const indices = (x: Tensor) => tf.cast(tf.round(tf.add(tf.mul(x, 3), 2)), 'int32') as Tensor1D;
const pick = (x: Tensor, index: Tensor, other = 0) =>
  tf.sum(tf.where(tf.cast(tf.oneHot(indices(index), 5), 'bool'), x, other), -1);

describe('pick-by-index', () => {
  const { apply } = processorPasses.find(({ name }) => name === 'pick-by-index')!;

  test('takes a number of each row', async () => {
    const inputs = [MANY, [8, 9]];
    const before = simplify(captured({ f: (x, index) => pick(x!, index!), inputs, left: [] }));
    const after = apply(before);
    expect(kernelsOf(before).slice(-3)).toEqual(['OneHot', 'Select', 'Sum']);
    expect(kernelsOf(after).slice(-6)).toEqual([
      'Equal',
      'Reshape',
      'Reshape',
      'PickLast',
      'Reshape',
      'Select',
    ]);
    await expectSameResults(after, before, inputs);
  });

  test('leaves alone what has another number beside it, and sums of columns', () => {
    const columns = (x: Tensor, index: Tensor) =>
      tf.sum(tf.where(tf.cast(tf.oneHot(indices(index), 5), 'bool'), x, 0), 0);
    const f: PassCase['f'] = (x, index) => tf.add(pick(x!, index!, 1), columns(x!, index!));
    const before = simplify(captured({ f, inputs: [[5, 5], [5]], left: [] }));
    expect(kernelsOf(apply(before))).toEqual(kernelsOf(before));
  });
});

test('pick-by-index takes infinities as they are, and nothing from beside them', async () => {
  const graph = tune(
    simplify(captured({ f: (x, index) => pick(x!, index!), inputs: [[4, 5], [4]], left: [] })),
    'cpu',
  );
  expect(kernelsOf(graph)).toContain('PickLast');
  const session = await InferenceSession.create(writeModel(graph));
  const rows = [Infinity, NaN, -Infinity, 3, NaN];
  const x0 = new OrtTensor('float32', Float32Array.from([0, 1, 2, 3].flatMap(() => rows)), [4, 5]);
  const x1 = new OrtTensor('float32', Float32Array.of(-2 / 3, -1 / 3, 0, 1 / 3), [4]); // 0, 1, 2, 3
  const { 'out/y': y } = await session.run({ x0, x1 });
  await session.release();
  expect([...(y!.data as Float32Array)]).toEqual([Infinity, NaN, -Infinity, 3]);
});

describe('scale-one-hot', () => {
  const { apply } = processorPasses.find(({ name }) => name === 'scale-one-hot')!;
  const SHAPES = [MANY, [8, 9]];
  /** The gradient of a categorical log-likelihood for that of its result. */
  const gradient = (logits: Tensor, index: Tensor, dy: Tensor) => {
    const exponentials = tf.exp(logits);
    const shares = tf.div(exponentials, tf.sum(exponentials, -1, true));
    return tf.mul(tf.expandDims(dy, -1), tf.sub(tf.oneHot(indices(index), 5, 1, 0, 'float32'), shares));
  };
  /** One number where some of what is in range is observed, and some of what is not. */
  const masked = (index: Tensor, other = 0) =>
    tf.where(tf.less(tf.abs(index), 1), tf.fill(index.shape, 0.3), tf.fill(index.shape, other));

  test('puts the number into the rows, and leaves those empty where the mask does not hold', async () => {
    const f: PassCase['f'] = (logits, index) => gradient(logits!, index!, masked(index!));
    const before = simplify(captured({ f, inputs: SHAPES, left: [] }));
    const after = apply(before);
    const last = producer(after.outputs.get('y')!)!;
    expect(last.kernel).toBe('Sub');
    expect(producer(last.inputs[0]!)).toMatchObject({
      kernel: 'OneHot',
      attributes: { onValue: Math.fround(0.3) },
    });
    await expectSameResults(after, before, SHAPES);
    await expectSameResults(tune(before, 'cpu'), before, SHAPES);
  });

  test.each<[string, PassCase['f']]>([
    ['another number elsewhere', (logits, index) => gradient(logits!, index!, masked(index!, 1))],
    ['a number for each row', (logits, index) => gradient(logits!, index!, index!)],
    [
      'what is no one-hot row',
      (logits, index) =>
        tf.mul(
          tf.expandDims(masked(index!), -1),
          tf.sub(logits!, tf.div(tf.exp(logits!), tf.sum(logits!, -1, true))),
        ),
    ],
  ])('leaves alone %s', (_, f) => {
    const before = simplify(captured({ f, inputs: SHAPES, left: [] }));
    expect(kernelsOf(apply(before))).toEqual(kernelsOf(before));
  });
});

describePass('one-hot-by-rows', {
  'an index of many': {
    f: (x) => tf.oneHot(indices(x!), 5, 1, 0, 'float32'),
    inputs: [[8, 9]],
    left: [
      ...['Multiply', 'Add', 'Round', 'Cast', 'Reshape', 'Maximum', 'Minimum'],
      ...['GatherV2', 'Reshape'],
    ],
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
  'elementwise with one row for all': {
    f: (x, row) => tf.mul(x!, row!),
    inputs: [MANY, [5]],
    left: ['Reshape', 'Multiply', 'Reshape'],
  },
  'columns as vectors': {
    f: (x) => tf.maximum(tf.square(x!), 0),
    inputs: [COLUMN],
    left: ['Reshape', 'Square', 'Reshape', 'Reshape', 'Maximum', 'Reshape'],
  },
  'not the other axes, and not what broadcasts along them': {
    f: (x, rows) => tf.sum(tf.add(x!, rows!), [0, 1]),
    inputs: [MANY, [9, 5]],
    left: ['Add', 'Sum'],
  },
});

describePass('gather-rows', {
  'the columns of a matrix': {
    f: (x) => tf.gather(x!, tf.tensor1d([2, 0, 1, 1], 'int32'), 1),
    inputs: [[5, 3]],
    left: ['Transpose', 'GatherV2', 'Transpose'],
  },
  'not what is rows already, and not of more axes': {
    f: (x) => tf.gather(tf.gather(x!, tf.tensor1d([1], 'int32'), 2), tf.tensor1d([0, 2], 'int32'), 0),
    inputs: [[4, 3, 2]],
    left: ['GatherV2', 'GatherV2'],
  },
});

describePass('softplus-by-sigmoid', {
  everywhere: {
    f: (x) => tf.softplus(tf.mul(x!, 30)),
    inputs: [[200]],
    left: ['Multiply', 'Maximum', 'Abs', 'Sigmoid', 'Log', 'Sub'],
  },
});

test('softplus-by-sigmoid keeps infinities and NaN', async () => {
  const graph = tune(captured({ f: (x) => tf.softplus(x!), inputs: [[4]], left: [] }), 'cpu');
  const session = await InferenceSession.create(writeModel(graph));
  const x0 = new OrtTensor('float32', Float32Array.of(-Infinity, -200, Infinity, NaN), [4]);
  const { 'out/y': y } = await session.run({ x0 });
  expect([...(y!.data as Float32Array)]).toEqual([0, 0, Infinity, NaN]);
  await session.release();
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
  'copies of a column': {
    f: (x) => tf.tile(x!, [1, 1, 5]),
    inputs: [COLUMN],
    left: ['Reshape', 'BatchMatMul', 'Reshape'],
  },
  'copies of a column of truths, not of integers': {
    f: (x) => {
      const isLarge = tf.greater(x!, 0);
      const copies = [isLarge, tf.cast(isLarge, 'int32')].map((column) => tf.tile(column, [1, 1, 5]));
      return tf.add(tf.cast(copies[0]!, 'float32'), tf.cast(copies[1]!, 'float32'));
    },
    inputs: [COLUMN],
    left: [
      ...['Greater', 'Reshape', 'Cast', 'BatchMatMul', 'Cast', 'Reshape', 'Cast'],
      ...['Cast', 'Tile', 'Cast', 'Add'],
    ],
  },
  'a row, added or not': {
    f: (x, row) => tf.div(tf.sub(tf.neg(x!), row!), row!),
    inputs: [[72, 5], [5]],
    left: ['Reshape', 'Neg', 'BatchMatMul', 'Reshape', 'BatchMatMul', 'RealDiv'],
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

describe('bias-of-convolution', () => {
  const { apply } = processorPasses.find(({ name }) => name === 'bias-of-convolution')!;
  const biased = (inputs: number, outputs: number): PassCase => ({
    f: (x, filter, bias) => tf.add(convolve(x!, filter!), bias!),
    inputs: [[2, 5, 5, inputs], [3, 3, inputs, outputs], [outputs]],
    left: [],
  });

  test.each([
    ['convolution', 3, 3, ['Conv2D']],
    ['product', 32, 32, ['Conv2D']],
    ['spread', 32, 4, ['Conv2D', 'Add']],
  ])('as %s', async (form, inputs, outputs, left) => {
    const the = biased(inputs, outputs);
    const graph = simplify(captured(the));
    expect(topologicalOrder(graph.outputs.values())[0]?.attributes['form']).toBe(form);
    const absorbed = apply(graph);
    expect(kernelsOf(absorbed)).toEqual(left);
    await expectSameResults(absorbed, graph, the.inputs);
  });

  test.each([
    [
      [50, 5],
      ['Conv2D', 'Reshape'],
    ],
    [
      [5, 50],
      ['Conv2D', 'Reshape', 'Add'],
    ],
  ])('to a result in the shape [%i, %i]', async (shape, left) => {
    const f: PassCase['f'] = (x, filter, bias) => tf.add(tf.reshape(convolve(x!, filter!), shape), bias!);
    const inputs = [[2, 5, 5, 5], [3, 3, 5, 5], [shape[1]!]];
    const graph = simplify(captured({ f, inputs, left: [] }));
    const absorbed = apply(graph);
    expect(kernelsOf(absorbed)).toEqual(left);
    await expectSameResults(absorbed, graph, inputs);
  });

  test('not what else is added, and not where the convolution is read too', () => {
    const f: PassCase['f'] = (x, filter, bias) => {
      const y = convolve(tf.add(convolve(x!, filter!), x!), filter!);
      return tf.mul(tf.add(y, bias!), y);
    };
    const graph = apply(simplify(captured({ ...biased(4, 4), f })));
    expect(kernelsOf(graph)).toEqual(['Conv2D', 'Add', 'Conv2D', 'Add', 'Multiply']);
  });
});

describePass('sum-of-squares', {
  'of all numbers, with or without their axes': {
    f: (x, y) => tf.add(tf.sum(tf.square(x!)), tf.sum(tf.mul(y!, y!), [1, 0, 2], true)),
    inputs: [[12, 5], MANY],
    left: ['SumOfSquares', 'SumOfSquares', 'Reshape', 'Add'],
  },
  'of none': { f: (x) => tf.sum(tf.square(x!)), inputs: [[0, 5]], left: ['SumOfSquares'] },
  'not of each row, and not of products': {
    f: (x, y) => tf.add(tf.sum(tf.square(x!), 1), tf.sum(tf.mul(x!, y!))),
    inputs: [
      [12, 5],
      [12, 5],
    ],
    left: ['Square', 'Sum', 'Multiply', 'Sum', 'Add'],
  },
});

describePass('sum-by-product', {
  'of rows that have a factor each': {
    f: (x, c) => tf.sum(tf.mul(x!, c!), 0),
    inputs: [
      [12, 5],
      [12, 1],
    ],
    left: ['Reshape', 'BatchMatMul'],
  },
  'of the rows of a matrix': { f: (x) => tf.sum(x!, 0), inputs: [[12, 5]], left: ['BatchMatMul'] },
  'over several leading axes, which stay': {
    f: (x) => tf.sum(x!, [1, 0], true),
    inputs: [MANY],
    left: ['Reshape', 'BatchMatMul', 'Reshape'],
  },
  'of many short rows': {
    f: (x) => tf.sum(x!, -1),
    inputs: [MANY],
    left: ['Reshape', 'BatchMatMul', 'Reshape'],
  },
  'not of few rows': { f: (x) => tf.sum(x!, -1), inputs: [[12, 5]], left: ['Sum'] },
  'not over all': { f: (x) => tf.sum(x!), inputs: [[12, 5]], left: ['Sum'] },
});

describePass('cumulate-by-product', {
  ...Object.fromEntries(
    [false, true].flatMap((exclusive) =>
      [false, true].map((reverse) => [
        `of many short rows${exclusive ? ', without its own' : ''}${reverse ? ', backwards' : ''}`,
        {
          f: (x?: Tensor) => tf.cumsum(x!, -1, exclusive, reverse),
          inputs: [MANY],
          left: ['Reshape', 'BatchMatMul', 'Reshape'],
        },
      ]),
    ),
  ),
  'not of few rows': { f: (x) => tf.cumsum(x!, -1), inputs: [[12, 5]], left: ['Cumsum'] },
  'not along another axis': { f: (x) => tf.cumsum(x!, 0), inputs: [[100, 5]], left: ['Cumsum'] },
});

const positions = (x: Tensor): Tensor2D[] => tf.split(x as Tensor2D, 5, 0);
/** What a weight gets at each position. */
const weightGradients = (xs: readonly Tensor2D[], ds: readonly Tensor2D[]): Tensor[] =>
  xs.map((x, position) => tf.matMul(x, ds[position]!, true, false));
const summed = (parts: readonly Tensor[]): Tensor => parts.reduceRight((sum, part) => tf.add(sum, part));

describePass('join-products', {
  'of all positions': {
    f: (x, d) => summed(weightGradients(positions(x!), positions(d!))),
    inputs: [
      [15, 5],
      [15, 6],
    ],
    left: ['SplitV', 'Concat', 'SplitV', 'Concat', 'BatchMatMul'],
  },
  'not those that are read elsewhere, and of another form': {
    f: (x, d, y, w) => {
      const gradients = weightGradients(positions(x!), positions(d!));
      return tf.mul(summed([...gradients, y!, tf.matMul(y!, w!)]), gradients[0]!);
    },
    inputs: [
      [15, 5],
      [15, 6],
      [5, 6],
      [6, 6],
    ],
    left: [
      ...['SplitV', 'Concat', 'SplitV', 'Concat', 'BatchMatMul', 'BatchMatMul'],
      ...['Add', 'Add', 'BatchMatMul', 'Add', 'Multiply'],
    ],
  },
  'by what is stacked anyway, with zeros where a position has no product': {
    f: (x, d) => {
      const ds = positions(tf.tanh(d!)).map((each) => tf.neg(each));
      const gradient = summed(weightGradients(positions(x!).slice(1), ds.slice(1)));
      return tf.matMul(gradient, tf.concat(ds, 0), false, true);
    },
    inputs: [
      [15, 5],
      [15, 6],
    ],
    left: [
      ...['SplitV', 'Concat', 'Tanh', 'SplitV', 'Neg', 'Neg', 'Neg', 'Neg', 'Neg', 'Concat'],
      ...['BatchMatMul', 'BatchMatMul'],
    ],
  },
  'not of three': {
    f: (x, d) => summed(weightGradients(positions(x!).slice(2), positions(d!).slice(2))),
    inputs: [
      [15, 5],
      [15, 6],
    ],
    left: ['SplitV', 'SplitV', 'BatchMatMul', 'BatchMatMul', 'Add', 'BatchMatMul', 'Add'],
  },
  'not where the copies take longer': {
    f: (x, d) => summed(weightGradients(positions(x!), positions(d!))),
    inputs: [
      [5 * 2048, 5],
      [5 * 2048, 6],
    ],
    left: [
      ...['SplitV', 'SplitV', 'BatchMatMul', 'BatchMatMul', 'Add'],
      ...['BatchMatMul', 'Add', 'BatchMatMul', 'Add', 'BatchMatMul', 'Add'],
    ],
  },
});

test('rows that are added up at several positions are one product with ones', async () => {
  const f = (x?: Tensor) => summed(positions(x!).map((part) => tf.sum(part, 0)));
  const inputs = [[15, 6]];
  const graph = captured({ f, inputs, left: [] });
  const [sum, join] = ['sum-by-product', 'join-products'].map((name) =>
    processorPasses.find((pass) => pass.name === name),
  );
  const simplified = join!.apply(sum!.apply(graph));
  expect(kernelsOf(simplified)).toEqual(['SplitV', 'Concat', 'BatchMatMul']);
  await expectSameResults(simplified, graph, inputs);
});

describe('bias-after-product', () => {
  const { apply } = processorPasses.find(({ name }) => name === 'bias-after-product')!;
  const dense = (x?: Tensor, w?: Tensor, b?: Tensor) => tf.add(tf.matMul(x!, w!), b!);

  test.each<readonly [string, PassCase]>([
    ['of a large result', { f: dense, inputs: [[4096, 3], [3, 64], [64]], left: ['BatchMatMul', 'Add'] }],
    ['not of a smaller one', { f: dense, inputs: [[4095, 3], [3, 64], [64]], left: ['BatchMatMul'] }],
    ['not of short rows', { f: dense, inputs: [[8192, 3], [3, 63], [63]], left: ['BatchMatMul'] }],
    [
      'not before what the runtime computes within the product',
      {
        f: (...inputs) => tf.tanh(dense(...inputs)),
        inputs: [[4096, 3], [3, 64], [64]],
        left: ['BatchMatMul', 'Tanh'],
      },
    ],
  ])('%s', async (_, the) => {
    const graph = simplify(captured(the));
    const changed = apply(graph);
    expect(kernelsOf(changed)).toEqual(the.left);
    await expectSameResults(changed, graph, the.inputs);
  });
});

describePass('coalesce-axes', {
  'a matrix transposed': {
    f: (x) => tf.transpose(x!, [2, 3, 0, 1]),
    inputs: [[2, 3, 4, 5]],
    left: ['Reshape', 'Transpose', 'Reshape'],
  },
  'channels first': {
    f: (x) => tf.transpose(x!, [0, 3, 1, 2]),
    inputs: [[2, 3, 4, 5]],
    left: ['Reshape', 'Transpose', 'Reshape'],
  },
  'what has one axis already': {
    f: (x) => tf.transpose(tf.reshape(x!, [6, 4, 5]), [1, 2, 0]),
    inputs: [[2, 3, 4, 5]],
    left: ['Reshape', 'Reshape', 'Transpose', 'Reshape'],
  },
  'not axes of which none stay side by side': {
    f: (x) => tf.transpose(x!, [0, 2, 1, 3]),
    inputs: [[2, 3, 4, 5]],
    left: ['Transpose'],
  },
});

describe('sum-at-once', () => {
  const SHAPES = [
    [8, 3],
    [8, 5],
  ];
  const gradients = (f: PassCase['f']) => {
    const graph = captured({ f, inputs: SHAPES, left: [] });
    return ['sum-by-product', 'sum-at-once', 'share-common'].reduce(
      (current, name) => processorPasses.find((pass) => pass.name === name)!.apply(current),
      graph,
    );
  };
  const layer = (x: Tensor, dz: Tensor) =>
    tf.concat([tf.matMul(x, dz, true), tf.reshape(tf.sum(dz, 0), [1, 5])], 0);

  test('computes the gradient of a bias before that of the weights, once', async () => {
    const after = gradients((x, z) => layer(x!, tf.neg(z!)));
    expect(kernelsOf(after)).toEqual(['Neg', 'BatchMatMul', 'BatchMatMul', 'Reshape', 'Concat']);
    const [total, weights] = topologicalOrder(after.outputs.values()).slice(1);
    expect(weights!.inputs[2]).toBe(total!.outputs[0]);
    await expectSameResults(
      after,
      captured({ f: (x, z) => layer(x!, tf.neg(z!)), inputs: SHAPES, left: [] }),
      SHAPES,
    );
  });

  test('adds nothing where the sum is infinite', async () => {
    const after = gradients((x, z) => layer(tf.square(x!), tf.mul(tf.square(z!), 3e38)));
    const session = await InferenceSession.create(writeModel(after));
    const [x0, x1] = SHAPES.map(
      ([rows, columns]) =>
        new OrtTensor('float32', new Float32Array(rows! * columns!).fill(2), [rows!, columns!]),
    );
    const { 'out/y': y } = await session.run({ x0: x0!, x1: x1! });
    await session.release();
    expect(new Set(y!.data as Float32Array)).toEqual(new Set([Infinity]));
  });

  test('leaves other products alone', () => {
    const after = gradients((x, z) =>
      tf.concat([tf.matMul(x!, z!, true), tf.matMul(tf.neg(x!), tf.neg(z!), true)], 0),
    );
    expect(kernelsOf(after)).toEqual(['BatchMatMul', 'Neg', 'Neg', 'BatchMatMul', 'Concat']);
    expect(topologicalOrder(after.outputs.values())[0]!.inputs).toHaveLength(2);
  });
});

describePass('transpose-recent', {
  'what was computed last, in a product of many rows': {
    f: (x, dy) => tf.matMul(x!, tf.neg(dy!), true),
    inputs: [
      [1024, 6],
      [1024, 5],
    ],
    left: ['Neg', 'BatchMatMul', 'Reshape', 'Transpose', 'Reshape'],
  },
  'not where it is wider': {
    f: (x, dy) => tf.matMul(x!, tf.neg(dy!), true),
    inputs: [
      [1024, 5],
      [1024, 6],
    ],
    left: ['Neg', 'BatchMatMul'],
  },
  'not where it is transposed already': {
    f: (x, dy) => tf.matMul(tf.neg(dy!), x!, true),
    inputs: [
      [1024, 5],
      [1024, 6],
    ],
    left: ['Neg', 'BatchMatMul'],
  },
  'what was computed last, in the products of many matrices': {
    f: (x, dy) => tf.matMul(x!, tf.neg(dy!), true),
    inputs: [
      [512, 8, 64],
      [512, 8, 4],
    ],
    left: ['Neg', 'BatchMatMul', 'Transpose'],
  },
  'not of few matrices': {
    f: (x, dy) => tf.matMul(x!, tf.neg(dy!), true),
    inputs: [
      [8, 8, 64],
      [8, 8, 4],
    ],
    left: ['Neg', 'BatchMatMul'],
  },
  'not for few rows': {
    f: (x, dy) => tf.matMul(x!, tf.neg(dy!), true),
    inputs: [
      [99, 6],
      [99, 5],
    ],
    left: ['Neg', 'BatchMatMul'],
  },
});

test('transpose-recent reads the gradient of a filter the other way, too', async () => {
  const shapes = [
    [4, 16, 16, 3],
    [4, 16, 16, 4],
  ];
  const before = captured({
    f: (x, dy) =>
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropFilter,
          { x: x!, dy: tf.neg(dy!) },
          { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 3, 4], form: 'product' },
        ),
    inputs: shapes,
    left: [],
  });
  const after = processorPasses.find(({ name }) => name === 'transpose-recent')!.apply(before);
  expect(producer(after.outputs.get('y')!)!.attributes['transposeDy']).toBe(true);
  await expectSameResults(after, before, shapes);
});

describe('share-patches', () => {
  const SHAPES = [
    [2, 6, 5, 3],
    [2, 3, 3, 4],
  ];
  const withGradient = (gradientPad: 'same' | 'valid') =>
    simplify(
      captured({
        f: (x, filter) => {
          const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
          const dy = gradientPad === 'same' ? y : tf.slice(y, [0, 0, 0, 0], [2, 5, 3, 4]);
          const attributes = { strides: [1, 1], pad: gradientPad, filterShape: [2, 3, 3, 4] };
          return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x: x!, dy }, attributes);
        },
        inputs: SHAPES,
        left: [],
      }),
    );
  const apply = processorPasses.find(({ name }) => name === 'share-patches')!.apply;
  const formOf = (graph: Graph) =>
    topologicalOrder(graph.outputs.values()).find(({ kernel }) => kernel === 'Conv2D')!.attributes['form'];

  test('makes a product of a convolution whose filter has its gradient from the same patches', async () => {
    const before = withGradient('same');
    expect(formOf(before)).toBe('convolution');
    const after = apply(before);
    expect(formOf(after)).toBe('product');
    await expectSameResults(after, before, SHAPES);
  });

  test('leaves a convolution alone that sees other patches', () => {
    expect(formOf(apply(withGradient('valid')))).toBe('convolution');
  });
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
