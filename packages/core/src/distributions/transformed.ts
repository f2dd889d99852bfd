import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Bijector } from '../bijectors/bijector';
import { ShapeError } from '../errors/dgm-error';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution, type Distribution } from './distribution';
import type { EventSpace } from './support';

/**
 * The distribution of $y = f(z)$ for $z \sim p$ (change of variables, DGM Eq. 3.7, 3.8):
 * $\ln p_y(y) = \ln p(f^{-1}(y)) + \ln |\det J_{f^{-1}}(y)|$. The bijector must keep the event's shape.
 */
export class Transformed extends BaseDistribution {
  readonly kind = 'Transformed';
  readonly base: Distribution;
  readonly bijector: Bijector;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly reparameterized: boolean;

  /** @throws {@link ShapeError} if an event of the base has fewer axes than one of the bijector */
  constructor(base: Distribution, bijector: Bijector) {
    super();
    if (base.eventShape.length < bijector.eventRank) {
      throw new ShapeError({
        where: 'Transformed',
        argument: 'base',
        expected: `to have events of rank ${bijector.eventRank} or more`,
        actual: `rank ${base.eventShape.length}`,
        remedy: `wrap it: new Independent(base, ${bijector.eventRank - base.eventShape.length})`,
      });
    }
    this.base = base;
    this.bijector = bijector;
    this.batchShape = base.batchShape;
    this.eventShape = base.eventShape;
    this.space = base.space;
    this.reparameterized = base.reparameterized;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.bijector.forwardAndLogDet(this.base.sample(key, sampleShape)).y;
  }

  protected logDensity(y: Tensor): Tensor {
    const { z, logDet } = this.bijector.inverseAndLogDet(y);
    return tf.add(this.base.logProb(z), this.#overEvent(logDet));
  }

  /** A bijector of scalars under an event of several: its log-determinants add up. */
  #overEvent(logDet: Tensor): Tensor {
    const extra = this.eventShape.length - this.bijector.eventRank;
    if (extra === 0) return logDet;
    return tf.sum(
      logDet,
      Array.from({ length: extra }, (_, index) => logDet.rank - extra + index),
    );
  }
}
