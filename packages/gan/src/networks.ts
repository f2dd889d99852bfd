import { formatShape, ShapeError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The integers from 0 to `levels` - 1 as numbers from -1 to 1; real numbers, without levels, as they are. */
export function toNetworks(x: Tensor, levels: number | undefined): Tensor {
  return levels === undefined ? x : tf.sub(tf.mul(x, 2 / (levels - 1)), 1);
}

/** The integers nearest to numbers from -1 to 1, where what lies outside goes to the nearer end; real numbers as they are. */
export function fromNetworks(x: Tensor, levels: number | undefined): Tensor {
  if (levels === undefined) return x;
  const scaled = tf.mul(tf.add(x, 1), (levels - 1) / 2);
  return tf.clipByValue(tf.floor(tf.add(scaled, 0.5)), 0, levels - 1);
}

/** What a network sees: x, or x flat with its context beside it. */
export function beside(x: Tensor, context: Tensor | undefined): Tensor {
  return context === undefined ? x : tf.concat([tf.reshape(x, [x.shape[0]!, -1]), context], 1);
}

/** The rows of a trial run of a network. */
export const TRIAL_ROWS = 2;

/**
 * Checks the output of a trial run of a network on {@link TRIAL_ROWS} rows.
 * @param expected - its shape, in the words of errors, and whether the output, a batch, has it; any batch by default
 * @throws ShapeError naming the network
 */
export function checkOutput(
  where: string,
  network: string,
  output: Tensor,
  { shape, fits = () => true }: { readonly shape: string; readonly fits?: (output: Tensor) => boolean },
): void {
  if (output.rank >= 2 && output.shape[0] === TRIAL_ROWS && fits(output)) return;
  throw new ShapeError({
    where,
    argument: `output of the ${network}`,
    expected: `of shape ${shape}`,
    actual: formatShape(output.rank === 0 ? [] : ['n', ...output.shape.slice(1)]),
  });
}
