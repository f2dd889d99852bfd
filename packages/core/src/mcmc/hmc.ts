import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../check/check';
import { sumEvent, type Point } from './chain';
import { metropolis, type MetropolisLoop, type MetropolisOptions } from './metropolis';

export interface HmcOptions extends MetropolisOptions {
  /** Leapfrog steps of each proposal. @defaultValue 10 */
  readonly leapfrogSteps?: number;
}

/**
 * Hamiltonian Monte Carlo: each proposal follows the dynamics of $H(x, v) = -\log p(x) + \frac{1}{2} \|v\|^2$ from a new
 * momentum $v \sim \mathcal N(0, I)$ by L leapfrog steps of size $\epsilon$, and is accepted with probability
 * $\min(1, e^{H(x, v) - H(x', v')})$.
 *
 * @param options - `targetAcceptance` is 0.8 by default
 * @returns a loop whose state also has `acceptance` and `meanAcceptance`, `[n]`
 * @throws {@link ArgumentError} for an option out of its range.
 * @see MCMC Using Hamiltonian Dynamics (Neal, 2011), §5.3.2
 *
 * @example
 * ```ts
 * const target = MultivariateNormal.lowerTriangular(tf.zeros([2]), tf.tensor2d([[1, 0], [0.5, 1]]));
 * const initial = key.fold('start').normal([100, 2]);
 * const loop = hmc({ logProb: (x) => target.logProb(x), initial, steps: 200, warmUp: 100, stepSize: 0.1 });
 * const draws = runSamplingLoop(loop, key); // [100, 2]
 * ```
 */
export function hmc({ leapfrogSteps = 10, ...options }: HmcOptions): MetropolisLoop {
  checkOptions('hmc', options, KNOWN);
  checkInteger('hmc', 'leapfrogSteps', leapfrogSteps);
  return metropolis('hmc', { targetAcceptance: 0.8, ...options }, (current, { stepSize, key, evaluate }) => {
    const momentum = key.normal(current.x.shape);
    const end = leapfrog(current, momentum, { stepSize, steps: leapfrogSteps, evaluate });
    return {
      point: end.point,
      logRatio: tf.sub(hamiltonian(current, momentum), hamiltonian(end.point, end.momentum)),
    };
  });
}

const KNOWN = ['logProb', 'initial', 'steps', 'stepSize', 'inputs', 'warmUp', 'targetAcceptance'];

function hamiltonian({ logProb }: Point, momentum: Tensor): Tensor {
  return tf.sub(tf.mul(0.5, sumEvent(tf.square(momentum))), logProb);
}

/**
 * Leapfrog steps: $v \leftarrow v + \frac{\epsilon}{2} \nabla \log p(x)$, $x \leftarrow x + \epsilon v$,
 * $v \leftarrow v + \frac{\epsilon}{2} \nabla \log p(x)$. With the momentum turned round they lead back to the start.
 */
export function leapfrog(
  start: Point,
  momentum: Tensor,
  {
    stepSize,
    steps,
    evaluate,
  }: {
    readonly stepSize: Tensor | number;
    readonly steps: number;
    readonly evaluate: (x: Tensor) => Point;
  },
): { readonly point: Point; readonly momentum: Tensor } {
  const half = tf.mul(0.5, stepSize);
  let [point, v] = [start, momentum];
  for (let step = 0; step < steps; step++) {
    v = tf.add(v, tf.mul(half, point.gradient));
    point = evaluate(tf.add(point.x, tf.mul(stepSize, v)));
    v = tf.add(v, tf.mul(half, point.gradient));
  }
  return { point, momentum: v };
}
