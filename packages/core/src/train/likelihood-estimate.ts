/** A mean over examples with the part of its error that comes from random draws. */
export interface MonteCarloMean {
  readonly mean: number;
  /** Standard deviation of `mean` over repetitions with other draws for these same examples. */
  readonly standardError: number;
}

/** Running averages of the draws of each example of a batch. */
export interface Averages {
  /** Whether a draw is the exact value, so that one is enough. */
  isExact: boolean;
  /** One draw for each example. */
  add(values: ArrayLike<number>): void;
  /** The estimate of each example, and its variance due to the draws. */
  estimates(): { readonly values: Float64Array; readonly variances: Float64Array };
}

/** Running mean and squared deviations of each example's draws (Welford), in doubles. */
export class DrawAverages implements Averages {
  isExact = false;
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #draws = 0;

  constructor(count: number) {
    this.#means = new Float64Array(count);
    this.#squares = new Float64Array(count);
  }

  /** One draw for each example. */
  add(values: ArrayLike<number>): void {
    this.#draws += 1;
    for (let index = 0; index < this.#means.length; index++) {
      const gap = values[index]! - this.#means[index]!;
      this.#means[index]! += gap / this.#draws;
      this.#squares[index]! += gap * (values[index]! - this.#means[index]!);
    }
  }

  /** The mean of each example, and its variance due to the draws; NaN after a single draw. */
  estimates(): { readonly values: Float64Array; readonly variances: Float64Array } {
    if (this.isExact) return { values: this.#means, variances: new Float64Array(this.#means.length) };
    const scale = 1 / (this.#draws * (this.#draws - 1));
    return { values: this.#means, variances: this.#squares.map((square) => square * scale) };
  }
}

/**
 * Running $\ln \frac1K \sum_k e^{w_k}$ of each example's log-weights, in doubles and in constant memory.
 * @see Importance weighted autoencoders (Burda, Grosse and Salakhutdinov, 2016), Eq. 8
 */
export class WeightAverages implements Averages {
  readonly isExact = false;
  readonly #largest: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #draws = 0;

  constructor(count: number) {
    this.#largest = new Float64Array(count).fill(-Infinity);
    this.#sums = new Float64Array(count);
    this.#squares = new Float64Array(count);
  }

  /** One log-weight for each example. */
  add(logWeights: ArrayLike<number>): void {
    this.#draws += 1;
    for (let index = 0; index < this.#sums.length; index++) this.#addOne(index, logWeights[index]!);
  }

  /**
   * The estimate of each example, and its variance by the delta method: that of the mean weight over its square,
   * $\operatorname{Var}(\ln \bar w) \approx \frac{1}{K - 1} \left( K \frac{\sum w^2}{(\sum w)^2} - 1 \right)$.
   */
  estimates(): { readonly values: Float64Array; readonly variances: Float64Array } {
    const draws = this.#draws;
    const values = this.#sums.map((sum, index) => this.#largest[index]! + Math.log(sum / draws));
    const variances = this.#sums.map((sum, index) => {
      return Math.max(0, (draws * this.#squares[index]!) / sum ** 2 - 1) / (draws - 1);
    });
    return { values, variances };
  }

  #addOne(index: number, logWeight: number): void {
    const largest = this.#largest[index]!;
    if (Number.isNaN(logWeight)) {
      this.#sums[index] = NaN;
    } else if (logWeight > largest) {
      // What was summed up so far is measured by the new largest weight.
      const scale = Math.exp(largest - logWeight);
      this.#sums[index] = this.#sums[index]! * scale + 1;
      this.#squares[index] = this.#squares[index]! * scale ** 2 + 1;
      this.#largest[index] = logWeight;
    } else if (logWeight > -Infinity) {
      const ratio = Math.exp(logWeight - largest);
      this.#sums[index]! += ratio;
      this.#squares[index]! += ratio ** 2;
    }
  }
}

/** Collects the estimates of all examples. */
export class ExampleMean {
  #count = 0;
  #sum = 0;
  #squares = 0;
  #variance = 0;

  add(values: ArrayLike<number>, variances: ArrayLike<number>): void {
    for (let index = 0; index < values.length; index++) {
      this.#count += 1;
      this.#sum += values[index]!;
      this.#squares += values[index]! ** 2;
      this.#variance += variances[index]!;
    }
  }

  /** Mean over the examples; where an example had one draw only, the spread over examples bounds the error from above. */
  summary(): MonteCarloMean {
    const mean = this.#sum / this.#count;
    const spread = Math.max(0, this.#squares / this.#count - mean ** 2) / Math.max(1, this.#count - 1);
    const variance = Number.isNaN(this.#variance) ? spread : this.#variance / this.#count ** 2;
    return { mean, standardError: Math.sqrt(variance) };
  }
}
