import { ArgumentError, BaseModule } from '@dgm/core';
import type { Key, Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Flow } from '../flow';

/** $q(u | x)$: noise on $[0, 1)^D$ that makes a density of a mass function. */
export interface Dequantizer extends Module {
  /**
   * Draws of the noise for data `[n, ...event]`, in front of which come the axes of `sampleShape`.
   * @returns `noise`: `[...sampleShape, n, ...event]`, and `logProb`: $\ln q(u|x)$ in nats, `[...sampleShape, n]`
   */
  draw(x: Tensor, key: Key, sampleShape?: readonly number[]): { noise: Tensor; logProb: Tensor };
}

/**
 * Noise that is uniform on $[0, 1)$: $\ln q(u|x) = 0$.
 *
 * DGM's code draws it from (0, 0.5], which gives a density on half of each cell and no bound on the likelihood.
 * @see DGM §3.1.5; A note on the evaluation of generative models (Theis et al., 2016)
 */
export function uniformDequantizer(): Dequantizer {
  return new UniformDequantizer();
}

class UniformDequantizer extends BaseModule implements Dequantizer {
  draw(x: Tensor, key: Key, sampleShape: readonly number[] = []): { noise: Tensor; logProb: Tensor } {
    return {
      noise: key.uniform([...sampleShape, ...x.shape]),
      logProb: tf.zeros([...sampleShape, x.shape[0]!]),
    };
  }
}

/**
 * Noise whose distribution is learned: a flow over $(0, 1)^D$, whose last layer is a `Sigmoid`, with the data as its
 * context. It owns the flow.
 *
 * @param noise - its event is as long as one of the data; its context is the data, `[n, D]`, in units of `levels`
 * @see Flow++ (Ho et al., 2019), §3.1
 */
export function variationalDequantizer(noise: Flow, { levels }: { readonly levels: number }): Dequantizer {
  if (!(levels >= 2)) {
    throw new ArgumentError({
      where: 'variationalDequantizer',
      argument: 'levels',
      expected: 'to be at least 2',
      actual: String(levels),
    });
  }
  return new VariationalDequantizer(noise, levels);
}

class VariationalDequantizer extends BaseModule implements Dequantizer {
  readonly #noise: Flow;
  readonly #levels: number;

  constructor(noise: Flow, levels: number) {
    super();
    this.#noise = this.child('noise', noise);
    this.#levels = levels;
  }

  draw(x: Tensor, key: Key, sampleShape: readonly number[] = []): { noise: Tensor; logProb: Tensor } {
    return tf.tidy(() => {
      const n = x.shape[0]!;
      const context = tf.div(tf.reshape(x, [n, -1]), this.#levels);
      const { x: noise, logProb } = this.#noise.given(context).sampleAndLogProb(key, sampleShape);
      return { noise: tf.reshape(noise, [...sampleShape, ...x.shape]), logProb };
    });
  }
}
