/** How long training goes on without an improvement. */
export interface EarlyStoppingOptions {
  /** Stops when more than this many epochs in a row did not improve on the best validation. */
  readonly patience: number;
  /**
   * The first epoch that can count as one without an improvement: the last epoch of a warm-up, in which the loss that is
   * trained is not yet the one that is validated.
   * @defaultValue 1
   */
  readonly from?: number;
}

/** The best epoch so far and the epochs since. */
export interface Progress {
  readonly best?: { readonly epoch: number; readonly validation: number };
  /** Epochs in a row that did not improve. */
  readonly stale: number;
}

/** The progress after one more epoch; `improved` tells whether it is the best one. */
export function advance(
  progress: Progress,
  epoch: number,
  validation: number,
  { from = 1 }: Pick<EarlyStoppingOptions, 'from'> = {},
): { readonly progress: Progress; readonly improved: boolean } {
  const improved = progress.best === undefined || validation < progress.best.validation;
  return improved
    ? { progress: { best: { epoch, validation }, stale: 0 }, improved }
    : { progress: { ...progress, stale: epoch < from ? 0 : progress.stale + 1 }, improved };
}
