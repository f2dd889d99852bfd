import { Key, type GenerativeModel } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Trains with tfjs's own Adam, apart from the project's trainer. */
export function train(model: GenerativeModel, x: Tensor, steps: number, learningRate = 1e-2): void {
  const [objective] = model.objectives();
  const optimizer = tf.train.adam(learningRate);
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(() => objective!.loss(x, Key.of(step), { training: true }).total, false, [
      ...objective!.parameters,
    ]);
  }
  optimizer.dispose();
}

/** The integral of a density of one or two variables over a cube, by the midpoints of a fine grid. */
export function massOf(
  logProb: (x: Tensor) => Tensor,
  { from, to, dims, points = 160 }: { from: number; to: number; dims: 1 | 2; points?: number },
): number {
  const step = (to - from) / points;
  const axis = Array.from({ length: points }, (_, index) => from + (index + 0.5) * step);
  const grid = dims === 1 ? axis.map((a) => [a]) : axis.flatMap((a) => axis.map((b) => [a, b]));
  const values = tf.tidy(() => logProb(tf.tensor2d(grid)).dataSync());
  return Array.from(values).reduce((sum, value) => sum + Math.exp(value), 0) * step ** dims;
}
