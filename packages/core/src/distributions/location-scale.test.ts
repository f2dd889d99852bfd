import { describeDistribution } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { LocationScale } from './location-scale';

const EULER = 0.5772156649015329;

/** A family that core does not have: what an author of one writes is enough to pass the contract. */
class Gumbel extends LocationScale {
  readonly kind = 'Gumbel';
  readonly reparameterized = true;

  protected standardDraw(key: Key, shape: Shape): Tensor {
    return key.gumbel(shape);
  }

  protected standardLogDensity(z: Tensor): Tensor {
    return tf.neg(tf.add(z, tf.exp(tf.neg(z))));
  }

  protected standardEntropy(): number {
    return 1 + EULER;
  }

  protected standardMean(): number {
    return EULER;
  }

  protected standardVariance(): number {
    return Math.PI ** 2 / 6;
  }

  protected override standardCdf(z: Tensor): Tensor {
    return tf.exp(tf.neg(tf.exp(tf.neg(z))));
  }
}

describeDistribution({
  'LocationScale (scale)': () => ({
    parameters: { location: [0.5, -1], scale: [0.7, 1.3] },
    make: (location, scale) => new Gumbel(location, scale, {}),
    support: { kind: 'real', scale: 2 },
    golden: [
      {
        parameters: [0, 1],
        x: [0, 2],
        logProb: [-1, -2.1353352832366],
        cdf: [0.36787944117144, 0.87342301849312],
      },
    ],
  }),
  'LocationScale (logScale)': () => ({
    parameters: { location: [0.5, -1], logScale: [-0.4, 0.3] },
    make: (location, logScale) => new Gumbel(location, { logScale }, {}),
    support: { kind: 'real', scale: 2 },
  }),
});

describe('LocationScale', () => {
  it('refuses a scale that is a number but not positive, in the name of the family', () => {
    for (const scale of [0, -1, NaN])
      expect(() => new Gumbel(0, scale, {})).toThrow(/Gumbel.*scale to be positive/);
  });
});
