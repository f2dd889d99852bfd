import { adam, BaseModule, evaluate, fit, Independent, Key, Normal, setup, trainable } from '@dgm/core';
import type { LikelihoodModel, Objective } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** A whole model: normal numbers, independent of each other, whose mean and scale are learned. */
class LearnedNormal extends BaseModule implements LikelihoodModel {
  readonly likelihoodKind = 'exact';
  readonly eventShape = [2];
  readonly #mean = this.parameter('mean', tf.zeros([2]));
  readonly #logScale = this.parameter('logScale', tf.zeros([2]));

  logProb(x: Tensor): Tensor {
    return this.#density().logProb(x); // nats, [n]
  }

  sample(key: Key, n: number): Tensor {
    return this.#density().sample(key, [n]);
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor) => ({ total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.logProb(x)))) });
    return [{ name: 'likelihood', parameters: [...trainable(this).values()], loss }];
  }

  #density() {
    return new Independent(new Normal(this.#mean, { logScale: this.#logScale }), 1);
  }
}

await setup(); // the best engine that is there
const key = Key.of(0); // all randomness comes from keys: same key, same bits
const truth = new Independent(new Normal(3, 2, { shape: [2] }), 1);
const draw = (name: string, count: number) => ({
  count,
  shape: [2],
  values: tf.tidy(() => truth.sample(key.fold(name), [count]).dataSync()) as Float32Array,
});

const model = new LearnedNormal();
await fit(
  model,
  { train: draw('train', 1000), validation: draw('validation', 200) },
  {
    key,
    optimizer: adam({ learningRate: 0.05 }),
    batchSize: 100,
    epochs: 50,
    earlyStopping: { patience: 5 },
  },
);
const { nats, kind } = await evaluate(model, draw('test', 10_000), { key });
const entropy = tf.tidy(() => truth.entropy().dataSync()[0]!);
console.log(`${nats.toFixed(1)} nats (${kind}); the entropy of the truth is ${entropy.toFixed(1)}`);
model.dispose();
