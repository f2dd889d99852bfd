import {
  BaseModule,
  checkArray,
  checkInteger,
  checkKey,
  checkMethods,
  checkNumber,
  checkOptions,
  checkShape,
  checkSizes,
  childCall,
  disposeOnThrow,
  Independent,
  klDivergence,
  Normal,
  normalHead,
  singleObjective,
  sizeOf,
  standardNormal,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  Objective,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkLevels } from './checks';
import { record } from './record';
import { meanOver } from './rows';

export interface DdgmOptions {
  /** The shape of one example, and of each latent variable. */
  readonly shape: Shape;
  /**
   * The rates $\beta_1, \dots, \beta_T$ of noise, each in (0, 1); their number is T.
   */
  readonly betas: readonly number[];
  /**
   * The networks of $p(z_1 | z_2), \dots, p(z_{T-1} | z_T)$, T - 1 of them: from z, `[n, D]`, to the means and then the
   * log-variances, `[n, 2 D]`, for examples of D entries. The model owns them.
   */
  readonly reverse: readonly Layer[];
  /** The network of $p(x | z_1)$: from z, `[n, D]`, to the parameters of `likelihood`. The model owns it. */
  readonly decoder: Layer;
  /**
   * $p(x | z_1)$. That of integers has `levels`: they are then scaled to [-1, 1] before noise is added.
   * @defaultValue `normalHead({ shape, std: 1 })`, around the output of the decoder (Eq. 4.97)
   */
  readonly likelihood?: DistributionHead;
}

/** The parts of minus the bound, nats for each example, `[n]`. */
export interface DdgmTerms {
  /** $-\ln p(x | z_1)$ */
  readonly reconstruction: Tensor;
  /** $KL[q(z_T | x) \,\|\, p(z_T)]$ */
  readonly prior: Tensor;
  /** $\sum_{i=1}^{T-1} KL[q(z_i | z_{i+1}, x) \,\|\, p(z_i | z_{i+1})]$ */
  readonly diffusion: Tensor;
}

/**
 * A diffusion-based deep generative model: a hierarchical VAE of T levels whose bottom-up path adds noise and is fixed, with
 * a network of its own for each level of the way back,
 *
 * $$p(x, z_{1:T}) = p(x | z_1) \Big( \prod_{i=1}^{T-1} p(z_i | z_{i+1}) \Big) p(z_T), \quad
 *   q(z_i | z_{i-1}) = \mathcal N(\sqrt{1 - \beta_i}\, z_{i-1}, \beta_i I), \quad z_0 = x$$
 *
 * The bound is the sum of Eq. 4.102: with closed forms of $q(z_i | z_{i+1}, x)$ all its terms but the first are divergences of
 * normal distributions.
 *
 * @throws ArgumentError for an option that is unknown or out of its range, or a number of networks other than T - 1
 * @see DGM §4.5.3, Eq. 4.86-4.102, Example 4.1 and Listing 4.13, whose networks of the way back are not trained, whose terms
 * are those of other levels, and which applies tanh to the means in sampling alone; here all of that is mended. Deep
 * Unsupervised Learning using Nonequilibrium Thermodynamics (Sohl-Dickstein et al., 2015)
 * @example
 * ```ts
 * const model = ddgm({
 *   shape: [64],
 *   betas: [0.9, 0.9, 0.9, 0.9, 0.9],
 *   reverse: Array.from({ length: 4 }, (_, i) => mlp([64, 256, 256, 128], { key: key.fold(i) })),
 *   decoder: mlp([64, 512, 64], { key, outputActivation: 'tanh' }),
 * });
 * ```
 */
export function ddgm(options: DdgmOptions): Ddgm {
  return record(
    disposeOnThrow(() => new Ddgm(options)),
    'ddgm',
    arguments,
  );
}

const OPTIONS = [
  'shape',
  'betas',
  'reverse',
  'decoder',
  'likelihood',
] as const satisfies readonly (keyof DdgmOptions)[];

/** Made by {@link ddgm}. */
export class Ddgm extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly betas: readonly number[];
  readonly #reverse: readonly Layer[];
  readonly #decoder: Layer;
  readonly #likelihood: DistributionHead;
  readonly #latents: DistributionHead;
  /** $p(z_T)$ */
  readonly #noise: Distribution;

  constructor(options: DdgmOptions) {
    super();
    checkOptions('ddgm', options, OPTIONS);
    const { shape, betas, reverse, decoder, likelihood } = options;
    checkSizes('ddgm', 'shape', shape);
    checkArray('ddgm', 'betas', betas, 'to be the rates of noise, one for each level');
    checkInteger('ddgm', 'number of betas', betas.length);
    betas.forEach((beta) => checkNumber('ddgm', 'betas', beta, { above: 0, below: 1 }));
    checkArray('ddgm', 'reverse', reverse, 'to be networks of all levels but the last');
    checkInteger('ddgm', 'number of networks in `reverse`', reverse.length, {
      min: betas.length - 1,
      max: betas.length - 1,
    });
    const isLayer = { methods: ['apply', 'parameters'], expected: 'to be a layer such as mlp()' };
    reverse.forEach((network) => checkMethods('ddgm', 'reverse', network, isLayer));
    checkMethods('ddgm', 'decoder', decoder, isLayer);
    this.eventShape = shape;
    this.betas = betas;
    this.#reverse = reverse.map((network, index) => this.child(`reverse${index}`, network));
    this.#decoder = this.child('decoder', decoder);
    this.#likelihood = likelihood ?? normalHead({ shape, std: 1 });
    this.#latents = normalHead({ shape: [sizeOf(shape)] });
    this.#noise = standardNormal([sizeOf(shape)]);
    this.levels = this.#likelihood.levels;
  }

  /**
   * One draw of the bound for each example in nats, `[n]`.
   * @param x - `[n, ...shape]`
   */
  elbo(x: Tensor, key: Key): Tensor {
    checkShape('Ddgm.elbo', 'x', x, ['n', ...this.eventShape]);
    checkLevels('Ddgm.elbo', x, this.levels, key);
    return tf.tidy(() => {
      const { reconstruction, prior, diffusion } = this.boundTerms(x, key);
      return tf.neg(tf.addN([reconstruction, prior, diffusion]));
    });
  }

  /** The parts of minus the bound (Eq. 4.102), one draw of each; the caller owns them. */
  boundTerms(x: Tensor, key: Key, { training = false }: { readonly training?: boolean } = {}): DdgmTerms {
    checkShape('Ddgm.boundTerms', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => {
      const data = this.#scaled(x);
      const z = this.#noised(data, key);
      const call = { training, key: key.fold('networks') };
      const kept = this.#kept(this.betas.length - 1);
      const ofNoise = normal(tf.mul(Math.sqrt(kept), data), Math.sqrt(1 - kept));
      const divergences = this.#reverse.map((_, index) => {
        const after = z[index + 1]!;
        return klDivergence(this.#posterior(data, after, index), this.#previous(after, index, call));
      });
      return {
        reconstruction: tf.neg(this.#decoded(z[0]!, call).logProb(x)),
        prior: klDivergence(ofNoise, this.#noise),
        diffusion: tf.addN([tf.zeros([x.shape[0]!]), ...divergences]),
      };
    });
  }

  /**
   * $\ln p(x, z_{1:T}) - \ln q(z_{1:T} | x)$ of `numSamples` draws (Eq. 4.91), `[numSamples, n]`.
   * @param x - `[n, ...shape]`
   */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    checkInteger('Ddgm.logWeights', 'numSamples', numSamples);
    checkShape('Ddgm.logWeights', 'x', x, ['n', ...this.eventShape]);
    checkLevels('Ddgm.logWeights', x, this.levels, key);
    const n = x.shape[0]!;
    return tf.tidy(() => {
      const rows = tf.tile(x, [numSamples, ...this.eventShape.map(() => 1)]);
      const data = this.#scaled(rows);
      const z = this.#noised(data, key);
      const forward = z.map((level, index) => this.#step(z[index - 1] ?? data, index).logProb(level));
      const reverse = this.#reverse.map((_, index) =>
        this.#previous(z[index + 1]!, index, {}).logProb(z[index]!),
      );
      const joint = tf.addN([this.#decoded(z[0]!).logProb(rows), ...reverse, this.#noise.logProb(z.at(-1)!)]);
      return tf.reshape(tf.sub(joint, tf.addN(forward)), [numSamples, n]);
    });
  }

  /** Draws `[n, ...shape]`. */
  sample(key: Key, n: number, options: Readonly<Record<never, never>> = {}): Tensor {
    checkKey('Ddgm.sample', key);
    checkOptions('Ddgm.sample', options, []);
    checkInteger('Ddgm.sample', 'n', n, { min: 0 });
    return tf.tidy(() => {
      let z = this.#noise.sample(key.fold('z'), [n]);
      for (let index = this.#reverse.length - 1; index >= 0; index--)
        z = this.#previous(z, index, {}).sample(key.fold(index));
      return this.#decoded(z).sample(key.fold('x'));
    });
  }

  /**
   * The noise that examples become, $z_T$, `[n, ...shape]`: nearly white noise for rates that suffice.
   * @param x - `[n, ...shape]`
   */
  diffuse(x: Tensor, key: Key): Tensor {
    checkShape('Ddgm.diffuse', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => tf.reshape(this.#noised(this.#scaled(x), key).at(-1)!, x.shape));
  }

  /** One objective: minus the bound in nats. */
  objectives(): readonly Objective[] {
    return singleObjective(this, {
      name: 'bound',
      loss: (x: Tensor, key: Key, { training }) => {
        const terms = this.boundTerms(x, key, { training });
        const [reconstruction, prior, diffusion] = [terms.reconstruction, terms.prior, terms.diffusion].map(
          meanOver,
        ) as [Scalar, Scalar, Scalar];
        return {
          total: tf.addN<Scalar>([reconstruction, prior, diffusion]),
          reconstruction,
          prior,
          diffusion,
        };
      },
    });
  }

  /** A draw of $q(z_{1:T} | x)$, each `[n, D]`. */
  #noised(data: Tensor, key: Key): Tensor[] {
    const z: Tensor[] = [];
    for (const index of this.betas.keys())
      z.push(this.#step(z.at(-1) ?? data, index).sample(key.fold(index)));
    return z;
  }

  /** $q(z_i | z_{i-1})$ of the level with the given index, which counts from 0. */
  #step(before: Tensor, index: number): Distribution {
    const beta = this.betas[index]!;
    return normal(tf.mul(Math.sqrt(1 - beta), before), Math.sqrt(beta));
  }

  /**
   * $q(z_i | z_{i+1}, x)$, from $q(z_i | x) = \mathcal N(\sqrt{\bar\alpha_i}\, x, (1 - \bar\alpha_i) I)$ and the step of noise
   * after it: Eq. 4.99-4.101.
   */
  #posterior(data: Tensor, after: Tensor, index: number): Distribution {
    const [kept, total] = [this.#kept(index), this.#kept(index + 1)];
    const beta = this.betas[index + 1]!;
    const ofData = (Math.sqrt(kept) * beta) / (1 - total);
    const ofAfter = (Math.sqrt(1 - beta) * (1 - kept)) / (1 - total);
    const mean = tf.add(tf.mul(ofData, data), tf.mul(ofAfter, after));
    return normal(mean, Math.sqrt((beta * (1 - kept)) / (1 - total)));
  }

  /** $\bar\alpha_i = \prod_{j \le i} (1 - \beta_j)$, the share of the variance that is signal. */
  #kept(index: number): number {
    return this.betas.slice(0, index + 1).reduce((product, beta) => product * (1 - beta), 1);
  }

  /** $p(z_i | z_{i+1})$ */
  #previous(after: Tensor, index: number, call: CallOptions): Distribution {
    const output = this.#reverse[index]!.apply(after, childCall(call, index));
    return this.#latents.distribution(output);
  }

  /** $p(x | z_1)$ */
  #decoded(z: Tensor, call: CallOptions = {}): Distribution {
    return this.#likelihood.distribution(this.#decoder.apply(z, childCall(call, 'decoder')));
  }

  /** `[n, ...shape]` to `[n, D]`, integers scaled to [-1, 1]. */
  #scaled(x: Tensor): Tensor {
    const rows = tf.reshape(x, [x.shape[0]!, sizeOf(this.eventShape)]);
    return this.levels === undefined ? rows : tf.sub(tf.mul(2 / (this.levels - 1), rows), 1);
  }
}

function normal(mean: Tensor, std: number): Distribution {
  return new Independent(new Normal(mean, std), 1);
}
