import { DgmError, Key } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  convDenoiser,
  Denoiser,
  fourierEntries,
  gaussianDiffusion,
  learnedSchedule,
  maskedEntries,
  mlpDenoiser,
  oneHotEntries,
  plainEntries,
  transformerDenoiser,
  uNetDenoiser,
} from '../src/index';

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
  for (const make of wrong.slice(0, 12)) expectNoLeaks(() => expect(make).toThrow(isArgumentError));
});
