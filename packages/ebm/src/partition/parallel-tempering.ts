import { checkInteger, checkKey, checkOptions, exp, selectByMask } from '@dgm/core';
import type { Key, SamplingLoop } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkPath, type AnnealedPath } from './annealed-importance-sampling';

export interface ParallelTemperingOptions {
  /** Independent chains, n. */
  readonly chains: number;
  /** How many steps to take. */
  readonly steps: number;
  /** Replicas of each chain, K, from the base to the target. @defaultValue 10 */
  readonly temperatures?: number;
}

/**
 * Parallel tempering: K replicas of each chain at $\beta_k = k / (K - 1)$ along a path. In each step every replica moves, the one of the
 * base is drawn anew, and neighbours change places with the probability
 *
 * $$\min\left(1, \frac{f_{\beta_k}(x_{k+1})\, f_{\beta_{k+1}}(x_k)}{f_{\beta_k}(x_k)\, f_{\beta_{k+1}}(x_{k+1})}\right)$$
 *
 * which leaves the law of each replica as it is. Where the target has modes that its own chain does not leave, states come to them from
 * the base.
 *
 * @param path - such as `model.annealedPath()`
 * @returns a loop for `runSamplingLoop` or `compileSampler`, whose result is the states at the target, `[chains, ...]`; of an RBM its
 *   statistics
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see Exchange Monte Carlo Method and Application to Spin Glass Simulations (Hukushima and Nemoto, 1996)
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 100, key });
 * const v = runSamplingLoop(parallelTempering(model.annealedPath(), { chains: 100, steps: 500 }), key); // [100, 64]
 * ```
 */
export function parallelTempering(path: AnnealedPath, options: ParallelTemperingOptions): SamplingLoop {
  const where = 'parallelTempering';
  checkOptions(where, options, ['chains', 'steps', 'temperatures']);
  const { chains, steps, temperatures = 10 } = options;
  checkPath(where, path);
  checkInteger(where, 'chains', chains);
  checkInteger(where, 'steps', steps, { min: 0 });
  checkInteger(where, 'temperatures', temperatures, { min: 2 });
  return {
    steps,
    inputs: {},
    start: (_, key) => {
      checkKey(where, key);
      return { replicas: baseReplicas(path, key, { chains, temperatures }) };
    },
    next: ({ replicas }, _, key) => ({ replicas: temperedStep(path, replicas!, key) }),
    finish: ({ replicas }) => target(replicas!),
  };
}

/** Draws of the base for every replica, `[temperatures, chains, ...]`. */
export function baseReplicas(
  path: AnnealedPath,
  key: Key,
  { chains, temperatures }: { readonly chains: number; readonly temperatures: number },
): Tensor {
  return tf.tidy(() => {
    const drawn = path.draw(key, temperatures * chains);
    return tf.reshape(drawn, [temperatures, chains, ...drawn.shape.slice(1)]);
  });
}

/** A step of parallel tempering, from the replicas `[temperatures, chains, ...]` to the next. */
export function temperedStep(path: AnnealedPath, replicas: Tensor, key: Key): Tensor {
  return tf.tidy(() => {
    const before = tf.unstack(replicas);
    const betas = before.map((_, k) => tf.scalar(k / (before.length - 1)));
    const x = before.map((state, k) =>
      k === 0 ? path.draw(key.fold('base'), state.shape[0]!) : path.move(state, betas[k]!, key.fold(k)),
    );
    // From the base upward, so that a state can rise by more than one temperature in a step.
    for (let k = 0; k + 1 < x.length; k++) {
      const [lower, upper] = [x[k]!, x[k + 1]!];
      const isSwapped = swaps(
        path,
        [lower, upper],
        { from: betas[k]!, to: betas[k + 1]! },
        key.fold('swap').fold(k),
      );
      x[k] = selectByMask(isSwapped, upper, lower);
      x[k + 1] = selectByMask(isSwapped, lower, upper);
    }
    return tf.stack(x);
  });
}

/** The replicas of $\beta = 1$. */
export function target(replicas: Tensor): Tensor {
  return tf.tidy(() => {
    const last = replicas.shape[0]! - 1;
    const [start, size] = [[last], [1]];
    for (const length of replicas.shape.slice(1)) {
      start.push(0);
      size.push(length);
    }
    return tf.squeeze(tf.slice(replicas, start, size), [0]);
  });
}

/** Which chains change places, shaped to broadcast against their states. */
function swaps(
  path: AnnealedPath,
  [lower, upper]: readonly [Tensor, Tensor],
  beta: { readonly from: Scalar; readonly to: Scalar },
  key: Key,
): Tensor {
  const logOdds = tf.sub(path.logRatio(lower, beta), path.logRatio(upper, beta));
  const isSwapped = tf.less(key.uniform(logOdds.shape), exp(tf.minimum(logOdds, 0)));
  return tf.reshape(isSwapped, [lower.shape[0]!, ...lower.shape.slice(1).map(() => 1)]);
}
