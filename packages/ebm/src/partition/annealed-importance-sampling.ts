import {
  ArgumentError,
  checkInteger,
  checkKey,
  checkMethods,
  checkOptions,
  checkShape,
  NumericalError,
  runSamplingLoop,
} from '@dgm/core';
import type { Key, PartitionEstimate, SamplingLoop } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/**
 * Unnormalized densities $f_\beta$ from a base, $\beta = 0$, whose normalizer is known and which can be drawn from, to the
 * density whose normalizer is wanted, $\beta = 1$.
 */
export interface AnnealedPath {
  /** $\ln Z_0$, a scalar; the caller owns it. */
  logBasePartition(): Tensor;
  /** Draws from the base, `[n, ...]`. */
  draw(key: Key, n: number): Tensor;
  /** $\ln f_{\beta'}(x) - \ln f_\beta(x)$, `[n]`: without the cancellation of a difference where that can be had. */
  logRatio(x: Tensor, beta: { readonly from: Scalar; readonly to: Scalar }): Tensor;
  /** A step of a Markov chain that leaves $f_\beta$ invariant, `[n, ...]`. */
  move(x: Tensor, beta: Scalar, key: Key): Tensor;
}

export interface AnnealingOptions {
  /** Independent chains. @defaultValue 100 */
  readonly chains?: number;
  /** Steps from the base to the target. @defaultValue 1000 */
  readonly temperatures?: number;
  /**
   * Exact draws from the target, `[chains, ...]`: the chains then go from the target to the base. The logarithm of their mean
   * weight is too high on average where that of the forward chains is too low, so that the two bracket $\ln Z$. Borrowed.
   */
  readonly from?: Tensor;
}

const ANNEALING_OPTIONS: readonly (keyof AnnealingOptions)[] = ['chains', 'temperatures', 'from'];

export interface AnnealedImportanceSamplingOptions extends AnnealingOptions {
  readonly key: Key;
  /**
   * Runs the loop.
   * @defaultValue `runSamplingLoop`
   * @example
   * ```ts
   * run: async (loop, key) => {
   *   const sampler = await compileSampler(loop); // of @dgm/compile
   *   return sampler.sample(key).finally(() => sampler.dispose());
   * },
   * ```
   */
  readonly run?: (loop: SamplingLoop, key: Key) => Tensor | Promise<Tensor>;
}

/**
 * Annealed importance sampling: each chain starts at a draw of the base and moves through $\beta_k = k / K$; its weight
 *
 * $$w = \prod_{k=1}^{K} \frac{f_{\beta_k}(x_{k-1})}{f_{\beta_{k-1}}(x_{k-1})}$$
 *
 * has the mean $Z_1 / Z_0$ whatever K is. The standard error of $\ln Z$ is that of the mean weight over that mean (delta method).
 * It is an honest one only while some chains visit every mode that matters; more temperatures help more than more chains.
 *
 * @returns $\ln Z_1$ with a 95 % interval
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link NumericalError} if a weight is not a number.
 * @see Annealed importance sampling (Neal, 2001); On the quantitative analysis of deep belief networks (Salakhutdinov and
 * Murray, 2008), §3; Sandwiching the marginal likelihood using bidirectional Monte Carlo (Grosse et al., 2015) for `from`
 */
export async function annealedImportanceSampling(
  path: AnnealedPath,
  options: AnnealedImportanceSamplingOptions,
): Promise<PartitionEstimate> {
  const where = 'annealedImportanceSampling';
  checkOptions(where, options, ['key', 'run', ...ANNEALING_OPTIONS]);
  const { key, run = runSamplingLoop, ...annealing } = options;
  checkMethods(where, 'run', { run }, { methods: ['run'], expected: 'to be a function of a loop and a key' });
  checkKey(where, key);
  const loop = annealingLoop(path, annealing);
  const result = await run(loop, key);
  const base = path.logBasePartition();
  try {
    checkShape(where, 'the result of run', result, [2, 'chains']);
    const [values, logBase] = [await result.data(), (await base.data())[0]!];
    return estimate(values, logBase, annealing.from !== undefined);
  } finally {
    tf.dispose([result, base]);
  }
}

/**
 * The chains of {@link annealedImportanceSampling} as a loop, for `compileSampler`.
 * @returns a loop whose result is `[2, chains]`: the log-weights, and what rounding has left out of them
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 100, key });
 * const loop = annealingLoop(model.annealedPath(), { chains: 100, temperatures: 1000 });
 * const logWeights = runSamplingLoop(loop, key); // [2, 100]
 * ```
 */
export function annealingLoop(path: AnnealedPath, options: AnnealingOptions = {}): SamplingLoop {
  const where = 'annealedImportanceSampling';
  checkOptions(where, options, ANNEALING_OPTIONS);
  const { from, chains = from?.shape[0] ?? 100, temperatures = 1000 } = options;
  checkInteger(where, 'chains', chains, { min: 2 });
  checkInteger(where, 'temperatures', temperatures);
  checkPath(where, path);
  if (from !== undefined && from.shape[0] !== chains) {
    throw new ArgumentError({
      where,
      argument: 'from',
      expected: `to hold ${chains} draws, one for each chain`,
      actual: String(from.shape[0]),
    });
  }
  /** The temperature after so many steps. */
  const beta = (step: Tensor): Scalar => {
    const share = tf.div<Scalar>(step, temperatures);
    return from === undefined ? share : tf.sub<Scalar>(1, share);
  };
  return {
    steps: temperatures,
    inputs: from === undefined ? {} : { from },
    start: (inputs, key) => ({
      x: from === undefined ? path.draw(key, chains) : tf.clone(inputs['from']!),
      logWeight: tf.zeros([chains]),
      lost: tf.zeros([chains]),
      step: tf.scalar(0),
    }),
    next: ({ x, logWeight, lost, step }, _inputs, key) =>
      tf.tidy(() => {
        const after = tf.add(step!, 1);
        const to = beta(after);
        const ratio = path.logRatio(x!, { from: beta(step!), to });
        // Kahan's sum: thousands of small terms in single precision.
        const term = tf.sub(ratio, lost!);
        const sum = tf.add(logWeight!, term);
        return {
          x: path.move(x!, to, key),
          logWeight: sum,
          lost: tf.sub(tf.sub(sum, logWeight!), term),
          step: after,
        };
      }),
    finish: ({ logWeight, lost }) => tf.tidy(() => tf.stack([logWeight!, tf.neg(lost!)])),
  };
}

/** @throws ArgumentError for what is no path */
export function checkPath(where: string, path: AnnealedPath): void {
  checkMethods(where, 'path', path, {
    methods: ['logBasePartition', 'draw', 'logRatio', 'move'],
    expected: 'to be an AnnealedPath, such as model.annealedPath()',
  });
}

/** The quantile of the normal distribution for an interval of 95 %. */
const Z95 = 1.959964;

/** @param values - log-weights, and what rounding has left out of each */
function estimate(values: ArrayLike<number>, logBase: number, isReverse: boolean): PartitionEstimate {
  const chains = values.length / 2;
  const logWeights = Float64Array.from(
    { length: chains },
    (_, chain) => values[chain]! + values[chains + chain]!,
  );
  const largest = logWeights.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = logWeights.map((value) => Math.exp(value - largest));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / chains;
  const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / (chains - 1);
  const logMean = largest + Math.log(mean);
  if (!Number.isFinite(logMean)) {
    throw new NumericalError({
      where: 'annealedImportanceSampling',
      argument: 'weights',
      expected: 'to be finite',
      actual: String(logMean),
      remedy: 'look for weights of the model that are not finite',
    });
  }
  const logPartition = isReverse ? logBase - logMean : logBase + logMean;
  const standardError = Math.sqrt(variance / chains) / mean;
  const reach = Z95 * standardError;
  return {
    kind: 'estimate',
    logPartition,
    standardError,
    interval: [logPartition - reach, logPartition + reach],
  };
}
