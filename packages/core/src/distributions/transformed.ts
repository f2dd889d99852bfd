import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import type { Bijector } from '../bijectors/bijector';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import type { CallOptions } from '../nn/layer';
import { broadcastTo } from '../ops/broadcast-to';
import { selectByMask } from '../ops/select';
import { stopGradient } from '../ops/stop-gradient';
import { sumLastAxes } from '../ops/sum-last-axes';
import type { Key } from '../random/key';
import { broadcastShapes, endsWith, formatShape, sameShape, sizeOf, type Shape } from '../shape/shape';
import { BaseDistribution, type Distribution } from './distribution';
import type { EventSpace } from './support';

/**
 * The distribution of $y = f(z)$ for $z \sim p$, by the change of variables:
 *
 * $$\ln p_y(y) = \ln p(f^{-1}(y)) + \ln |\det J_{f^{-1}}(y)|$$
 *
 * `sampleAndLogProb` uses the z that was drawn and never inverts y: it is exact also where y rounds to the end of its
 * range. For maps of integers p is a mass function, and the determinant is 1 (DGM Eq. 3.32). It borrows all its parts.
 * @see DGM Eq. 3.7, 3.8
 *
 * @example
 * ```ts
 * const logNormal = new Transformed(new Normal(0, 1), new Exp());
 * logNormal.logProb(tf.scalar(2)); // -1.852
 * ```
 */
export class Transformed extends BaseDistribution {
  readonly kind = 'Transformed';
  readonly base: Distribution;
  readonly bijector: Bijector;
  /** What every call of the bijector is given. */
  readonly call: CallOptions;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly reparameterized: boolean;
  /** The number of axes of an event of the base that the bijector takes for a batch. */
  readonly #extraAxes: number;

  /**
   * @param base - with an event as the bijector expects, or one with further axes in front of it
   * @param bijector - from the base to the data
   * @param call - options of each call of the bijector; with a `context`, `[n, contextSize]`, the batch is `[n]`
   * @throws ShapeError if the base's event does not fit the bijector, or its batch the context
   */
  constructor(base: Distribution, bijector: Bijector, call: CallOptions = {}) {
    super();
    record(this, 'Transformed', arguments);
    const rank = bijector.latentShape?.length ?? bijector.eventRank;
    const extra = base.eventShape.length - rank;
    checkEvent(base, bijector, rank);
    this.base = base;
    this.bijector = bijector;
    this.call = call;
    this.batchShape = call.context === undefined ? base.batchShape : [call.context.shape[0]!];
    checkBatch(base, this.batchShape);
    this.eventShape = [
      ...base.eventShape.slice(0, extra),
      ...(bijector.eventShape ?? base.eventShape.slice(extra)),
    ];
    this.space = base.space;
    this.reparameterized = base.reparameterized;
    this.#extraAxes = extra;
  }

  /**
   * Draws and their log-densities. The draws are those of `sample`.
   * @returns `x`: `[...sampleShape, ...batch, ...event]`, and `logProb` in nats: `[...sampleShape, ...batch]`; the caller owns
   * both
   */
  sampleAndLogProb(key: Key, sampleShape: Shape = []): { x: Tensor; logProb: Tensor } {
    return tf.tidy(() => {
      const lead = [...sampleShape, ...this.batchShape];
      if (sizeOf(lead) === 0) return { x: this.#noDraws(lead), logProb: tf.zeros(lead) };
      const z = this.#latents(key, sampleShape);
      const { y, logDet } = this.bijector.forwardAndLogDet(z, this.call);
      return { x: y, logProb: tf.sub(this.base.logProb(z), sumLastAxes(logDet, this.#extraAxes)) };
    });
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const lead = [...sampleShape, ...this.batchShape];
    if (sizeOf(lead) === 0) return this.#noDraws(lead);
    return this.bijector.forwardAndLogDet(this.#latents(key, sampleShape), this.call).y;
  }

  protected logDensity(y: Tensor): Tensor {
    const lead = [...broadcastShapes(y.shape.slice(0, y.rank - this.eventShape.length), this.batchShape)];
    if (sizeOf(lead) === 0) return tf.zeros(lead);
    // A condition has one row for each event, so events are repeated for it.
    const events = this.call.context === undefined ? y : broadcastTo(y, [...lead, ...this.eventShape]);
    const { z, logDet } = this.bijector.inverseAndLogDet(events, this.call);
    return tf.add(this.base.logProb(z), sumLastAxes(logDet, this.#extraAxes));
  }

  /** $F(f^{-1}(y))$ for a single number, and 1 less that for a map that falls; 0 and 1 beyond the range of the map. */
  protected override closedCdf(y: Tensor): Tensor {
    if (!this.#isOfNumbers()) return super.closedCdf(y) as Tensor;
    const { z, logDet } = this.bijector.inverseAndLogDet(y, this.call);
    const share = this.base.cdf(z);
    const inside = selectByMask(this.#rises(), share, tf.sub(1, share));
    // Outside the range the inverse is any finite z. A point of the range tells which side y is on.
    const above = tf.cast(tf.greater(stopGradient(y), this.#images().high), 'float32');
    return selectByMask(tf.equal(logDet, -Infinity), above, inside);
  }

  /** $f(F^{-1}(p))$ for a single number, and $f(F^{-1}(1 - p))$ for a map that falls. */
  protected override closedQuantile(p: Tensor): Tensor {
    if (!this.#isOfNumbers() || this.base.quantile === undefined) return super.closedQuantile(p);
    const share = selectByMask(this.#rises(), p, tf.sub(1, p));
    return this.bijector.forwardAndLogDet(this.base.quantile(share), this.call).y;
  }

  /** Whether this is an increasing or decreasing map of one real number: an invertible map of a single one always is. */
  #isOfNumbers(): boolean {
    return this.eventShape.length === 0 && this.bijector.eventRank === 0 && this.space === 'reals';
  }

  #rises(): Tensor {
    const { first, second } = this.#images();
    return tf.greater(second, first);
  }

  /** Two points of the range, from a lower and a higher point of the base. */
  #images(): { first: Tensor; second: Tensor; high: Tensor } {
    const at = (share: number): Tensor => {
      const z = this.base.quantile!(tf.fill([...this.base.batchShape], share));
      return stopGradient(this.bijector.forwardAndLogDet(z, this.call).y);
    };
    const [first, second] = [at(0.25), at(0.75)];
    return { first, second, high: tf.maximum(first, second) };
  }

  /** A base without a batch draws one event for each row of the condition. */
  #latents(key: Key, sampleShape: Shape): Tensor {
    const missing = this.batchShape.slice(this.base.batchShape.length);
    return this.base.sample(key, [...sampleShape, ...missing]);
  }

  #noDraws(lead: Shape): Tensor {
    return tf.zeros([...lead, ...this.eventShape]);
  }
}

function checkEvent(base: Distribution, { latentShape }: Bijector, rank: number): void {
  const { eventShape } = base;
  if (latentShape === undefined ? eventShape.length >= rank : endsWith(eventShape, latentShape)) return;
  throw new ShapeError({
    where: 'Transformed',
    argument: 'base',
    expected: `to have events of ${latentShape === undefined ? `rank ${rank} or more` : `shape ${formatShape(latentShape)}`}`,
    actual: formatShape(eventShape),
    ...(eventShape.length < rank && {
      remedy: `wrap it: new Independent(base, ${rank - eventShape.length})`,
    }),
  });
}

function checkBatch({ batchShape }: Distribution, wanted: Shape): void {
  checkThat('Transformed', 'base', batchShape.length === 0 || sameShape(batchShape, wanted), {
    error: ShapeError,
    expected: `to have the batch ${formatShape(wanted)} of the context, or none`,
    actual: formatShape(batchShape),
  });
}
