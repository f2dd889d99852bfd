import type { DatasetSummary, LikelihoodKind } from '../results/schema';

/** What one model is at one weight of ln p(x), on the test rows. */
export interface WeightPoint {
  readonly weight: number;
  /** Minus ln p(x), without the weight; null where it is not finite. */
  readonly nats: number | null;
  /** Of the predicted classes, in percent. */
  readonly error: number;
}

/** One model at several weights. */
export interface WeightCurve {
  readonly model: string;
  readonly kind: LikelihoodKind;
  /** The norms of the gradients of both terms, without weights, with respect to the parameters that they share, before training. */
  readonly gradients: { readonly classification: number; readonly density: number };
  readonly points: readonly WeightPoint[];
}

/** `results/hybrid-weights.json`: hybrid models from discriminative to generative. */
export interface WeightCurves {
  readonly schema: 1;
  /** The command that repeats it. */
  readonly command: string;
  readonly dataset: DatasetSummary;
  readonly seed: number;
  readonly curves: readonly WeightCurve[];
}
