import { compiled } from '@dgm/compile';
import { adam, DgmError, fit, Key } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  convDenoiser,
  Denoiser,
  fourierEntries,
  gaussianDiffusion,
  learnedSchedule,
  maskedDiffusion,
  maskedEntries,
  mlpDenoiser,
  oneHotEntries,
  plainEntries,
  sequenceDenoiser,
  transformerDenoiser,
  uNetDenoiser,
} from '../src/index';
import type { DenoiserOptions } from '../src/index';

const key = Key.of(0);
const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));

it('plainEntries, fourierEntries, oneHotEntries and maskedEntries show what they say', () => {
  tf.tidy(() => {
    expect(
      plainEntries()
        .of(tf.tensor2d([[0.5, 2]]))
        .arraySync(),
    ).toEqual([[[0.5], [2]]]);

    const entries = fourierEntries({ frequencies: [0.25, 1] });
    expect(entries.size).toBe(5);
    expect([...entries.of(tf.tensor2d([[1]])).dataSync()]).toBeCloseToArray([1, 1, 0, 0, 1], {
      absolute: 1e-6,
    });

    const masked = maskedEntries({ levels: 3 }).of(tf.tensor2d([[0, 1, 2, 3]]));
    const oneHot = oneHotEntries({ levels: 2 }).of(tf.tensor2d([[1, 2]]));
    expect(oneHot.arraySync()).toEqual([[[0, 1, 0], [0, 0, 1]]]); // prettier-ignore
    expect([...masked.dataSync()]).toBeCloseToArray([-1, 0, 1, 0, 0, -1, 1, 0, 1, 0, 1, 0]);
  });
});

it('networks give `outputs` numbers for each entry of images and of flat examples', () => {
  for (const network of [
    convDenoiser({ shape: [16], outputs: 3, channels: 4, key }),
    mlpDenoiser({ shape: [4, 4], outputs: 3, features: 8, key }),
    uNetDenoiser({ shape: [4, 4], outputs: 3, channels: 4, multipliers: [1], groups: 2, key }),
    transformerDenoiser({ shape: [16], outputs: 3, patch: 2, features: 8, heads: 2, blocks: 1, key }),
    sequenceDenoiser({ shape: [5], outputs: 3, features: 4, blocks: 1, key }),
  ]) {
    expect(network).toBeInstanceOf(Denoiser);
    tf.tidy(() => {
      const x = key.normal([2, ...network.eventShape]);
      const y = network.apply(x, { context: tf.fill([2, 1], 0.5) });
      expect(y.shape).toEqual([...x.shape, 3]);
    });
    network.dispose();
  }
});

it('patches belong to squares of pixels', () => {
  const network = transformerDenoiser({ shape: [4, 4], patch: 2, features: 8, heads: 2, blocks: 1, key });
  // Without attention a token sees its own pixels alone: with its output layer and the gates at 0 everything is 0, so the last
  // layer is moved, and the blocks stay the identity.
  const parameters = network.parameters();
  const last = [...parameters].filter(([path]) => path.endsWith('kernel')).at(-1)![1];
  tf.tidy(() => {
    last.assign(key.fold('last').normal(last.shape));
    const context = tf.fill([1, 1], 0.5);
    const x = key.normal([1, 4, 4]);
    const change = tf.reshape(tf.oneHot(tf.tensor1d([6], 'int32'), 16), [1, 4, 4]); // row 1, column 2
    const [before, after] = [x, tf.add(x, change)].map((each) => network.apply(each, { context }));
    const moved = [...tf.abs(tf.sub(after!, before!)).dataSync()].map((each) => each > 1e-6);
    const expected = Array.from({ length: 16 }, (_, pixel) => [2, 3, 6, 7].includes(pixel));
    expect(moved).toEqual(expected);
  });
  network.dispose();
});

it('a block of a sequence sees the positions that its dilation reaches, the same way everywhere', () => {
  const network = sequenceDenoiser({ shape: [24], features: 4, blocks: 2, key });
  // Gates and the last layer start at 0.
  for (const [path, variable] of network.parameters())
    tf.tidy(() => variable.assign(key.fold(path).normal(variable.shape)));
  tf.tidy(() => {
    const context = tf.fill([1, 1], 0.5);
    const changeFrom = (position: number): number[] => {
      const [before, after] = [tf.zeros([1, 24]), tf.oneHot(tf.tensor1d([position], 'int32'), 24)].map((x) =>
        network.apply(tf.cast(x, 'float32'), { context }),
      );
      return [...tf.sub(after!, before!).dataSync()];
    };
    const [first, second] = [changeFrom(10), changeFrom(13)];
    // Dilations of 1 and 2.
    const seen = first.flatMap((change, position) => (Math.abs(change) > 1e-6 ? [position - 10] : []));
    expect(seen).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    expect(second.slice(10, 17)).toBeCloseToArray(first.slice(7, 14), { absolute: 1e-5 });
  });
  network.dispose();
});

it.each([
  ['sequenceDenoiser', sequenceDenoiser],
  ['transformerDenoiser', transformerDenoiser],
  [
    'transformerDenoiser, rotary',
    (given: DenoiserOptions) => transformerDenoiser({ ...given, positions: 'rotary' }),
  ],
])(
  '%s fills in what a sequence repeats',
  async (_, make) => {
    const [length, levels, period] = [8, 4, 2];
    const random = key.generator();
    const rows = Array.from({ length: 400 }, () => {
      const pattern = Array.from({ length: period }, () => random.below(levels));
      return Array.from({ length }, (_, position) => pattern[position % period]!);
    });
    const train = { count: rows.length, shape: [length], values: Int32Array.from(rows.flat()) };
    const sizes = { features: 16, blocks: 2 };
    const network = make({
      shape: [length],
      outputs: levels,
      entries: oneHotEntries({ levels }),
      key,
      ...sizes,
    });
    const model = maskedDiffusion({ shape: [length], levels, network });
    const optimizer = adam({ learningRate: 1e-2 });
    await fit(model, { train }, { key, engine: compiled(), optimizer, batchSize: 40, epochs: 20 });
    const nats = tf.tidy(() => {
      const x = tf.tensor2d(rows.slice(0, 50));
      const isMasked = tf.oneHot(tf.fill([50], 3, 'int32'), length);
      const seen = tf.where(tf.cast(isMasked, 'bool'), levels, x);
      const logits = network.apply(seen, { context: tf.fill([50, 1], 1 / length) });
      const chosen = tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(tf.cast(x, 'int32'), levels)), -1);
      return -tf.sum(tf.mul(chosen, isMasked)).dataSync()[0]! / 50;
    });
    // A character by itself takes ln 4 = 1.39.
    expect(nats).toBeLessThan(0.1);
    model.dispose();
  },
  30_000,
);

it('options that are wrong are refused, and nothing is left', () => {
  const network = () => mlpDenoiser({ shape: [2], features: 4, key });
  const wrong = [
    () => mlpDenoiser({ shape: [2], width: 3, key } as never),
    () => mlpDenoiser({ shape: [2] } as never),
    () => mlpDenoiser({ shape: [2], features: 0, key }),
    () => convDenoiser({ shape: [3], key }),
    () => convDenoiser({ shape: [4], channels: 6, groups: 4, key }),
    () => convDenoiser({ shape: [4], dropout: 1, key }),
    () => uNetDenoiser({ shape: [4], plane: [3, 1], key }),
    () => transformerDenoiser({ shape: [4, 4], patch: 3, key }),
    () => transformerDenoiser({ shape: [4], heads: 3, features: 4, key }),
    () => transformerDenoiser({ shape: [4], positions: 'none' as never, key }),
    () => sequenceDenoiser({ shape: [4, 4], key }),
    () => sequenceDenoiser({ shape: [4], dropout: 1, key }),
    () => oneHotEntries({ levels: 1 }),
    () => fourierEntries({ frequencies: [0] }),
    () => maskedEntries({ levels: 1 }),
    () => gaussianDiffusion({ shape: [2] } as never),
    () => gaussianDiffusion({ shape: [2], network: network(), parameterization: 'levels' }),
    () => gaussianDiffusion({ shape: [2], network: network(), parameterization: 'epsilon' as never }),
    () => gaussianDiffusion({ shape: [2], network: network(), steps: 0 }),
    () => gaussianDiffusion({ shape: [2], network: network(), levels: 1 }),
    () => gaussianDiffusion({ shape: [2], network: network(), objective: 'simple' as never }),
    () =>
      gaussianDiffusion({ shape: [2], network: network(), schedule: learnedSchedule(), objective: 'noise' }),
  ];
  for (const make of wrong) {
    expect(make).toThrow(isArgumentError);
    tf.disposeVariables();
  }
  expect(() => mlpDenoiser({ key } as Parameters<typeof mlpDenoiser>[0])).toThrow(
    /shape to be a list of integers/,
  );
  for (const make of wrong.slice(0, 15)) expectNoLeaks(() => expect(make).toThrow(isArgumentError));
});
