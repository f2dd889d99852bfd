import type { SamplingLoop } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/**
 * The loop of an ODE from t = 1 to 0, whose steps become those of a stochastic differential equation with the same densities: after
 * each comes noise of variance $2 \eta\, b_t\, dt$, where $b_t$ is how much noise there is in z. The velocity has to hold the
 * other half of it, $\eta\, E[\epsilon | z]$.
 * @param level - $b_t$
 */
export function stochastic(
  loop: SamplingLoop,
  stochasticity: number,
  level: (t: Scalar) => Tensor,
): SamplingLoop {
  if (stochasticity === 0) return loop;
  return {
    ...loop,
    next: (state, inputs, key) =>
      tf.tidy(() => {
        const { y } = loop.next(state, inputs, key);
        const { from, to } = inputs;
        // Noise of the time at the end of each step: none after the last.
        const variance = tf.mul(tf.mul(2 * stochasticity, tf.sub(from!, to!)), level(to as Scalar));
        return { y: tf.add(y!, tf.mul(tf.sqrt(tf.relu(variance)), key.normal(y!.shape))) };
      }),
  };
}
