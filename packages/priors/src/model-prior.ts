import { BaseDistribution, BaseModule, sizeOf } from '@dgm/core';
import type { ConditionalDistribution, Distribution, Key, LikelihoodModel, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

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
  readonly #distribution: Distribution;

  constructor(model: LikelihoodModel) {
    super();
    this.#distribution = new ModelDistribution(this.child('model', model));
  }

  given(): Distribution {
    return this.#distribution;
  }
}

/**
 * Any model with an exact likelihood as a prior over what it is a model of: an autoregressive model over the codes of a
 * VQ-VAE, a normalizing flow over continuous latents, a mixture. The prior owns the model and trains it with its VAE.
 *
 * @see DGM §4.4.1.6: "any density estimator" serves
 */
export function modelPrior(model: LikelihoodModel): ConditionalDistribution {
  return new ModelPrior(model);
}
