import { BaseModule, softplus } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { SmoothFunction, SmoothMap } from '../smooth/smooth-map';

/**
 * $h(x) = (\eta_1 x, \eta_2 f(x))$ with learned weights $\eta > 0$ of length 1: where f does not expand, h does not, because
 * $\mathrm{Lip}(h)^2 \le \eta_1^2 + \eta_2^2$. They start at $1/\sqrt 2$ each, which is the book's division.
 * @see DGM Eq. 3.26-3.30; Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021), §3.3
 */
export class WeightedConcatenation extends BaseModule implements SmoothMap {
  readonly #weights: Variable;
  readonly #map: SmoothMap;

  constructor(map: SmoothMap) {
    super();
    this.#weights = this.parameter('weights', tf.zeros([2]));
    this.#map = this.child('map', map);
  }

  given(conditions?: Tensor): SmoothFunction {
    const inner = this.#map.given(conditions);
    const positive = softplus(this.#weights);
    const unit = tf.div(positive, tf.sqrt(tf.sum(tf.square(positive))));
    const [kept, added] = tf.split(unit, 2) as [Tensor, Tensor];
    const joined = (x: Tensor, f: Tensor): Tensor => tf.concat([tf.mul(kept, x), tf.mul(added, f)], -1);
    return {
      apply: (x) => joined(x, inner.apply(x)),
      linearize: (x) => {
        const { value, push, pull } = inner.linearize(x);
        const sizes = [x.shape[1]!, value.shape[1]!];
        return {
          value: joined(x, value),
          push: (v) => joined(v, push(v)),
          pull: (w) => {
            const [around, through] = tf.split(w, sizes, -1) as [Tensor, Tensor];
            return tf.add(tf.mul(kept, around), pull(tf.mul(added, through)));
          },
        };
      },
    };
  }
}
