import {
  asLayer,
  BaseModule,
  checkMethods,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  trainable,
} from '@dgm/core';
import type { CallOptions, GenerativeModel, Key, Layer, Objective, SampleOptions, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGenerator, checkOutput, fromNetworks, toNetworks, trialShape } from '../networks';
import type { GeneratorOptions } from '../networks';
import { record } from '../record';
import type { Discrepancy } from './discrepancy';

export interface MomentMatchingOptions extends GeneratorOptions {
  /** What training lowers: {@link mmd}, {@link slicedWasserstein}, {@link sinkhornDivergence} or one of your own. */
  readonly discrepancy: Discrepancy;
}

/**
 * A generator that is trained without a critic: each step lowers a distance between a batch of examples and as many samples. With
 * {@link mmd} it is a generative moment matching network.
 *
 * Its loss says how good it is, so `fit` keeps the epoch with the lowest one on validation examples. The distance is estimated
 * from a batch: large batches (some hundreds) make good generators.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the generator does not give a batch of examples
 * @see Generative Moment Matching Networks (Li, Swersky and Zemel, 2015); Training generative neural networks via Maximum Mean
 * Discrepancy optimization (Dziugaite, Roy and Ghahramani, 2015); DGM §7.4
 * @example
 * ```ts
 * const model = momentMatching({
 *   latent: 8,
 *   generator: mlp([8, 256, 256, 64], { key, outputActivation: 'tanh' }),
 *   discrepancy: mmd({ kernel: gaussianKernel([1, 2, 4, 8]) }),
 *   levels: 17,
 * });
 * await fit(model, data, { key, optimizer: adam(), batchSize: 250, epochs: 200 });
 * ```
 */
export function momentMatching(options: MomentMatchingOptions): MomentMatching {
  return record(new MomentMatching(options), 'momentMatching', arguments);
}

/** What {@link momentMatching} makes. */
export class MomentMatching extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly generator: Layer;
  readonly #latent: number;
  readonly #discrepancy: Discrepancy;

  constructor(options: MomentMatchingOptions) {
    super();
    const where = 'momentMatching';
    checkOptions(where, options, ['generator', 'latent', 'discrepancy', 'levels']);
    const { generator, latent, discrepancy, levels } = options;
    checkGenerator(where, options, ['generator']);
    checkMethods(where, 'discrepancy', discrepancy, {
      methods: ['between'],
      expected: 'to be a discrepancy such as mmd({ kernel })',
    });
    this.levels = levels;
    this.#latent = latent;
    this.#discrepancy = discrepancy;
    this.generator = this.child('generator', asLayer(generator));
    this.eventShape = trialShape((n) => {
      const x = this.generator.apply(tf.zeros([n, latent]));
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      return x;
    });
  }

  /** @returns G(z) for n draws z, `[n, ...event]` */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('MomentMatching.sample', { key, n, options });
    return tf.tidy(() => fromNetworks(this.#generate(key, n, {}), this.levels));
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'discrepancy',
        parameters: [...trainable(this).values()],
        validated: true,
        loss: (x, key, { training }) =>
          tf.tidy(() => {
            checkShape('MomentMatching.loss', 'x', x, ['n', ...this.eventShape]);
            const real = toNetworks(x, this.levels);
            const samples = this.#generate(key.fold('samples'), x.shape[0]!, { training });
            return { total: this.#discrepancy.between(samples, real, key.fold('discrepancy')) };
          }),
      },
    ];
  }

  /** G(z), as the discrepancy sees examples. */
  #generate(key: Key, n: number, call: CallOptions): Tensor {
    const z = key.fold('z').normal([n, this.#latent]);
    return this.generator.apply(z, childCall({ ...call, key }, 'generator'));
  }
}
