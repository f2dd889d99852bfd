/** Times of steps in milliseconds. */
export class StepTimes {
  readonly #times: number[] = [];

  /** Some steps that took `milliseconds` together. */
  add(milliseconds: number, steps: number): void {
    for (let index = 0; index < steps; index++) this.#times.push(milliseconds / steps);
  }

  /** Zeros if there was no step. */
  summary(): { readonly median: number; readonly min: number } {
    const sorted = Float64Array.from(this.#times).sort();
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? 0;
    const median = sorted.length % 2 === 0 ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
    return { median, min: sorted[0] ?? 0 };
  }
}
