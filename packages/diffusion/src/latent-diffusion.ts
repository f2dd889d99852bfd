import {
  BaseModule,
  checkKey,
  checkMethods,
  checkOptions,
  checkShape,
  childCall,
  disposeOnThrow,
  formatShape,
  sameShape,
  ShapeError,
  singleObjective,
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

export interface LatentDiffusionOptions {
  /** Maps x, `[n, ...event]`, to the parameters of `posterior`. The model owns it, as all that follow. */
  readonly encoder: Layer;
  /** $q(z | x)$, for example `normalHead({ shape: [16] })`. */
  readonly posterior: DistributionHead;
  /** $p(z)$: a diffusion of real numbers of the posterior's shape, or another model with a bound. */
  readonly prior: BoundModel;
  /** Maps z to the parameters of `likelihood`. */
  readonly decoder: Layer;
  /** $p(x | z)$ */
  readonly likelihood: DistributionHead;
}

/**
 * A VAE with a diffusion model as its prior (latent diffusion): both are trained together, by the sum of their bounds,
 *
 * $$\ln p(x) \ge \mathbb E_{q(z | x)} [\ln p(x | z) - \ln q(z | x) + \mathcal L(z)]$$
 *
 * where $\mathcal L(z) \le \ln p(z)$ is the bound of the prior.
 *
 * @throws ArgumentError for an option that is unknown or missing
 * @throws ShapeError if the prior is of another shape than the posterior
 * @see DGM §4.5.3.4; Score-based Generative Modeling in Latent Space (Vahdat et al., 2021), Eq. 3
 * @example
 * ```ts
 * const model = latentDiffusion({
 *   encoder: mlp([64, 256, 32], { key: key.fold('encoder') }),
 *   posterior: normalHead({ shape: [16] }),
 *   prior: gaussianDiffusion({ shape: [16], network: mlpDenoiser({ shape: [16], key }) }),
 *   decoder: mlp([16, 256, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function latentDiffusion(options: LatentDiffusionOptions): LatentDiffusion {
  return record(
    disposeOnThrow(() => new LatentDiffusion(options)),
    'latentDiffusion',
    arguments,
  );
}

const OPTIONS = [
  'encoder',
  'posterior',
  'prior',
  'decoder',
  'likelihood',
] as const satisfies readonly (keyof LatentDiffusionOptions)[];

/** Made by {@link latentDiffusion}. */
export class LatentDiffusion extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly latentShape: Shape;
  readonly levels: number | undefined;
  readonly prior: BoundModel;
  readonly #encoder: Layer;
  readonly #posterior: DistributionHead;
  readonly #decoder: Layer;
  readonly #likelihood: DistributionHead;

  constructor(options: LatentDiffusionOptions) {
    super();
    checkOptions('latentDiffusion', options, OPTIONS);
    const { encoder, posterior, prior, decoder, likelihood } = options;
    const where = 'latentDiffusion';
    checkMethods(where, 'encoder', encoder, {
      methods: ['apply', 'parameters'],
      expected: 'to be a layer such as mlp()',
    });
    checkMethods(where, 'posterior', posterior, {
      methods: ['distribution'],
      expected: 'to be a head such as normalHead()',
    });
    checkMethods(where, 'prior', prior, {
      methods: ['elbo', 'sample', 'objectives'],
      expected: 'to be a model such as gaussianDiffusion()',
    });
    checkMethods(where, 'decoder', decoder, {
      methods: ['apply', 'parameters'],
      expected: 'to be a layer such as mlp()',
    });
    checkMethods(where, 'likelihood', likelihood, {
      methods: ['distribution'],
      expected: 'to be a head such as categoricalHead()',
    });
    if (!sameShape(prior.eventShape, posterior.eventShape)) {
      throw new ShapeError({
        where,
        argument: 'prior',
        expected: `to be of the posterior's shape ${formatShape(posterior.eventShape)}`,
        actual: formatShape(prior.eventShape),
      });
    }
    this.eventShape = likelihood.eventShape;
    this.latentShape = posterior.eventShape;
    this.levels = likelihood.levels;
    this.#encoder = this.child('encoder', encoder);
    this.#posterior = posterior;
    this.prior = this.child('prior', prior);
    this.#decoder = this.child('decoder', decoder);
    this.#likelihood = likelihood;
  }

  /** $q(z | x)$. Call it inside `tf.tidy`. */
  encode(x: Tensor, call: CallOptions = {}): Distribution {
    checkShape('LatentDiffusion.encode', 'x', x, ['n', ...this.eventShape]);
    return this.#posterior.distribution(this.#encoder.apply(x, childCall(call, 'encoder')));
  }

  /** $p(x | z)$. Call it inside `tf.tidy`. */
  decode(z: Tensor, call: CallOptions = {}): Distribution {
    checkShape('LatentDiffusion.decode', 'z', z, ['n', ...this.latentShape]);
    return this.#likelihood.distribution(this.#decoder.apply(z, childCall(call, 'decoder')));
  }

  /**
   * One draw of the bound for each example in nats, `[n]`.
   * @param x - `[n, ...event]`
   */
  elbo(x: Tensor, key: Key): Tensor {
    checkShape('LatentDiffusion.elbo', 'x', x, ['n', ...this.eventShape]);
    checkLevels('LatentDiffusion.elbo', x, this.levels, key);
    return tf.tidy(() => {
      const { q, z } = this.#inferred(x, key, {});
      const gap = tf.sub(this.prior.elbo(z, key.fold('prior')), q.logProb(z));
      return tf.add(this.decode(z).logProb(x), gap);
    });
  }

  /** Draws `[n, ...event]`, by draws of the prior. */
  sample(key: Key, n: number, options: Readonly<Record<never, never>> = {}): Tensor {
    checkKey('LatentDiffusion.sample', key);
    checkOptions('LatentDiffusion.sample', options, []);
    return tf.tidy(() => this.decode(this.prior.sample(key.fold('z'), n)).sample(key.fold('x')));
  }

  /** One objective, over everything that is learned: minus the bound in nats, with the prior's own first objective in it. */
  objectives(): readonly Objective[] {
    const [ofPrior] = this.prior.objectives();
    return singleObjective(this, {
      name: 'bound',
      loss: (x: Tensor, key: Key, { training }) => {
        const { q, z } = this.#inferred(x, key, { training, key: key.fold('network') });
        const { total: prior } = ofPrior!.loss(z, key.fold('prior'), { training });
        const likelihood = this.decode(z, { training, key: key.fold('network') }).logProb(x);
        const reconstruction: Scalar = tf.neg(meanOver(likelihood));
        const negativeEntropy = meanOver(q.logProb(z));
        return {
          total: tf.addN<Scalar>([reconstruction, negativeEntropy, prior]),
          ...{ reconstruction, negativeEntropy, prior },
        };
      },
    });
  }

  #inferred(x: Tensor, key: Key, call: CallOptions): { readonly q: Distribution; readonly z: Tensor } {
    const q = this.encode(x, call);
    return { q, z: q.sample(key.fold('z')) };
  }
}
