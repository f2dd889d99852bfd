import { ArgumentError, BaseDistribution, BaseModule, checkContext, checkGiven, sizeOf } from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key, LikelihoodModel, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from './record';

/** A model with an exact likelihood, seen as a distribution. */
class ModelDistribution extends BaseDistribution {
  readonly kind = 'Model';
  /** A model does not say what it is a model of. */
  override readonly space = undefined;
  readonly batchShape: Shape = [];
  readonly eventShape: Shape;
  readonly reparameterized = false;
  readonly #model: LikelihoodModel;

  constructor(model: LikelihoodModel) {
    super();
    this.#model = model;
    this.eventShape = model.eventShape;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return tf.reshape(this.#model.sample(key, sizeOf(sampleShape)), [...sampleShape, ...this.eventShape]);
  }

  protected logDensity(x: Tensor): Tensor {
    const lead = x.shape.slice(0, x.rank - this.eventShape.length);
    const rows = tf.reshape(x, [sizeOf(lead), ...this.eventShape]); // models see one batch axis
    return tf.reshape(this.#model.logProb(rows), lead);
  }
}

class ModelPrior extends BaseModule implements ConditionalDistribution {
  readonly contextSize = 0;
  readonly #distribution: Distribution;

  constructor(model: LikelihoodModel) {
    super();
    this.#distribution = new ModelDistribution(this.child('model', model));
  }

  given(context?: Tensor): Distribution {
    checkContext('modelPrior.given', context, this);
    return this.#distribution;
  }
}

/**
 * A model with an exact likelihood, and no `given()`, as a prior over what it is a model of. The prior owns the model and
 * trains it with its VAE, by `logProb`, which has no dropout.
 *
 * Flows and autoregressive models are priors as they are, and know when they are in training.
 * @throws ArgumentError for a model with `given()`, or without an exact likelihood
 * @see DGM §4.4.1.6: "any density estimator" serves
 *
 * @example
 * ```ts
 * const density = ppca({ weights: [[1], [0.5]], bias: [0, 0], noiseVariance: 0.1 });
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 2], { key: key.fold('encoder') }),
 *   decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [2] }),
 *   prior: modelPrior(density),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function modelPrior(model: LikelihoodModel): ConditionalDistribution {
  checkGiven('modelPrior', 'model', model, 'to be a model with an exact likelihood');
  const isConditional = 'given' in model;
  if (!isConditional && model.likelihoodKind === 'exact')
    return record(new ModelPrior(model), 'modelPrior', arguments);
  throw new ArgumentError({
    where: 'modelPrior',
    argument: 'model',
    expected: isConditional ? 'to have no given()' : 'to have an exact likelihood',
    actual: isConditional ? 'a conditional distribution' : `likelihoodKind "${model.likelihoodKind}"`,
    ...(isConditional && { remedy: 'give the model itself as the prior' }),
  });
}
