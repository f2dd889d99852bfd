import {
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  mala,
  runSamplingLoop,
  UnsupportedError,
} from '@dgm/core';
import type {
  GenerativeModel,
  Key,
  LoopSampledModel,
  LoopTensors,
  MetropolisLoop,
  Objective,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkPart } from '../check';
import { checkRatio } from '../losses/adversarial-loss';
import { fromNetworks } from '../networks';
import { record } from '../record';
import { Gan } from './gan';

export interface EnergyGanOptions {
  /** The GAN, without contexts or codes. It belongs to the model. */
  readonly gan: Gan;
  /** Steps of a chain, of which the first half adapts the step size. @defaultValue 100 */
  readonly steps?: number;
  /** The step size to start from. @defaultValue 0.1 */
  readonly stepSize?: number;
}

/**
 * A GAN as an energy-based model: the critic of a trained GAN says where the generator makes too much or too little, and so corrects
 * it. With the estimate r of the critic of the density ratio of data and samples, the data have the density
 * $p(x) \propto p_G(x)\, r(x)$, which is that of G(z) for latent variables of the energy
 *
 * $$E(z) = \tfrac12 \|z\|^2 - \ln r(G(z))$$
 *
 * `sample` runs the Metropolis-adjusted Langevin algorithm on this energy from draws of the prior, and decodes where chains end. The
 * objectives are those of the GAN; train it before or in this form. The critic must be one of a ratio: its loss `saturating`,
 * `non-saturating`, `relativistic`, or an `fDivergence` that has a `logRatio`. Early in training, when the critic is far from the
 * ratio, samples are as far from the data.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws UnsupportedError if the critic's loss estimates no ratio, or the GAN is told contexts or codes
 * @see Your GAN is Secretly an Energy-based Model and You Should use Discriminator Driven Latent Sampling (Che et al., 2020), Eq. 4 and
 * Algorithm 1; DGM §7.4, Eq. 7.11
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 * });
 * await fit(model, planeDataset(rings(), { key }), { key, optimizer: adam(), batchSize: 100, epochs: 20 });
 * const corrected = energyGan({ gan: model, steps: 50 });
 * const samples = corrected.sample(key, 100); // [100, 2]
 * ```
 */
export function energyGan(options: EnergyGanOptions): EnergyGan {
  return record(new EnergyGan(options), 'energyGan', arguments);
}

/** What {@link energyGan} makes. */
export class EnergyGan extends BaseModule implements GenerativeModel, LoopSampledModel {
  readonly likelihoodKind = 'none';
  readonly gan: Gan;
  readonly #logRatio: (scores: Tensor) => Tensor;
  readonly #steps: number;
  readonly #stepSize: number;

  constructor(options: EnergyGanOptions) {
    super();
    const where = 'energyGan';
    checkOptions(where, options, ['gan', 'steps', 'stepSize']);
    const { gan, steps = 100, stepSize = 0.1 } = options;
    checkPart(where, 'gan', gan, { isOne: gan instanceof Gan, expected: 'to be a GAN' });
    checkInteger(where, 'steps', steps, { min: 2 });
    checkNumber(where, 'stepSize', stepSize, { above: 0 });
    if (gan.contextSize > 0) {
      throw new UnsupportedError({
        where,
        argument: 'gan',
        expected: 'to be a GAN without contexts or codes',
        actual: `one with ${gan.contextSize} numbers beside its latent variables`,
      });
    }
    this.#logRatio = checkRatio(where, gan.loss).logRatio;
    this.gan = this.child('gan', gan);
    this.#steps = steps;
    this.#stepSize = stepSize;
  }

  get eventShape(): Shape {
    return this.gan.eventShape;
  }

  get levels(): number | undefined {
    return this.gan.levels;
  }

  /**
   * $E(z) = \frac12 \|z\|^2 - \ln r(G(z))$ in nats, `[n]`: minus the log-density of latent variables but for a constant.
   * @param z - `[n, latent]`
   * @throws ShapeError if `z` has another shape
   */
  latentEnergy(z: Tensor): Tensor {
    const { latent, generator, critic } = this.gan;
    checkShape('EnergyGan.latentEnergy', 'z', z, ['n', latent]);
    return tf.tidy(() => {
      const scores = tf.reshape(critic.apply(generator.apply(z)), [-1]);
      return tf.sub(tf.mul(0.5, tf.sum(tf.square(z), 1)), this.#logRatio(scores));
    });
  }

  /** @returns G(z) for the last states z of n chains, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('EnergyGan.sample', { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('EnergyGan.sample', 'n', n, { min: 0 });
    const { latent, generator } = this.gan;
    const chains = (initial: Tensor): MetropolisLoop =>
      mala({
        logProb: (z) => tf.neg(this.latentEnergy(z)),
        ...{ initial, stepSize: this.#stepSize },
        ...{ steps: this.#steps, warmUp: Math.floor(this.#steps / 2) },
      });
    return {
      steps: this.#steps,
      inputs: {},
      start: (_, key) =>
        tf.tidy(() => {
          const { start, inputs } = chains(key.normal([n, latent]));
          return start(inputs, key);
        }),
      next: (state: LoopTensors, _, key) => chains(state['x']!).next(state, {}, key),
      finish: ({ x }) => tf.tidy(() => tf.clone(fromNetworks(generator.apply(x!), this.levels))),
    };
  }

  objectives(): readonly Objective[] {
    return this.gan.objectives();
  }
}
