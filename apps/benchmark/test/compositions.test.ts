import { compiled } from '@dgm/compile';
import { Key, sgd, type Benchmark, type Dataset, type GenerativeModel } from '@dgm/core';
import { describeCompiled, type CompiledTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { benchmarks } from '../src/compositions/index';
import { discoverInstalled } from '../src/families';

const [PIXELS, LEVELS, COUNT] = [6, 4, 24];

/** Two kinds of tiny images: dark ones and bright ones. */
const images = () =>
  tf.tidy(() => {
    const kind = tf.mul(2, Key.of(1).bernoulli([COUNT, 1], 0.5));
    return tf.add(tf.tile(kind, [1, PIXELS]), Key.of(2).bernoulli([COUNT, PIXELS], 0.5));
  });

const values = tf.tidy(() => images().dataSync()) as Float32Array;
const examples = { count: COUNT, shape: [PIXELS], values };
const dataset: Dataset = {
  name: 'tiny',
  levels: LEVELS,
  sha256: '',
  train: examples,
  validation: examples,
  test: examples,
};

// Adam's first steps divide a gradient by its own size, and so blow up the rounding of those that are next to nothing.
const training = { optimizer: sgd({ learningRate: 1e-2 }) };

const table: CompiledTable = Object.fromEntries(
  benchmarks.map(({ name, create }) => {
    // The entries of this folder make their models at once.
    const make = (key: Key) => (create({ dataset, key, quick: true }) as Benchmark).model as GenerativeModel;
    return [name, () => ({ make, data: images, training })];
  }),
);

describeCompiled(table, { engine: compiled, report: () => undefined });

it('are found beside the models of the packages', async () => {
  const { candidates } = await discoverInstalled();
  const own = candidates.filter(({ package: name }) => name === '@dgm/benchmark');
  expect(own.map(({ entry }) => entry.name)).toEqual(benchmarks.map(({ name }) => name));
});
