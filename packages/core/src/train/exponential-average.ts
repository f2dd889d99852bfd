import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { checkNumber } from '../check/check';
import type { Module } from '../model/module';

/**
 * An exponential moving average of weights, $\bar w \leftarrow \bar w + (1 - \alpha)(w - \bar w)$, started at the weights.
 */
export class ExponentialAverage implements Module {
  readonly #decay: number;
  readonly #weights: ReadonlyMap<string, Variable>;
  readonly #averages: ReadonlyMap<string, Variable>;

  /**
   * @param options - `decay` $\alpha$ in (0, 1)
   * @throws ArgumentError if the decay is not
   */
  constructor(weights: ReadonlyMap<string, Variable>, { decay }: { readonly decay: number }) {
    checkNumber('ExponentialAverage', 'decay', decay, { above: 0, below: 1 });
    this.#decay = decay;
    this.#weights = weights;
    this.#averages = new Map([...weights].map(([path, weight]) => [path, tf.variable(weight, false)]));
  }

  parameters(): ReadonlyMap<string, Variable> {
    return this.#averages;
  }

  /** Updates the averages with the current weights. Made of tfjs ops that read no value. */
  update(): void {
    tf.tidy(() => {
      for (const [path, average] of this.#averages) {
        const gap = tf.sub(this.#weights.get(path)!, average);
        average.assign(tf.add(average, tf.mul(gap, 1 - this.#decay)));
      }
    });
  }

  /** Runs `action` while the weights hold their averages, and puts them back afterwards. */
  async during<T>(action: () => Promise<T>): Promise<T> {
    this.#exchange();
    try {
      return await action();
    } finally {
      this.#exchange();
    }
  }

  /** Replaces the weights by their averages. */
  adopt(): void {
    for (const [path, average] of this.#averages) this.#weights.get(path)!.assign(average);
  }

  dispose(): void {
    for (const average of this.#averages.values()) if (!average.isDisposed) average.dispose();
  }

  #exchange(): void {
    tf.tidy(() => {
      for (const [path, average] of this.#averages) {
        const weight = this.#weights.get(path)!;
        const moved = tf.clone(weight);
        weight.assign(tf.clone(average));
        average.assign(moved);
      }
    });
  }
}
