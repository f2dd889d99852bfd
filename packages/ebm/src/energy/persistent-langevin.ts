import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkKey,
  checkNumber,
  checkSizes,
  langevin,
  selectByMask,
} from '@dgm/core';
import type { Key, SamplingLoop, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

/** How negative examples are drawn while a deep energy-based model is trained. */
export interface PersistentLangevinOptions {
  /** Randomness for the chains to start from. */
  readonly key: Key;
  /** The shape of one example. */
  readonly shape: Shape;
  /** The range of the data, both ends included: chains start uniformly in it and are kept inside it. */
  readonly range: readonly [min: number, max: number];
  /**
   * The number of chains that are kept. A training step moves as many as the batch has examples. 0 keeps none: each chain starts
   * anew (short-run chains).
   * @defaultValue 2000
   */
  readonly bufferSize?: number;
  /** The probability that a chain starts anew when its turn comes. @defaultValue 0.05 */
  readonly restart?: number;
  /** Langevin steps of a training step, and of `sample`. @defaultValue 20 */
  readonly steps?: number;
  /** The step size of Langevin dynamics, $\epsilon$. @defaultValue 0.02 */
  readonly stepSize?: number;
  /**
   * The temperature of Langevin dynamics, T: below 1 the chains draw from $p^{1/T}$, and the model that they train is sharper for
   * it. Short chains of temperature 1 do not mix.
   * @defaultValue 1/16
   */
  readonly temperature?: number;
}

export const CHAIN_OPTIONS: readonly (keyof PersistentLangevinOptions)[] = [
  'key',
  'shape',
  'range',
  'bufferSize',
  'restart',
  'steps',
  'stepSize',
  'temperature',
];

/**
 * Langevin chains that go on from one training step to the next: a queue. The chains at its front are moved and go to its end, so
 * that each has its turn.
 *
 * @see Implicit Generation and Modeling with Energy-Based Models (Du and Mordatch, 2019), §3.1, which picks them at random
 */
export class PersistentLangevin extends BaseModule {
  readonly #restart: number;
  readonly range: { readonly min: number; readonly max: number };
  readonly #shape: Shape;
  readonly #chain: { readonly steps: number; readonly stepSize: number; readonly temperature: number };
  readonly #queue: Variable | undefined;

  constructor(where: string, options: PersistentLangevinOptions) {
    super();
    const { key, shape, range, bufferSize = 2000, restart = 0.05 } = options;
    const { steps = 20, stepSize = 0.02, temperature = 1 / 16 } = options;
    checkKey(where, key);
    checkSizes(where, 'shape', shape);
    const [min, max] = Array.isArray(range) ? (range as readonly number[]) : [];
    checkGiven(where, 'range', max, 'to be [min, max]');
    checkNumber(where, 'range[0]', min);
    checkNumber(where, 'range[1]', max, { above: min! });
    checkInteger(where, 'bufferSize', bufferSize, { min: 0 });
    checkNumber(where, 'restart', restart, { min: 0, max: 1 });
    checkInteger(where, 'steps', steps);
    checkNumber(where, 'stepSize', stepSize, { above: 0 });
    checkNumber(where, 'temperature', temperature, { min: 0 });
    this.#shape = shape;
    this.range = { min: min!, max };
    this.#restart = restart;
    this.#chain = { steps, stepSize, temperature };
    this.#queue =
      bufferSize === 0
        ? undefined
        : this.parameter('queue', this.#start(key, bufferSize), { trainable: false });
  }

  /**
   * Moves the first chains of the queue, all of them where there are fewer than `n`; without a queue, `n` new ones.
   * @param energy - `[n, ...shape]` to `[n]`
   * @returns the states of the chains, `[min(n, bufferSize), ...shape]`; the caller owns them
   */
  negatives(
    energy: (x: Tensor) => Tensor,
    key: Key,
    { n, training }: { n: number; training: boolean },
  ): Tensor {
    return tf.tidy(() => {
      const queue = this.#queue;
      if (queue === undefined) return this.#run(energy, this.#start(key.fold('start'), n), key);
      const size = queue.shape[0]!;
      const count = Math.min(n, size);
      const [front, rest] = [rows(queue, 0, count), rows(queue, count, size - count)];
      const each = [count, ...this.#shape.map(() => 1)];
      const isNew = tf.less(key.fold('restart').uniform(each), this.#restart);
      const x = this.#run(energy, selectByMask(isNew, this.#start(key.fold('start'), count), front), key);
      if (training) queue.assign(count === size ? tf.clone(x) : tf.concat([rest, x]));
      return x;
    });
  }

  /** Langevin dynamics from `n` chains of the queue, drawn with replacement, or from new ones. */
  sampling(energy: (x: Tensor) => Tensor, n: number): SamplingLoop {
    const start = (key: Key): Tensor => {
      const queue = this.#queue;
      if (queue === undefined) return this.#start(key, n);
      const size = queue.shape[0]!;
      // Rounding may give the upper end.
      const picked = tf.minimum(tf.floor(key.uniform([n], { max: size })), size - 1);
      return tf.gather(queue, tf.cast(picked, 'int32') as tf.Tensor1D);
    };
    const { steps, next, finish } = this.#loop(energy);
    return { steps, inputs: {}, start: (_, key) => tf.tidy(() => ({ x: start(key) })), next, finish };
  }

  #run(energy: (x: Tensor) => Tensor, start: Tensor, key: Key): Tensor {
    const loop = this.#loop(energy);
    let state = { x: start };
    for (let step = 1; step <= loop.steps; step++) {
      state = loop.next(state, {}, key.fold(step)) as typeof state;
    }
    return state.x;
  }

  /** A loop that is started by its user. */
  #loop(energy: (x: Tensor) => Tensor): SamplingLoop {
    const initial = tf.zeros([0, ...this.#shape]);
    try {
      return langevin({ logProb: (x) => tf.neg(energy(x)), initial, ...this.#chain, ...this.range });
    } finally {
      initial.dispose();
    }
  }

  #start(key: Key, n: number): Tensor {
    return key.uniform([n, ...this.#shape], this.range);
  }
}

/** `count` rows from row `start` on. */
function rows(x: Tensor, start: number, count: number): Tensor {
  return tf.slice(x, [start, ...x.shape.slice(1).map(() => 0)], [count, ...x.shape.slice(1)]);
}
