import { countParameters, Key, sgd } from '@dgm/core';
import type { Dataset } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { planeOf } from './gated-convolutions';
import { recipes } from './index';
import { normalizedGradients } from './normalized-gradients';

/** Ten images of 28 x 28 without ink. */
const blank = { count: 10, shape: [28, 28, 1], values: new Uint8Array(10 * 784) };
const dataset: Dataset = {
  name: 'blank',
  levels: 2,
  sha256: '',
  train: blank,
  validation: blank,
  test: blank,
};

const dense = (inputs: number, outputs: number) => (inputs + 1) * outputs;
/** Of a square kernel. */
const convolution = (size: number, inputs: number, outputs: number) => (size ** 2 * inputs + 1) * outputs;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Layer by layer as the papers say: a gated layer has two of each. */
const gatedDense = sum([
  ...[dense(784, 300), dense(300, 300), dense(40, 300), dense(300, 300)].map((size) => 2 * size),
  dense(300, 2 * 40),
  dense(300, 784),
]);
const gatedConvolutions = sum([
  ...[convolution(5, 1, 32), convolution(5, 32, 32), convolution(5, 32, 64)].map((size) => 2 * size),
  ...[convolution(5, 64, 64), convolution(5, 64, 64), convolution(7, 64, 256)].map((size) => 2 * size),
  ...[convolution(7, 64, 64), convolution(5, 64, 64), convolution(5, 64, 32)].map((size) => 2 * size),
  3 * 2 * convolution(5, 32, 32),
  convolution(1, 32, 1),
]);
const plain = (inputs: number, outputs: number) =>
  sum([dense(784, 256), dense(256, 128), dense(128, outputs)]) +
  sum([dense(inputs, 128), dense(128, 256), dense(256, 784)]);

const cases: readonly (readonly [string, number])[] = [
  ['vampprior-2018-standard', gatedDense],
  ['vampprior-2018-vamp', gatedDense + 500 * 784],
  ['sylvester-2018-normal', gatedConvolutions + dense(256, 2 * 64)],
  ['svae-2018-normal-10', plain(10, 2 * 10)],
  ['svae-2018-sphere-10', plain(11, 11 + 1)],
];

describe('the published models', () => {
  it.each(cases)('%s is as large on 28 x 28 as the paper makes it', async (name, expected) => {
    const entry = recipes.find((model) => model.name === name)!;
    const { model } = await entry.create({ dataset, key: Key.of(0), quick: false });
    // Equal weights of a VampPrior are no parameters.
    expect(countParameters(model)).toBe(expected);
    model.dispose();
  });

  it('learn bits alone', () => {
    const grey: Dataset = { ...dataset, levels: 17 };
    for (const { name, accepts } of recipes) {
      expect([accepts!(dataset), accepts!(grey)], name).toEqual([true, false]);
    }
  });

  it.each([
    [1, 0.01],
    [3, 0.01],
    [4, 0.02],
    [298, 1],
    [900, 1],
    [undefined, 1],
  ])('count the regularizer at step %s by %s where an epoch has three steps', async (step, weight) => {
    const train = { count: 130, shape: [784], values: new Uint8Array(130 * 784) };
    const entry = recipes.find(({ name }) => name === 'svae-2018-normal-2')!;
    const task = { dataset: { ...dataset, train }, key: Key.of(0), quick: true };
    const { model } = await entry.create(task);
    const terms = tf.tidy(() => {
      const x = tf.zeros([2, 784]);
      const context = { training: true, ...(step === undefined ? {} : { step: tf.scalar(step) }) };
      const { total, reconstruction, regularizer } = model.objectives()[0]!.loss(x, Key.of(1), context);
      return [total, reconstruction!, regularizer!].map((term) => term.dataSync()[0]!);
    });
    expect((terms[0]! - terms[1]!) / terms[2]!).toBeCloseTo(weight, 3);
    model.dispose();
  });

  it.each(['planar', 'orthogonal', 'householder', 'triangular'])(
    'start a flow of %s form from what the encoder says alone',
    async (form) => {
      const entry = recipes.find(({ name }) => name === `sylvester-2018-${form}`)!;
      const { model } = await entry.create({ dataset, key: Key.of(0), quick: true });
      const beside = [...model.parameters()].filter(([path]) => path.endsWith('/values'));
      expect(beside.length).toBeGreaterThanOrEqual(2);
      for (const [, values] of beside) expect(values.dataSync().every((value) => value === 0)).toBe(true);
      const loss = tf.tidy(() => {
        const x = Key.of(1).bernoulli([2, 28, 28, 1], 0.5);
        return model.objectives()[0]!.loss(x, Key.of(2), { training: true }).total.dataSync()[0]!;
      });
      expect(loss).toBeGreaterThan(0);
      expect(loss).toBeLessThan(1000);
      model.dispose();
    },
  );

  it('take their image from the shape', () => {
    expect(planeOf([28, 20, 1])).toEqual([28, 20]);
    expect(planeOf([64])).toEqual([8, 8]);
    expect([planeOf([63]), planeOf([28, 28, 3]), planeOf([30, 28, 1])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('normalizedGradients', () => {
  it('takes steps of one length, whatever the gradient, and none where that is zero', () => {
    const variables = new Map(['long', 'short', 'zero'].map((name) => [name, tf.variable(tf.zeros([2]))]));
    const factory = normalizedGradients(sgd({ learningRate: 0.5 }));
    const optimizer = factory.create(variables);
    tf.tidy(() => {
      const gradients = new Map([
        ['long', tf.tensor1d([300, 400])],
        ['short', tf.tensor1d([0.03, -0.04])],
        ['zero', tf.zeros([2])],
      ]);
      optimizer.apply(gradients, { learningRate: tf.scalar(0.5), step: tf.scalar(1) });
    });
    const after = Object.fromEntries([...variables].map(([name, variable]) => [name, variable.dataSync()]));
    expect([...after['long']!].map((value) => value.toFixed(4))).toEqual(['-0.3000', '-0.4000']);
    expect([...after['short']!].map((value) => value.toFixed(4))).toEqual(['-0.3000', '0.4000']);
    expect([...after['zero']!].map(Math.abs)).toEqual([0, 0]);
    optimizer.dispose();
    tf.dispose([...variables.values()]);
  });
});
