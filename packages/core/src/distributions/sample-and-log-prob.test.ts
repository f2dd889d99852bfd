import { Independent, Key, Normal, sampleAndLogProb, type Distribution } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

const values = (x: tf.Tensor): number[] => Array.from(x.dataSync());

it('gives draws of `sample` with their log-densities', () => {
  const distribution = new Independent(new Normal(1, 2, { shape: [3, 2] }), 1);
  expectNoLeaks(() =>
    tf.tidy(() => {
      const { x, logProb } = sampleAndLogProb(distribution, Key.of(0), [4]);
      expect(values(x)).toEqual(values(distribution.sample(Key.of(0), [4])));
      expect(logProb.shape).toEqual([4, 3]);
      expect(values(logProb)).toEqual(values(distribution.logProb(x)));
    }),
  );
});

it('asks a distribution that knows a better way', () => {
  const own: Distribution = Object.assign(Object.create(new Normal(0, 1)) as Normal, {
    sampleAndLogProb: () => ({ x: tf.scalar(1), logProb: tf.scalar(42) }),
  });
  expect(tf.tidy(() => values(sampleAndLogProb(own, Key.of(0)).logProb))).toEqual([42]);
});
