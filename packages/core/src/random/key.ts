import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, show } from '../check/check';
import { ArgumentError, UnsupportedError } from '../errors/dgm-error';
import { formatShape, sizeOf, type Shape } from '../shape/shape';
import { checkSize } from '../shape/size-limit';
import {
  fillBernoulli,
  fillExponential,
  fillGumbel,
  fillLogistic,
  fillNormal,
  fillUniform,
  type Fill,
} from './fill';
import { Generator } from './generator';
import { threefry } from './threefry';

/** One draw that a traced computation has asked for. */
export interface TracedDraw {
  readonly shape: Shape;
  /** What is drawn, in words: `normal`, `uniform on [0, 1)`, `bernoulli(0.5)`. */
  readonly distribution: string;
  /** The values that this draw has when the traced computation's root key is `root`: in `values`, or in a new array. */
  refill(root: Key, values?: Float32Array): Float32Array;
}

/** Where a traced key comes from, and who wants to know of its draws. */
interface Trace {
  readonly derive: (root: Key) => Key;
  readonly record: (draw: TracedDraw) => Tensor;
}

/**
 * A splittable random key: an immutable 64-bit value of the host.
 *
 * The same key gives the same numbers each time and on every backend, because draws are made on the host. So a key is
 * used once: derive children by `split` or `fold`, and give each consumer its own. Nothing global is involved, and
 * seed 0 is a seed like any other.
 *
 * @example
 * ```ts
 * const key = Key.of(0);
 * const [first, second] = key.split(2);
 * const noise = key.fold('noise').normal([64, 16]);
 * ```
 */
export class Key {
  readonly #word0: number;
  readonly #word1: number;
  readonly #trace: Trace | undefined;

  private constructor(word0: number, word1: number, trace?: Trace) {
    this.#word0 = word0;
    this.#word1 = word1;
    this.#trace = trace;
  }

  /**
   * The key of a seed.
   * @param seed - an integer from -(2^53 - 1) to 2^53 - 1
   * @throws ArgumentError if the seed is not such an integer
   */
  static of(seed: number): Key {
    checkInteger('Key.of', 'seed', seed, {});
    return new Key(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  }

  /**
   * This key as the root of a computation that is captured once and run many times: what is drawn from it, or from keys
   * derived from it, is handed to `record`, which gives the tensor that stands for the draw. Running the computation
   * with another root means refilling each recorded draw.
   */
  traced(record: (draw: TracedDraw) => Tensor): Key {
    return new Key(this.#word0, this.#word1, { derive: (root) => root, record });
  }

  /** Whether this key or one that it came from is {@link traced}: what is computed with it has no values to read yet. */
  get isTraced(): boolean {
    return this.#trace !== undefined;
  }

  /**
   * `n` independent keys.
   * @throws ArgumentError if `n` is not a count
   */
  split(n: number): Key[] {
    checkInteger('Key.split', 'n', n, { min: 0, max: 2 ** 32 });
    return Array.from({ length: n }, (_, index) => this.#descendant([index], SPLIT));
  }

  /** The child key of a name or of an index (a step, an epoch): equal data give equal keys, other data independent ones. */
  fold(data: string | number): Key {
    if (typeof data === 'number') {
      if (!Number.isSafeInteger(data)) {
        throw new ArgumentError({
          where: 'Key.fold',
          argument: 'data',
          expected: 'to be a string or a safe integer',
          actual: String(data),
        });
      }
      return this.#descendant([data >>> 0, Math.floor(data / 2 ** 32) >>> 0], FOLD_NUMBER);
    }
    const codes = Array.from({ length: data.length }, (_, index) => data.charCodeAt(index));
    return this.#descendant([data.length, ...codes], FOLD_STRING);
  }

  /**
   * A stream of random numbers on the host, for code that needs them one by one.
   * @throws UnsupportedError while the key is traced: numbers that never become one draw cannot be refilled
   */
  generator(): Generator {
    if (this.#trace) {
      throw new UnsupportedError({
        where: 'Key.generator',
        argument: 'a draw on the host',
        expected: 'not to be captured',
        actual: 'a traced key',
        remedy: 'run this model with the eager engine',
      });
    }
    return new Generator(this.#word0, this.#word1);
  }

  /** Uniform on `[min, max)`, float32. */
  uniform(shape: Shape, { min = 0, max = 1 }: { readonly min?: number; readonly max?: number } = {}): Tensor {
    return this.#tensor(shape, `uniform on [${min}, ${max})`, fillUniform(min, max));
  }

  /** Standard normal, float32. */
  normal(shape: Shape): Tensor {
    return this.#tensor(shape, 'normal', fillNormal);
  }

  /** Standard exponential, float32. */
  exponential(shape: Shape): Tensor {
    return this.#tensor(shape, 'exponential', fillExponential);
  }

  /** Standard logistic, float32. */
  logistic(shape: Shape): Tensor {
    return this.#tensor(shape, 'logistic', fillLogistic);
  }

  /** Standard Gumbel, float32. */
  gumbel(shape: Shape): Tensor {
    return this.#tensor(shape, 'gumbel', fillGumbel);
  }

  /**
   * 1 with the given probability, else 0; float32.
   * @param options - `value` in place of 1, for masks that scale what they keep
   * @throws ArgumentError if the probability is not one
   */
  bernoulli(shape: Shape, probability: number, { value = 1 }: { readonly value?: number } = {}): Tensor {
    checkNumber('Key.bernoulli', 'probability', probability, { min: 0, max: 1 });
    const distribution = `bernoulli(${probability})${value === 1 ? '' : ` times ${value}`}`;
    return this.#tensor(shape, distribution, fillBernoulli(probability, value));
  }

  /**
   * One index per row of logits, by inversion: the first whose cumulated probability exceeds a uniform number,
   * $\min \{ k : \sum_{j \le k} p_j > u \}$. One number for each index drawn, where the Gumbel-max trick takes K.
   * @param logits - `[..., K]`, unnormalized log-probabilities
   * @returns int32 `[...sampleShape, ...]`
   */
  categorical(logits: Tensor, sampleShape: Shape = []): Tensor {
    return tf.tidy(() => {
      const axis = logits.shape.length - 1;
      const cumulated = tf.cumsum(tf.softmax(logits), axis);
      // 1 but for rounding: measured by what the last reaches, no draw lies beyond the last index that is possible.
      const total = tf.max(cumulated, axis, true);
      const u = tf.mul(this.uniform([...sampleShape, ...total.shape]), total);
      const isBelow = tf.cast(tf.lessEqual(cumulated, u), 'float32');
      return tf.cast(tf.sum(isBelow, -1), 'int32');
    });
  }

  /**
   * A uniformly random order of 0 to `n` - 1.
   * @throws ArgumentError if `n` is not a count of at most 2^31 - 1
   */
  permutation(n: number): Int32Array {
    checkInteger('Key.permutation', 'n', n, { min: 0, max: 2 ** 31 - 1 });
    checkSize('Key.permutation', n);
    const generator = this.generator();
    const order = Int32Array.from({ length: n }, (_, index) => index);
    // Fisher and Yates, from the end.
    for (let last = n - 1; last > 0; last--) {
      const other = generator.below(last + 1);
      const moved = order[last]!;
      order[last] = order[other]!;
      order[other] = moved;
    }
    return order;
  }

  /** What Node prints. */
  toString(): string {
    return `Key(${this.toJSON()}${this.isTraced ? ', traced' : ''})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** The key as text, for a checkpoint. */
  toJSON(): string {
    return [this.#word0, this.#word1].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  /**
   * The key that `toJSON` wrote.
   * @throws ArgumentError if the text is not 16 hexadecimal digits
   */
  static fromJSON(text: string): Key {
    if (!/^[0-9a-f]{16}$/.test(text)) {
      throw new ArgumentError({
        where: 'Key.fromJSON',
        argument: 'text',
        expected: 'to be 16 hexadecimal digits',
        actual: JSON.stringify(text),
      });
    }
    return new Key(parseInt(text.slice(0, 8), 16), parseInt(text.slice(8), 16));
  }

  /** The child of the child ... of this key, one for each index. */
  #descendant(indices: readonly number[], domain: number): Key {
    let [word0, word1] = [this.#word0, this.#word1];
    for (const index of indices) [word0, word1] = threefry(word0, word1, index, domain);
    return new Key(word0, word1, this.#trace && this.#traceOf(indices, domain));
  }

  /** How a child comes from a root. It is derived once for each: all draws of a step begin with the same keys. */
  #traceOf(indices: readonly number[], domain: number): Trace {
    const { record, derive } = this.#trace!;
    let last: { readonly root: Key; readonly child: Key } | undefined;
    return {
      record,
      derive: (root) => {
        if (last?.root !== root) last = { root, child: derive(root).#descendant(indices, domain) };
        return last.child;
      },
    };
  }

  /** Every tensor of random numbers is made here. */
  #tensor(shape: Shape, distribution: string, draw: Fill): Tensor {
    const size = sizeOf(shape);
    if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
      throw new ArgumentError({
        where: 'Key',
        argument: 'shape',
        expected: 'to hold non-negative integers',
        actual: formatShape(shape),
      });
    }
    checkSize('Key', size);
    const fill = (key: Key, values: Float32Array = new Float32Array(size)): Float32Array => {
      draw(values, key.generator());
      return values;
    };
    if (this.#trace) {
      const { derive, record } = this.#trace;
      return record({ shape, distribution, refill: (root, values) => fill(derive(root), values) });
    }
    return tf.tensor(fill(this), [...shape], 'float32');
  }
}

/** Each way of deriving children has its own half of the counter, so that `split(1)[0]` is not `fold(0)`. */
const SPLIT = 0x53504c54;
const FOLD_NUMBER = 0x4e554d42;
const FOLD_STRING = 0x54455854;

/**
 * Checks that a value is a {@link Key}; one of another copy of this package will do.
 * @throws ArgumentError naming `where` and `argument`
 */
export function checkKey(where: string, key: unknown, argument = 'key'): asserts key is Key {
  if (typeof key === 'object' && key !== null && 'fold' in key && 'split' in key) return;
  throw new ArgumentError({
    where,
    argument,
    expected: 'to be a Key',
    actual: show(key),
    remedy: 'make one with Key.of(seed)',
  });
}
