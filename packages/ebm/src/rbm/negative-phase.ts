import { ArgumentError, checkInteger, checkNumber, checkThat } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { target, temperedStep } from '../partition/parallel-tempering';
import type { RbmParameters, UnitPair } from './unit-pair';

/** Where the negative examples of contrastive divergence come from. */
export interface NegativePhaseOptions {
  /** Gibbs steps for the negative examples of a training step, k. @defaultValue 1 */
  readonly steps?: number;
  /**
   * Chains that go on from training step to training step (persistent contrastive divergence); they are part of the model and
   * are saved with it. 0 starts each chain at an example (contrastive divergence).
   * @defaultValue 0
   */
  readonly chains?: number;
  /**
   * Replicas of each persistent chain, from the model of the visible units' means to the machine (parallel tempering): chains
   * of machines with large weights mix better for it, at so many times the cost. 1 has none.
   * @defaultValue 1
   */
  readonly temperatures?: number;
  /**
   * The learning rate of weights that are added to W for the persistent chains alone and fade by a twentieth at each training step (fast
   * persistent contrastive divergence): they drive chains away from where they are. 0 has none.
   * @defaultValue 0
   */
  readonly fastLearningRate?: number;
}

export const NEGATIVE_PHASE_OPTIONS: readonly (keyof NegativePhaseOptions)[] = [
  'steps',
  'chains',
  'temperatures',
  'fastLearningRate',
];

/** What is left of fast weights after a training step. */
const FAST_DECAY = 0.95;

/**
 * The options with their defaults.
 * @throws ArgumentError for one out of its range, for options of persistent chains without any, or for both ways to make them mix
 */
export function checkedNegativePhase(
  where: string,
  options: NegativePhaseOptions,
): Required<NegativePhaseOptions> {
  const { steps = 1, chains = 0, temperatures = 1, fastLearningRate = 0 } = options;
  checkInteger(where, 'steps', steps);
  checkInteger(where, 'chains', chains, { min: 0 });
  checkInteger(where, 'temperatures', temperatures);
  checkNumber(where, 'fastLearningRate', fastLearningRate, { min: 0 });
  const [isTempered, isFast] = [temperatures > 1, fastLearningRate > 0];
  if (chains === 0 && (isTempered || isFast)) {
    const argument = isTempered ? 'temperatures' : 'fastLearningRate';
    throw new ArgumentError({
      where,
      argument,
      expected: 'to be left out without persistent chains',
      actual: String(isTempered ? temperatures : fastLearningRate),
      remedy: 'set chains',
    });
  }
  checkThat(where, 'fastLearningRate', !isTempered || !isFast, {
    expected: 'to be left out with temperatures',
    actual: String(fastLearningRate),
  });
  return { steps, chains, temperatures, fastLearningRate };
}

/** The state of persistent chains, which the model owns. */
export interface ChainVariables {
  /** The statistics of the chains, `[chains, size]`, or of all replicas, `[temperatures, chains, size]`. */
  readonly chains?: Variable | undefined;
  /** What is added to W for the chains, `[size, width]`. */
  readonly fastWeights?: Variable | undefined;
}

/** Runs chains for negative examples, from the examples or from where persistent chains are. */
export class NegativePhase {
  readonly #units: UnitPair;
  readonly #options: Required<NegativePhaseOptions>;
  readonly #variables: ChainVariables;

  constructor(units: UnitPair, options: Required<NegativePhaseOptions>, variables: ChainVariables) {
    this.#units = units;
    this.#options = options;
    this.#variables = variables;
  }

  /**
   * The statistics of negative examples.
   * @param t - of the examples, `[n, size]`
   * @param path - to the machine, for tempered chains
   */
  draw(
    t: Tensor,
    {
      parameters,
      path,
      key,
      training,
    }: {
      readonly parameters: RbmParameters;
      readonly path: AnnealedPath;
      readonly key: Key;
      readonly training: boolean;
    },
  ): Tensor {
    return tf.tidy(() => {
      const { steps, temperatures } = this.#options;
      const { chains, fastWeights } = this.#variables;
      const isTempered = temperatures > 1;
      const driven = fastWeights && { ...parameters, weights: tf.add(parameters.weights, fastWeights) };
      let end = chains ?? t;
      if (isTempered) {
        for (let step = 0; step < steps; step++) end = temperedStep(path, end, key.fold(step));
      } else {
        end = this.#units.chain(end, driven ?? parameters, { key, steps });
      }
      const negatives = isTempered ? target(end) : end;
      if (training) {
        chains?.assign(end);
        this.#learnFast(t, negatives, parameters);
      }
      return negatives;
    });
  }

  /** $W_f \leftarrow 0.95\, W_f - \epsilon_f \nabla_W (\mathbb E_{data}[F(x)] - \mathbb E_{negatives}[F(x)])$. */
  #learnFast(data: Tensor, negatives: Tensor, parameters: RbmParameters): void {
    const fast = this.#variables.fastWeights;
    if (fast === undefined) return;
    const contrast = (weights: Tensor): Tensor => {
      const meanEnergy = (t: Tensor): Tensor =>
        tf.mean(this.#units.freeEnergy(t, { ...parameters, weights }));
      return tf.sub(meanEnergy(data), meanEnergy(negatives));
    };
    const gradient = tf.grad(contrast)(parameters.weights);
    fast.assign(tf.sub(tf.mul(FAST_DECAY, fast), tf.mul(this.#options.fastLearningRate, gradient)));
  }
}
