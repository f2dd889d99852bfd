import { hasKlDivergence, standardNormal } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { standardPrior } from './standard-prior';

test('is the standard normal, with nothing to learn and every closed form', () => {
  const prior = standardPrior({ shape: [3] });
  expect(prior.parameters().size).toBe(0);
  expect(hasKlDivergence(standardNormal([3]), prior.given())).toBe(true);
  const logProb = tf.tidy(
    () =>
      prior
        .given()
        .logProb(tf.zeros([1, 3]))
        .dataSync()[0]!,
  );
  expect(logProb).toBeCloseTo(-1.5 * Math.log(2 * Math.PI), 5);
  prior.dispose();
});
