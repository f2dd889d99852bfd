import { checkInteger, checkNumber, checkOptions, hmc, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AnnealedPath } from './annealed-importance-sampling';

export interface EnergyPathOptions {
  /** The step size of the leapfrog steps. @defaultValue a fiftieth of the width of `range` */
  readonly stepSize?: number;
  /** Leapfrog steps of a move. @defaultValue 5 */
  readonly leapfrogSteps?: number;
}

interface Box {
  readonly shape: Shape;
  readonly min: number;
  readonly max: number;
}

/** $f_\beta(x) = e^{-\beta E(x)}$ in a box, from the uniform density, by Hamiltonian Monte Carlo with reflections at the walls. */
export function boxPath(
  where: string,
  energy: (x: Tensor) => Tensor,
  { shape, min, max, ...options }: Box & EnergyPathOptions,
): AnnealedPath {
  checkOptions(where, options, ['stepSize', 'leapfrogSteps']);
  const width = max - min;
  const { stepSize = width / 50, leapfrogSteps = 5 } = options;
  checkNumber(where, 'stepSize', stepSize, { above: 0 });
  checkInteger(where, 'leapfrogSteps', leapfrogSteps);
  // A path that bounces off the walls is a straight one in the box and its mirror images.
  const reflected = (y: Tensor): Tensor => {
    const scaled = tf.div(tf.sub(y, min), width);
    const inPeriod = tf.sub(scaled, tf.mul(2, tf.floor(tf.mul(0.5, scaled))));
    return tf.add(min, tf.mul(width, tf.sub(1, tf.abs(tf.sub(1, inPeriod)))));
  };
  return {
    logBasePartition: () => tf.scalar(sizeOf(shape) * Math.log(width)),
    draw: (key, n) => key.uniform([n, ...shape], { min, max }),
    logRatio: (x, { from, to }) => tf.tidy(() => tf.mul(tf.sub(from, to), energy(x))),
    move: (x, beta, key) =>
      tf.tidy(() => {
        const logProb = (y: Tensor): Tensor => tf.neg(tf.mul(beta, energy(reflected(y))));
        const { inputs, start, next } = hmc({ logProb, initial: x, steps: 1, stepSize, leapfrogSteps });
        return reflected(next(start(inputs, key), inputs, key).x);
      }),
  };
}
