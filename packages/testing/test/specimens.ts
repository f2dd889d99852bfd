import {
  BaseBijector,
  BaseDistribution,
  BaseLayer,
  BaseModule,
  checkSampling,
  Normal,
  recordConstruction,
  type SampleOptions,
  UnsupportedError,
  type GenerativeModel,
  type Key,
} from '@dgm/core';
import type { Distribution, Objective, Shape } from '@dgm/core';
import { broadcastShapes, leadingShape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** What can be wrong with a specimen: the kit must notice each. */
export type Fault =
  | 'density'
  | 'sampler'
  | 'gradient'
  | 'leak'
  | 'leak on throw'
  | 'disposes'
  | 'mean'
  | 'variance'
  | 'entropy'
  | 'entropy shape'
  | 'no alternative'
  | 'mode'
  | 'cdf'
  | 'quantile'
  | 'key'
  | 'no shape check'
  | 'extremes'
  | 'path';

/** A normal distribution, sound unless a fault is asked for. */
export class NormalSpecimen extends BaseDistribution {
  readonly kind = 'NormalSpecimen';
  readonly batchShape: Shape;
  readonly eventShape: Shape = [];
  readonly reparameterized = true;

  constructor(
    readonly loc: Tensor,
    readonly scale: Tensor,
    readonly fault?: Fault,
  ) {
    super();
    this.batchShape = broadcastShapes(loc.shape, scale.shape);
  }

  override logProb(x: Tensor): Tensor {
    if (this.fault === 'disposes') return tf.tidy(() => (this.loc.dispose(), tf.zeros(x.shape)));
    if (this.fault === 'no shape check') return tf.zeros(x.shape);
    if (this.fault === 'leak') tf.scalar(0);
    if (this.fault === 'leak on throw' && x.shape.at(-1) === 3) tf.scalar(0);
    return super.logProb(x);
  }

  override entropy(): Tensor {
    if (this.fault === 'entropy shape') return tf.zeros([1]);
    return super.entropy();
  }

  protected override closedMean(): Tensor {
    return this.fault === 'mean' ? tf.add(this.loc, 0.01) : this.loc;
  }

  protected override closedVariance(): Tensor {
    return this.fault === 'variance' ? this.scale : tf.square(this.scale);
  }

  protected override closedMode(): Tensor {
    if (this.fault === 'no alternative') throw new UnsupportedError({ where: 'NormalSpecimen.mode' });
    return this.fault === 'mode' ? tf.add(this.loc, 0.1) : this.loc;
  }

  protected override closedEntropy(): Tensor {
    const offset = 0.5 * Math.log(2 * Math.PI * Math.E) + (this.fault === 'entropy' ? 0.01 : 0);
    return tf.add(tf.log(this.scale), offset);
  }

  protected override closedCdf(x: Tensor): Tensor {
    const z = tf.div(tf.sub(x, this.loc), tf.mul(this.scale, this.fault === 'cdf' ? 1.42 : Math.SQRT2));
    return tf.mul(0.5, tf.add(1, tf.erf(z)));
  }

  protected override closedQuantile(p: Tensor): Tensor {
    return new Normal(this.loc, this.fault === 'quantile' ? tf.mul(this.scale, 1.01) : this.scale).quantile(
      p,
    );
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = key.normal([...sampleShape, ...this.batchShape]);
    if (this.fault === 'key') return tf.add(this.loc, tf.zeros(noise.shape));
    const scale = this.fault === 'sampler' ? tf.mul(this.scale, 1.1) : this.scale;
    if (this.fault === 'path')
      return tf.add(tf.mul(noise, tf.tensor(scale.dataSync(), scale.shape)), this.loc);
    return tf.add(tf.mul(noise, scale), this.loc);
  }

  protected logDensity(x: Tensor): Tensor {
    const z = tf.div(tf.sub(x, this.loc), this.scale);
    const log = tf.sub(tf.mul(-0.5, tf.square(z)), tf.add(tf.log(this.scale), 0.5 * Math.log(2 * Math.PI)));
    if (this.fault === 'density') return tf.add(log, 0.002);
    if (this.fault === 'gradient') return detachedSlope(log);
    if (this.fault === 'extremes') return tf.log(tf.exp(log));
    return log;
  }
}

/** A distribution with another density or other draws than it should have. */
export class Distorted implements Distribution {
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly reparameterized = false;

  constructor(
    readonly original: Distribution,
    readonly distort: {
      readonly logProb?: (logProb: Tensor, x: Tensor) => Tensor;
      readonly sample?: (x: Tensor) => Tensor;
    },
  ) {
    this.batchShape = original.batchShape;
    this.eventShape = original.eventShape;
  }

  sample(key: Key, sampleShape?: Shape): Tensor {
    const { sample = tf.clone } = this.distort;
    return tf.tidy(() => sample(this.original.sample(key, sampleShape)));
  }

  logProb(x: Tensor): Tensor {
    const { logProb = tf.clone } = this.distort;
    return tf.tidy(() => logProb(this.original.logProb(x), x));
  }

  entropy(): Tensor {
    return this.original.entropy();
  }

  mean(): Tensor {
    return this.original.mean();
  }

  variance(): Tensor {
    return this.original.variance();
  }

  mode(): Tensor {
    return this.original.mode();
  }

  cdf(x: Tensor): Tensor {
    return this.original.cdf(x);
  }
}

/** The identity with a gradient that is off by a hundredth. */
const detachedSlope = tf.customGrad((x) => ({
  value: tf.clone(x as Tensor),
  gradFunc: (dy: Tensor) => tf.mul(dy, 1.01),
})) as (x: Tensor) => Tensor;

/** y = exp(z) element by element. */
export class ExpSpecimen extends BaseBijector {
  readonly eventRank = 0;

  readonly #offset: number;

  constructor(readonly fault?: 'logDet' | 'sign' | 'inverse' | 'leak') {
    super();
    this.#offset = fault === 'logDet' ? 0.001 : 0;
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    if (this.fault === 'leak') tf.keep(tf.scalar(0));
    return { y: tf.exp(z), logDet: tf.add(z, this.#offset) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const z = tf.log(y);
    const logDet = this.fault === 'sign' ? tf.clone(z) : tf.neg(tf.add(z, this.#offset));
    return { z: this.fault === 'inverse' ? tf.add(z, 0.001) : z, logDet };
  }
}

export type LayerFault = 'unused weight' | 'gradient' | 'random' | 'leak' | 'dispose' | 'hidden state';

/** y = x W. */
export class LinearSpecimen extends BaseLayer {
  readonly #kernel: Variable;
  readonly #hidden: number;
  readonly #fault: LayerFault | undefined;
  #calls = 0;

  constructor(key: Key, fault?: LayerFault) {
    super();
    this.#fault = fault;
    this.#kernel = this.parameter('kernel', key.normal([3, 2]));
    if (fault === 'unused weight') this.parameter('unused', tf.zeros([1]));
    this.#hidden = fault === 'hidden state' ? key.generator().normal() : 0;
  }

  override dispose(): void {
    if (this.#fault !== 'dispose') super.dispose();
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [3], 'LinearSpecimen.apply', 'x');
  }

  protected forward(x: Tensor): Tensor {
    if (this.#fault === 'leak') tf.keep(tf.scalar(0));
    const y = tf.add(tf.matMul(x as tf.Tensor2D, this.#kernel as tf.Tensor2D), this.#hidden);
    if (this.#fault === 'gradient') return detachedSlope(y);
    return this.#fault === 'random' ? tf.add(y, this.#calls++) : y;
  }
}

/** What models of these tests are recorded under. */
export const SPECIMENS = { package: 'testing-specimens', version: '0.0.0' };

export type ModelFault = 'frozen' | 'leak' | 'samples' | 'bound' | 'total' | 'no shape check' | 'any options';

/** One Bernoulli variable with a learned logit, seen as a model with an exact likelihood and a (tight) bound. */
export class CoinSpecimen extends BaseModule implements GenerativeModel {
  readonly eventShape: Shape = [1];
  readonly likelihoodKind = 'exact';
  readonly #logit: Variable;
  readonly #fault: ModelFault | undefined;

  constructor(key: Key, fault?: ModelFault) {
    super();
    this.#fault = fault;
    this.#logit = this.parameter('logit', key.normal([1]));
    recordConstruction(this, { ...SPECIMENS, name: 'CoinSpecimen', args: [key, fault] });
  }

  logProb(x: Tensor): Tensor {
    if (this.#fault !== 'no shape check') leadingShape(x.shape, [1], 'CoinSpecimen.logProb', 'x');
    return tf.tidy(() => {
      const flat = tf.squeeze(tf.slice(x, [0, 0], [-1, 1]), [1]);
      const signed = tf.mul(this.#logit, tf.sub(tf.mul(flat, 2), 1));
      const log = tf.neg(tf.softplus(tf.neg(signed)));
      return this.#fault === 'total' ? tf.add(log, tf.square(this.#logit)) : log;
    });
  }

  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const noise = tf.mul(0.1, key.normal([x.shape[0]!]));
      return tf.add(tf.add(this.logProb(x), noise), this.#fault === 'bound' ? 0.1 : 0);
    });
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    if (this.#fault !== 'any options') checkSampling('CoinSpecimen.sample', { key, n, options });
    return tf.tidy(() => {
      const threshold = tf.sigmoid(this.#logit);
      const drawn = tf.cast(tf.less(key.uniform([n, 1]), threshold), 'float32');
      return this.#fault === 'samples' ? tf.mul(2, drawn) : drawn;
    });
  }

  objectives(): readonly Objective[] {
    return [
      {
        name: 'likelihood',
        parameters: this.#fault === 'frozen' ? [] : [this.#logit],
        loss: (batch) => {
          if (this.#fault === 'leak') tf.keep(tf.scalar(0));
          return { total: tf.tidy(() => tf.neg(tf.mean(this.logProb(batch))) as Scalar) };
        },
      },
    ];
  }
}
