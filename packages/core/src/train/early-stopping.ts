/** How long training goes on without an improvement. */
export interface EarlyStoppingOptions {
  /** Stops when more than this many epochs in a row did not improve on the best validation. */
  readonly patience: number;
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
): { readonly progress: Progress; readonly improved: boolean } {
  const improved = progress.best === undefined || validation < progress.best.validation;
  return improved
    ? { progress: { best: { epoch, validation }, stale: 0 }, improved }
    : { progress: { ...progress, stale: progress.stale + 1 }, improved };
}
