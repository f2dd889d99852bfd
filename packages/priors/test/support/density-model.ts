import { BaseModule, checkSampling, recordConstruction, singleObjective } from '@dgm/core';
import type {
  ConditionalDistribution,
  Key,
  LikelihoodModel,
  Module,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** A prior by itself, trained by maximum likelihood on values of z; `encoder` is what a VampPrior borrows. */
export class DensityModel extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly #prior: ConditionalDistribution;

  constructor(shape: Shape, prior: ConditionalDistribution, encoder?: Module) {
    super();
    recordConstruction(this, {
      ...{ package: 'priors-tests', version: '0', name: 'DensityModel' },
      args: [shape, prior, encoder],
    });
    this.eventShape = shape;
    if (encoder) this.child('encoder', encoder);
    this.#prior = this.child('prior', prior);
  }

  logProb(x: Tensor): Tensor {
    return tf.tidy(() => this.#prior.given().logProb(x));
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('DensityModel.sample', { key, n, options });
    return tf.tidy(() => this.#prior.given().sample(key, [n]));
  }

  objectives(): readonly Objective[] {
    return singleObjective<Tensor>(this, {
      name: 'likelihood',
      loss: (x, key, { training }) => {
        const prior = this.#prior.given(undefined, { training, key });
        return { total: tf.neg(tf.mean<Scalar>(prior.logProb(x))) };
      },
    });
  }
}
