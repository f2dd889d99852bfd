import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkKey, checkOptions, DomainError, type Key } from '@dgm/core';
import type { Examples } from '../dataset';

export interface DequantizeOptions {
  readonly key: Key;
  /** How many values an entry can take, to check examples by: the integers 0 to `levels` - 1. */
  readonly levels?: number;
}

/**
 * Adds noise to integers, so that a density can be fitted to them: $x + u$ with $u \sim U[0, 1)$.
 *
 * By Jensen's inequality $\mathbb{E}_u \log p(x + u) \le \log P(x)$: what a density scores here, in nats, is a lower bound
 * of the log-probability of the integers. No sum is rounded up to the next integer, so that `floor` gives `x` back.
 *
 * @returns float32 of the same shape: the caller owns a tensor
 * @throws DomainError if the examples are not integers of the given levels
 * @see A note on the evaluation of generative models (Theis, van den Oord and Bethge, 2016), DGM §3.1
 */
export function dequantize(data: Tensor, options: DequantizeOptions): Tensor;
export function dequantize(data: Examples, options: DequantizeOptions): Examples;
export function dequantize(data: Tensor | Examples, options: DequantizeOptions): Tensor | Examples {
  checkOptions('dequantize', options, ['key', 'levels']);
  const { key, levels = Infinity } = options;
  checkKey('dequantize', key);
  if (levels !== Infinity) checkInteger('dequantize', 'levels', levels);
  return 'values' in data ? dequantizeExamples(data, key, levels) : dequantizeTensor(data, key);
}

/** The largest float32 factor that takes an integer to a float32 below it. */
const JUST_BELOW = 1 - 2 ** -24;

function dequantizeTensor(x: Tensor, key: Key): Tensor {
  return tf.tidy(() => tf.minimum(tf.add(x, key.uniform(x.shape)), tf.mul(tf.add(x, 1), JUST_BELOW)));
}

function dequantizeExamples(examples: Examples, key: Key, levels: number): Examples {
  const generator = key.generator();
  const values = Float32Array.from(examples.values as ArrayLike<number>, (value, index) => {
    if (!Number.isInteger(value) || value < 0 || value >= levels) {
      throw new DomainError({
        where: 'dequantize',
        argument: 'examples.values',
        expected: `to be integers from 0${levels === Infinity ? '' : ` to ${levels - 1}`}`,
        actual: `${value} at index ${index}`,
        remedy: 'dequantize once, before any scaling',
      });
    }
    return Math.min(value + generator.uniform(), Math.fround((value + 1) * JUST_BELOW));
  });
  return { ...examples, values };
}
