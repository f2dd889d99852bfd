import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Distribution } from '../distribution';
import type { Independent } from '../independent';
import type { MultivariateNormal } from '../multivariate-normal';
import type { Normal } from '../normal';
import type { Parameter } from '../parameters';
import { DiagonalFactor, type ScaleFactor } from '../scale-factor';

/**
 * $\tfrac12 (\| L_q^{-1} L_p \|^2 + \| L_q^{-1} (\mu_p - \mu_q) \|^2 - D) + \ln |\det L_q| - \ln |\det L_p|$, also where one
 * of the two is a product of normal distributions; undefined for what is neither.
 */
export function multivariateNormal(p: Distribution, q: Distribution): (() => Tensor) | undefined {
  const [left, right] = [asMultivariateNormal(p), asMultivariateNormal(q)];
  if (left === undefined || right === undefined || left.factor.size !== right.factor.size) return undefined;
  return () => {
    const spread = tf.sum(tf.square(right.factor.solve(left.factor.dense())), [-2, -1]);
    const distance = right.factor.whiten(
      tf.mul(tf.sub(left.location, right.location), tf.ones([right.factor.size])),
    );
    const squares = tf.add(spread, tf.sum(tf.square(distance), -1));
    const logDets = tf.sub(right.factor.logDet(), left.factor.logDet());
    return tf.add(tf.mul(0.5, tf.sub(squares, left.factor.size)), logDets);
  };
}

function asMultivariateNormal(
  distribution: Distribution,
): { readonly location: Parameter; readonly factor: ScaleFactor } | undefined {
  if (distribution.kind === 'MultivariateNormal') return distribution as MultivariateNormal;
  const { base, rank } = distribution as Independent;
  if (base.kind !== 'Normal' || rank !== 1) return undefined;
  const { location, scale } = base as Normal;
  return { location, factor: new DiagonalFactor(scale, distribution.eventShape[0]!) };
}
