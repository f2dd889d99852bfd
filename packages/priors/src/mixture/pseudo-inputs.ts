import { checkInteger, checkNumber, checkOptions, checkThat, gatherExamples } from '@dgm/core';
import type { Examples, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/** Makes the pseudo-inputs $u_k$ that learning starts from, `[K, ...event]`; the caller owns them. */
export type PseudoInputs = (key: Key) => Tensor;

/**
 * Pseudo-inputs that are uniform noise, as in Listing 4.8.
 * @param options - `count` K, the `shape` of x, and the range of values, by default [0, 1)
 *
 * @example
 * ```ts
 * const encoder = conditional(mlp([64, 64, 2 * 8], { key }), normalHead({ shape: [8] }));
 * const pseudoInputs = randomPseudoInputs({ count: 16, shape: [64], max: 17 });
 * const prior = vampPrior({ encoder, pseudoInputs, key });
 * ```
 */
export function randomPseudoInputs({
  count,
  shape,
  min = 0,
  max = 1,
  ...unknown
}: {
  readonly count: number;
  readonly shape: Shape;
  readonly min?: number;
  readonly max?: number;
}): PseudoInputs {
  checkOptions('randomPseudoInputs', unknown, ['count', 'shape', 'min', 'max']);
  checkInteger('randomPseudoInputs', 'count', count);
  checkNumber('randomPseudoInputs', 'max', max, { min });
  const pseudoInputs: PseudoInputs = (key) => key.uniform([count, ...shape], { min, max });
  return record(pseudoInputs, 'randomPseudoInputs', arguments);
}

/**
 * Pseudo-inputs that are training examples, drawn without replacement.
 * @throws ArgumentError if there are fewer than `count` examples
 *
 * @example
 * ```ts
 * const encoder = conditional(mlp([64, 64, 2 * 8], { key }), normalHead({ shape: [8] }));
 * const pseudoInputs = dataPseudoInputs(data.train, { count: 16 });
 * const prior = vampPrior({ encoder, pseudoInputs, key });
 * ```
 */
export function dataPseudoInputs(
  examples: Examples,
  { count, ...unknown }: { readonly count: number },
): PseudoInputs {
  checkOptions('dataPseudoInputs', unknown, ['count']);
  checkInteger('dataPseudoInputs', 'count', count);
  checkThat('dataPseudoInputs', 'count', count <= examples.count, {
    expected: `to be at most the ${examples.count} examples`,
    actual: String(count),
    remedy: 'ask for fewer, or use meanPseudoInputs',
  });
  const pseudoInputs: PseudoInputs = (key) =>
    gatherExamples(examples, key.permutation(examples.count).slice(0, count));
  return withoutExamples(pseudoInputs, examples, count);
}

/**
 * Pseudo-inputs that are the mean example plus a little normal noise, which tells them apart.
 * @param options - `count` K and the noise's `std`, in units of x, by default 0.01
 * @see VAE with a VampPrior (Tomczak and Welling, 2018), §5
 *
 * @example
 * ```ts
 * const encoder = conditional(mlp([64, 64, 2 * 8], { key }), normalHead({ shape: [8] }));
 * const pseudoInputs = meanPseudoInputs(data.train, { count: 16, std: 0.5 }); // of levels 0 to 16
 * const prior = vampPrior({ encoder, pseudoInputs, key });
 * ```
 */
export function meanPseudoInputs(
  examples: Examples,
  { count, std = 0.01, ...unknown }: { readonly count: number; readonly std?: number },
): PseudoInputs {
  checkOptions('meanPseudoInputs', unknown, ['count', 'std']);
  checkInteger('meanPseudoInputs', 'count', count);
  checkNumber('meanPseudoInputs', 'std', std, { min: 0 });
  const pseudoInputs: PseudoInputs = (key) =>
    tf.tidy(() => {
      const mean = meanExample(examples);
      return tf.add(mean, tf.mul(std, key.normal([count, ...examples.shape])));
    });
  return withoutExamples(pseudoInputs, examples, count);
}

/** A model file holds the pseudo-inputs as weights of the prior, so what they started from is not written, least of all the data. */
function withoutExamples(pseudoInputs: PseudoInputs, { shape }: Examples, count: number): PseudoInputs {
  return record(pseudoInputs, 'randomPseudoInputs', [{ count, shape }]);
}

/** The mean over the examples, accumulated in doubles. */
function meanExample({ count, shape, values }: Examples): Tensor {
  const size = values.length / count;
  const sums = new Float64Array(size);
  values.forEach((value, index) => {
    sums[index % size]! += value;
  });
  return tf.tensor(
    Float32Array.from(sums, (sum) => sum / count),
    [...shape],
  );
}
