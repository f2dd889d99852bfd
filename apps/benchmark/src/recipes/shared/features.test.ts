import { eager, gatherExamples, Key } from '@dgm/core';
import { glyphs } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { head } from '../../datasets/datasets';
import { loadPlane } from '../../datasets/planes';
import { hasFeatures, learnFeatures } from './features';
import { qualityOf, qualityWithFeatures } from './sample-quality';

const images = glyphs();
const few = { ...images, train: head(images.train, 128), test: head(images.test, 64) };
const engine = eager();
const key = Key.of(3);

it('learns the same weights each time, and names them by their hash', async () => {
  const [one, same, other, fewer] = [
    await learnFeatures(few, { engine, quick: true }),
    await learnFeatures(few, { engine, quick: true }),
    await learnFeatures(few, { engine, quick: true, key }),
    await learnFeatures({ ...few, train: head(few.train, 127) }, { engine, quick: true }),
  ];
  expect(one).toMatchObject({ name: 'glyphs-conv', sha256: same.sha256 });
  expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([one, other, fewer].map(({ sha256 }) => sha256)).size).toBe(3);
  for (const features of [one, same, other, fewer]) features.dispose();
});

it('gives training rows as samples the quality of training rows, in pixels and in features', async () => {
  const before = tf.memory().numTensors;
  const rows = key.fold('rows').permutation(few.train.count);
  const { metrics, features } = await qualityWithFeatures(
    (count) => gatherExamples(few.train, rows.subarray(0, count)),
    { test: few.test, dataset: few },
    { key, engine, quick: true },
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(features!.name).toBe('glyphs-conv');
  for (const name of ['coverage', 'precision', 'MMD²']) {
    const own = metrics[`${name} (features glyphs-conv)`]!;
    expect(own).toEqual(metrics[`${name} of training rows (features glyphs-conv)`]);
    expect(own.value).not.toBe(metrics[name]!.value);
    expect(metrics[name]).toEqual(metrics[`${name} of training rows`]);
  }
});

it('measures points without classes, or without pixels, as they are', async () => {
  const plane = loadPlane('two-moons');
  expect(hasFeatures(plane)).toBe(false);
  const draw = (count: number) => key.normal([count, 2]);
  const data = { train: head(plane.train, 32), test: head(plane.test, 32) };
  const quality = await qualityWithFeatures(
    draw,
    { test: data.test, dataset: { ...plane, ...data } },
    { key, engine, quick: true },
  );
  expect(quality).toEqual({ metrics: await qualityOf(draw, data, key) });
});
