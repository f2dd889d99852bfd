import { Independent, Key, Normal } from '@dgm/core';
import type { Distribution } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { BaseMixturePrior } from './base-mixture-prior';

/** Two components at (-3, -3) and (3, 3), with a variance of a quarter. */
class TwoModes extends BaseMixturePrior {
  readonly #means = this.parameter(
    'means',
    tf.tensor2d([
      [-3, -3],
      [3, 3],
    ]),
  );

  constructor() {
    super(2);
  }

  protected components(): Distribution {
    return new Independent(new Normal(this.#means, { logScale: 0.5 * Math.log(0.25) }), 1);
  }
}

describe('what the printed listings get wrong', () => {
  const points = [
    [3, 3],
    [3, -3],
  ];

  test('a mixture of joint densities has no mode at a corner that mixes two components', () => {
    const prior = new TwoModes();
    const logProb = tf.tidy(() => prior.given().logProb(tf.tensor2d(points)).arraySync()) as number[];
    // ln(1/2) - ln(2 pi / 4), and the same minus 36 / (2 / 4): both terms of the mixture count at the corner.
    expect(logProb).toBeCloseToArray([-1.144729886, -72.451582705], { relative: 1e-6 });
    prior.dispose();
  });

  test('a draw spreads by the standard deviation, not by the variance', () => {
    const prior = new TwoModes();
    const deviations = tf.tidy(() => {
      const z = prior.given().sample(Key.of(0), [4000]);
      return Array.from(tf.sub(tf.abs(z), 3).dataSync());
    });
    const squares = deviations.reduce((sum, deviation) => sum + deviation ** 2, 0) / deviations.length;
    // The standard error of a standard deviation s over n draws is s / sqrt(2 n).
    expect(Math.abs(Math.sqrt(squares) - 0.5)).toBeLessThan((4 * 0.5) / Math.sqrt(2 * deviations.length));
    prior.dispose();
  });

  test('both coordinates of a draw come from one component', () => {
    const prior = new TwoModes();
    const z = tf.tidy(() => prior.given().sample(Key.of(1), [500]).arraySync()) as [number, number][];
    expect(z.every(([first, second]) => Math.sign(first) === Math.sign(second))).toBe(true);
    prior.dispose();
  });
});
