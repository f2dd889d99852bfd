import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { exp } from '../ops/activations';
import { broadcastTo } from '../ops/broadcast-to';
import { logSoftmax, logSumExp, softmax } from '../ops/log-sum-exp';
import { oneHot } from '../ops/one-hot';
import { selectByMask } from '../ops/select';
import { stopGradient } from '../ops/stop-gradient';
import type { Key } from '../random/key';
import { broadcastShapes, endsWith, formatShape, sizeOf, type Shape } from '../shape/shape';
import { BaseDistribution, type Distribution } from './distribution';
import type { EventSpace } from './support';

/**
 * A mixture of joint densities over the whole event (DGM Eq. 4.47):
 * $\ln p(x) = \ln \sum_k w_k \, p_k(x)$ with $w = \mathrm{softmax}(l)$.
 *
 * The components are the last axis of one distribution's batch. Listings 4.7-4.10 of DGM take the sum over components
 * for each dimension by itself, which is a product of one-dimensional mixtures; here an event has one component.
 *
 * @example
 * ```ts
 * const components = new Normal(tf.tensor1d([-2, 2]), tf.tensor1d([0.5, 1]));
 * const p = new Mixture([0, 0], components); // logits
 * p.sample(key, [100]); // [100]
 * ```
 */
export class Mixture extends BaseDistribution {
  readonly kind = 'Mixture';
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly logits: Tensor | readonly number[];
  readonly components: Distribution;
  readonly #count: number;

  /**
   * @param logits - `[..., K]`, unnormalized log-weights
   * @param components - batch `[..., K]`; for components over vectors wrap them in `Independent`
   * @throws {@link ShapeError} if the two do not have the same K, or the batch of the components would have to be stretched
   */
  constructor(logits: Tensor | readonly number[], components: Distribution) {
    super();
    record(this, 'Mixture', arguments);
    const shape = 'shape' in logits ? logits.shape : [logits.length];
    const count = components.batchShape.at(-1);
    const batchShape = broadcastShapes(shape.slice(0, -1), components.batchShape.slice(0, -1));
    // A size of 1 to be stretched would make neighbours share their draws.
    checkThat(
      'Mixture',
      'logits',
      count !== undefined &&
        shape.at(-1) === count &&
        endsWith([...batchShape, count], components.batchShape),
      {
        error: ShapeError,
        expected: `of shape ${formatShape([...components.batchShape.slice(0, -1), count ?? 'K'])}, one for each component`,
        actual: `${formatShape(shape)} for components of batch shape ${formatShape(components.batchShape)}`,
      },
    );
    this.logits = logits;
    this.components = components;
    this.#count = count;
    this.batchShape = batchShape;
    this.eventShape = components.eventShape;
    this.space = components.space;
  }

  /** One component for the whole event, and a draw from it. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const lead = [...sampleShape, ...this.batchShape];
    const logits = broadcastTo(this.#logits(), [...this.batchShape, this.#count]);
    const which = key.fold('component').categorical(logits, sampleShape);
    const { components } = this;
    const picked = components.pick?.(this.#flat(which));
    if (picked !== undefined) return picked.sample(key.fold('event'));
    // Components that cannot be picked are all drawn from. Axes of the batch that they lack are samples of theirs.
    const shared = lead.slice(0, lead.length + 1 - components.batchShape.length);
    const candidates = components.sample(key.fold('event'), shared);
    const chosen = this.#overEvent(oneHot(which, { depth: this.#count }));
    return tf.sum(tf.mul(candidates, chosen), lead.length);
  }

  protected logDensity(x: Tensor): Tensor {
    const axis = x.rank - this.eventShape.length;
    const logJoint = tf.add(logSoftmax(this.#logits()), this.components.logProb(tf.expandDims(x, axis)));
    return logSumExp(logJoint, { axis: -1 });
  }

  protected override closedMean(): Tensor {
    return this.#average(this.components.mean());
  }

  /** The mean of the variances and the variance of the means. */
  protected override closedVariance(): Tensor {
    const means = this.components.mean();
    const mean = this.#average(means);
    const deviation = tf.sub(means, tf.expandDims(mean, mean.rank - this.eventShape.length));
    return this.#average(tf.add(this.components.variance(), tf.square(deviation)));
  }

  protected override closedCdf(x: Tensor): Tensor {
    if (this.eventShape.length > 0) return super.closedCdf(x) as Tensor;
    const ofComponents = this.components.cdf(tf.expandDims(x, -1));
    return tf.sum(tf.mul(softmax(this.#logits()), ofComponents), -1);
  }

  /**
   * By bisection between the least and the greatest quantile of the components. The gradient is that of the implicit
   * function: $\tfrac{\partial x}{\partial p} = \tfrac{1}{p(x)}$, and minus the slope of the cdf over $p(x)$ for the parameters.
   */
  protected override closedQuantile(p: Tensor): Tensor {
    const { step = 1 } = this.components as { readonly step?: number };
    const isKnown = this.eventShape.length === 0 && this.components.quantile !== undefined && step === 1;
    if (!isKnown) return super.closedQuantile(p);
    const share = stopGradient(p);
    const ofComponents = stopGradient(this.components.quantile!(tf.expandDims(share, -1)));
    let [low, high] = [tf.min(ofComponents, -1), tf.max(ofComponents, -1)] as [Tensor, Tensor];
    const reached = (x: Tensor): Tensor => tf.greaterEqual(this.cdf(x), share);
    // The lower end may be the answer, where a step of the cdf is.
    const isLow = reached(low);
    for (let halving = 0; halving < HALVINGS; halving++) {
      // Not half of the sum, which may overflow.
      const middle = tf.add(tf.mul(0.5, low), tf.mul(0.5, high));
      const above = reached(middle);
      [low, high] = [selectByMask(above, low, middle), selectByMask(above, middle, high)];
    }
    const x = selectByMask(isLow, tf.min(ofComponents, -1), high);
    // A distribution of integers steps at them, or less than half before them; halving leads next to that.
    if (this.space === 'integers') return tf.round(x);
    const density = stopGradient(exp(this.logProb(x)));
    const isSmooth = tf.logicalAnd(tf.greater(density, 0), tf.less(density, Infinity));
    const change = tf.div(tf.sub(p, this.cdf(x)), selectByMask(isSmooth, density, Infinity));
    return tf.add(x, tf.sub(change, stopGradient(change)));
  }

  /** The weighted mean of `[..., K, ...event]` over the components. */
  #average(ofComponents: Tensor): Tensor {
    const weighted = tf.mul(this.#overEvent(softmax(this.#logits())), ofComponents);
    return tf.sum(weighted, weighted.rank - 1 - this.eventShape.length);
  }

  /** The flat indices of chosen components in their batch, `[..., K]`. */
  #flat(which: Tensor): Tensor {
    const rows = this.components.batchShape.slice(0, -1);
    const first = tf.mul(tf.range(0, sizeOf(rows), 1, 'int32'), tf.scalar(this.#count, 'int32'));
    return tf.add(which, tf.reshape(first, [...rows]));
  }

  /** `[..., K]` with axes of size 1 for the event. */
  #overEvent(weights: Tensor): Tensor {
    return tf.reshape(weights, [...weights.shape, ...this.eventShape.map(() => 1)]);
  }

  #logits(): Tensor {
    return 'shape' in this.logits ? this.logits : tf.tensor1d([...this.logits]);
  }
}

/** After so many, the bracket is as narrow as neighbouring numbers of float32. */
const HALVINGS = 60;
