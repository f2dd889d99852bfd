import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { russianRoulette } from '../residual/log-determinant';
import { residualFlow } from './residual-flow';

describe('residualFlow with Russian roulette', () => {
  const make = () =>
    residualFlow({ dims: 3, key: Key.of(0), blocks: 2, hidden: [8], logDet: russianRoulette() });
  const data = () => Key.of(1).normal([300, 3]);

  test('has an exact likelihood outside of training', () => {
    const [model, x] = [make(), data()];
    const loss = model.objectives()[0]!.loss(x, Key.of(2), { training: false }).total;
    expect(loss.dataSync()[0]).toBeCloseTo(-tf.mean(model.logProb(x)).dataSync()[0]!, 6);
    model.dispose();
  });

  test('and in training an unbiased estimate of it, within 3 standard errors', () => {
    const [model, x] = [make(), data()];
    const exact = -tf.mean(model.logProb(x)).dataSync()[0]!;
    const losses = Key.of(3)
      .split(40)
      .map((key) => model.objectives()[0]!.loss(x, key, { training: true }).total.dataSync()[0]!);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (losses.length - 1);
    const error = Math.sqrt(variance / losses.length);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02);
    expect(Math.abs(mean - exact)).toBeLessThan(3 * error);
    model.dispose();
  });
});

test('a context makes it another density for each row', () => {
  const model = residualFlow({
    dims: 2,
    key: Key.of(0),
    blocks: 2,
    hidden: [8],
    contextSize: 1,
    lipschitz: 0.5,
  });
  const distribution = model.given(tf.tensor2d([[-2], [2]]));
  const { x, logProb } = distribution.sampleAndLogProb(Key.of(1), [3]);
  expect([...distribution.logProb(x).dataSync()]).toBeCloseToArray([...logProb.dataSync()], {
    absolute: 1e-4,
  });
  const [first, second] = distribution.logProb(tf.zeros([2, 2])).dataSync();
  expect(Math.abs(first! - second!)).toBeGreaterThan(1e-4);
  model.dispose();
});
