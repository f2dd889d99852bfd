import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import {
  batchShapeOf,
  inverseScaleOf,
  logScaleOf,
  minus,
  requirePositiveScale,
  scaleOf,
  scaleParameter,
  times,
  type BatchShapeOptions,
  type Parameter,
  type Scale,
} from './parameters';

/**
 * The base of families of the form $x = \mu + s z$ with a fixed standard variable $z$: an author writes the standard
 * member, $\ln p(x) = \ln p_0((x - \mu)/s) - \ln s$ follows.
 */
export abstract class LocationScale extends BaseDistribution {
  readonly eventShape: Shape = [];
  readonly batchShape: Shape;
  readonly location: Parameter;
  readonly scale: Scale;

  constructor(location: Parameter, scale: Scale, options: BatchShapeOptions, ...others: Parameter[]) {
    super();
    requirePositiveScale(scale, new.target.name, 'scale');
    this.batchShape = batchShapeOf(new.target.name, options, location, scaleParameter(scale), ...others);
    this.location = location;
    this.scale = scale;
  }

  protected abstract standardDraw(key: Key, shape: Shape): Tensor;
  protected abstract standardLogDensity(z: Tensor): Tensor;
  protected abstract standardEntropy(): Parameter;
  protected abstract standardMean(): Parameter;
  protected abstract standardVariance(): Parameter;

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const noise = this.standardDraw(key, [...sampleShape, ...this.batchShape]);
    const spread = times(noise, scaleOf(this.scale));
    return this.location === 0 ? spread : tf.add(this.location, spread);
  }

  protected logDensity(x: Tensor): Tensor {
    return minus(this.standardLogDensity(this.#standardize(x)), logScaleOf(this.scale));
  }

  protected override closedEntropy(): Tensor {
    return tf.add(this.standardEntropy(), logScaleOf(this.scale));
  }

  protected override closedMean(): Parameter {
    return tf.add(this.location, tf.mul(this.standardMean(), scaleOf(this.scale)));
  }

  protected override closedVariance(): Tensor {
    return tf.mul(this.standardVariance(), tf.square(scaleOf(this.scale)));
  }

  /** All families here are symmetric with one peak. */
  protected override closedMode(): Parameter {
    return this.location;
  }

  protected override closedCdf(x: Tensor): Tensor {
    return this.standardCdf(this.#standardize(x));
  }

  protected standardCdf(_z: Tensor): Tensor {
    return super.closedCdf(_z) as Tensor;
  }

  protected override closedQuantile(p: Tensor): Tensor {
    return tf.add(this.location, tf.mul(scaleOf(this.scale), this.standardQuantile(p)));
  }

  protected standardQuantile(_p: Tensor): Tensor {
    return super.closedQuantile(_p) as Tensor;
  }

  #standardize(x: Tensor): Tensor {
    return times(minus(x, this.location), inverseScaleOf(this.scale));
  }
}
