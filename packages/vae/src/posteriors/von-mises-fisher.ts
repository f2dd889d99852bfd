import { checkOptions, distributionHead, softplus } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { VonMisesFisher } from '../hypersphere/von-mises-fisher';
import { record } from '../record';
import { vectorSize } from './vector-size';

/** The smallest concentration, as in the authors' code: at 0 the direction gets no gradient. */
const SMALLEST = 1;

/**
 * A posterior on the unit sphere in d dimensions, for the prior `HypersphericalUniform`. Its KL to that prior has a
 * closed form and depends only on the concentration.
 *
 * The network outputs d numbers for the direction and one for the concentration $1 + \mathrm{softplus}$.
 * @param options - `shape`: `[d]`, 2 or more
 * @throws ArgumentError if z is no vector of 2 entries or more
 * @see Hyperspherical Variational Auto-Encoders (Davidson et al., 2018)
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 10 + 1], { key: key.fold('encoder') }),
 *   decoder: mlp([10, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: vonMisesFisher({ shape: [10] }),
 *   prior: new HypersphericalUniform(10),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function vonMisesFisher({
  shape,
  ...unknown
}: {
  readonly shape: readonly [number];
}): DistributionHead {
  checkOptions('vonMisesFisher', unknown, ['shape']);
  const size = vectorSize('vonMisesFisher', shape);
  const numParameters = size + 1;
  const head = distributionHead({
    name: 'vonMisesFisher',
    numParameters,
    eventShape: shape,
    space: 'sphere',
    build: (parameters) => {
      const [direction, raw] = tf.split(parameters, [size, 1], 1);
      return new VonMisesFisher(direction!, tf.add(SMALLEST, softplus(tf.squeeze(raw!, [1]))));
    },
  });
  return record(head, 'vonMisesFisher', arguments);
}
