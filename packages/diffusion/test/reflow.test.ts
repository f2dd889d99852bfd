import { adam, BaseLayer, DgmError, fit, Key, rungeKutta } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { flowMatching, mlpDenoiser, reflowPairs } from '../src/index';

const key = Key.of(0);
const [MEAN, DEVIATION] = [0.4, 0.6];

/** The velocity of the linear path for data that are normal. */
class GaussianVelocity extends BaseLayer {
  protected forward(z: Tensor, { context: t }: CallOptions): Tensor {
    const signal = tf.sub(1, t!);
    const variance = tf.add(tf.mul(DEVIATION ** 2, tf.square(signal)), tf.square(t!));
    const covariance = tf.sub(t!, tf.mul(DEVIATION ** 2, signal));
    return tf.sub(tf.mul(tf.div(covariance, variance), tf.sub(z, tf.mul(MEAN, signal))), MEAN);
  }
}
const first = flowMatching({ shape: [1], network: new GaussianVelocity() });
const oneStep = rungeKutta({ steps: 1, order: 1 });

it('pairs noise with what the flow makes of it', async () => {
  const { train, batch } = await reflowPairs(first, {
    ...{ key, count: 7, batchSize: 3, solver: rungeKutta({ steps: 20 }) },
  });
  expect(train.shape).toEqual([2, 1]);
  const { x, noise } = batch(train, Int32Array.of(6, 0), { key, training: true });
  // The ODE keeps quantiles.
  const expected = [...noise.dataSync()].map((e) => MEAN + DEVIATION * e);
  [...x.dataSync()].forEach((value, row) => expect(Math.abs(value - expected[row]!)).toBeLessThan(1e-4));
  tf.dispose([x, noise]);
});

it('a flow of such pairs draws in one step, which the first cannot', async () => {
  const { train, batch } = await reflowPairs(first, { key, count: 300, solver: rungeKutta({ steps: 5 }) });
  const second = flowMatching({
    shape: [1],
    network: mlpDenoiser({ shape: [1], features: 16, blocks: 1, key }),
  });
  const spread = (flow: typeof second): number =>
    tf.tidy(() => {
      const drawn = [...flow.sample(key, 500, { solver: oneStep }).dataSync()];
      return Math.sqrt(drawn.length) * meanAndError(drawn).standardError;
    });
  const options = { key, optimizer: adam({ learningRate: 2e-2 }), batchSize: 100, epochs: 30 };
  await fit(second, { train }, { ...options, batch });
  expect(spread(first)).toBeLessThan(0.01);
  expect(Math.abs(spread(second) - DEVIATION)).toBeLessThan(0.1);
  second.dispose();
});

it('refuses what is wrong, and leaves nothing behind', async () => {
  const conditional = flowMatching({
    ...{ shape: [1], contextSize: 1, network: new GaussianVelocity() },
  });
  const wrong: readonly [() => Promise<unknown>, 'argument' | 'shape'][] = [
    [() => reflowPairs(undefined as never, { key, count: 1 }), 'argument'],
    [() => reflowPairs(first, { key, count: 0 }), 'argument'],
    [() => reflowPairs(first, { key, count: 1, steps: 2 } as never), 'argument'],
    [() => reflowPairs(first, { count: 1 } as never), 'argument'],
    [() => reflowPairs(conditional, { key, count: 1 }), 'shape'],
  ];
  const before = tf.memory().numTensors;
  for (const [run, code] of wrong)
    await expect(run()).rejects.toThrow(expect.toSatisfy((error) => DgmError.is(error, code)));
  await reflowPairs(first, { key, count: 2 });
  expect(tf.memory().numTensors).toBe(before);
});
