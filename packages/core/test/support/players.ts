import {
  BaseModule,
  checkSampling,
  leadingShape,
  mlp,
  recordConstruction,
  type SampleOptions,
  tanh,
  trainable,
  type EnergyModel,
  type GenerativeModel,
  type Key,
  type Layer,
  type Objective,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { SUPPORT } from './models';

const LATENTS = 2;
const CLIP = 0.8;

/** The number of examples of a batch, whose shape it checks. */
const countOf = (x: Tensor): number => leadingShape(x.shape, [3], 'loss', 'x')[0]!;

/**
 * A small GAN with every part of a schedule: a critic that is trained at each step with clipped weights, a gradient penalty at
 * every second one, fakes made before the gradient, and a generator at every third step.
 */
export class TinyGan extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape = [3];
  readonly generator: Layer;
  readonly critic: Layer;

  constructor(key: Key) {
    super();
    this.generator = this.child(
      'generator',
      mlp([LATENTS, 8, 3], { key: key.fold('generator'), activation: 'tanh' }),
    );
    this.critic = this.child('critic', mlp([3, 8, 1], { key: key.fold('critic'), activation: 'tanh' }));
    recordConstruction(this, { ...SUPPORT, name: 'TinyGan', args: [key] });
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('TinyGan.sample', { key, n, options });
    return tf.tidy(() => this.generator.apply(key.normal([n, LATENTS])));
  }

  objectives(): readonly Objective[] {
    const critic = [...trainable(this.critic).values()];
    return [
      {
        name: 'critic',
        parameters: critic,
        lazyEvery: 2,
        prepare: (x, key) => ({ fakes: this.sample(key, countOf(x)) }),
        loss: (x, _key, { lazy = true, prepared }) =>
          tf.tidy(() => {
            const fakes = prepared!['fakes']!;
            const gap = tf.sub(tf.mean(this.critic.apply(fakes)), tf.mean(this.critic.apply(x)));
            if (!lazy) return { total: gap as Scalar };
            const slope = tf.grad((y) => tf.sum(this.critic.apply(y)))(x);
            const penalty: Scalar = tf.mean<Scalar>(tf.sum(tf.square(slope), 1));
            return { total: tf.add<Scalar>(gap, penalty), penalty };
          }),
        afterUpdate: () =>
          tf.tidy(() => critic.forEach((weight) => weight.assign(tf.clipByValue(weight, -CLIP, CLIP)))),
      },
      {
        name: 'generator',
        parameters: [...trainable(this.generator).values()],
        every: 3,
        loss: (x, key) => ({
          total: tf.tidy(() => tf.neg(tf.mean<Scalar>(this.critic.apply(this.sample(key, countOf(x)))))),
        }),
      },
    ];
  }
}

/** A small energy-based model, trained by persistent contrastive divergence: its chains are variables that each step moves. */
export class TinyEnergy extends BaseModule implements EnergyModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape = [3];
  readonly #weight: Variable;
  readonly #chains: Variable;

  constructor(key: Key, { chains = 16 }: { readonly chains?: number } = {}) {
    super();
    this.#weight = this.parameter(
      'weight',
      tf.tidy(() => tf.mul(key.fold('weight').normal([3, 4]), 0.5)),
    );
    this.#chains = this.parameter('chains', key.fold('chains').normal([chains, 3]), { trainable: false });
    recordConstruction(this, { ...SUPPORT, name: 'TinyEnergy', args: [key, { chains }] });
  }

  energy(x: Tensor): Tensor {
    countOf(x);
    return tf.tidy(() => {
      const features = tf.sum(tanh(tf.matMul(x, this.#weight as unknown as tf.Tensor2D)), 1);
      return tf.sub(tf.mul(0.5, tf.sum(tf.square(x), 1)), features);
    });
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('TinyEnergy.sample', { key, n, options });
    return tf.tidy(() => this.#moved(key.fold('start').normal([n, 3]), key));
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'contrast',
        parameters: [this.#weight],
        prepare: (_x, key, { training }) =>
          tf.tidy(() => {
            const negatives = this.#moved(this.#chains, key);
            if (training) this.#chains.assign(negatives);
            return { negatives: tf.clone(negatives) };
          }),
        loss: (x, _key, { prepared }) =>
          tf.tidy(() => {
            const data: Scalar = tf.mean<Scalar>(this.energy(x));
            const negatives: Scalar = tf.mean<Scalar>(this.energy(prepared!['negatives']!));
            return { total: tf.sub<Scalar>(data, negatives), data, negatives };
          }),
      },
    ];
  }

  /** Four Langevin steps. */
  #moved(start: Tensor, key: Key): Tensor {
    let x = start;
    for (let step = 0; step < 4; step++) {
      const slope = tf.grad((y) => tf.sum(this.energy(y)))(x);
      const noise = tf.mul(key.fold(step).normal(x.shape), Math.sqrt(2 * 0.05));
      x = tf.add(tf.sub(x, tf.mul(0.05, slope)), noise);
    }
    return x;
  }
}
