import type {
  AnyMakeBatch,
  CommonFitOptions,
  Dataset,
  Distribution,
  Engine,
  Evaluation,
  Examples,
  GenerativeModel,
  Key,
} from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Run, RunExtra } from '../../results/schema';

/**
 * How one model is made, trained and measured.
 *
 * A file or folder of `recipes/` exports `recipes: readonly Recipe[]` and is found there; there is no list to edit.
 */
export interface Recipe {
  /** What users type after `--models`: kebab-case, unique in the repository. */
  readonly name: string;
  /** Where the model is described: `DGM §4.3, Listings 4.1-4.5`. */
  readonly source: string;
  /** Whether it is one of the one or two models that stand for its family where not all are asked for. @defaultValue false */
  readonly isFlagship?: boolean;
  /** Whether the model can learn this data set. @defaultValue any data set */
  accepts?(dataset: Dataset): boolean;
  create(task: RecipeTask): Experiment | Promise<Experiment>;
}

export interface RecipeTask {
  readonly dataset: Dataset;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Whether to save time with a smaller network. */
  readonly quick: boolean;
  /** Units of a hidden layer, for curves over the size of a model. May be ignored. @defaultValue the model's own */
  readonly width?: number;
  /** The weight of ln p(x) in the loss of a hybrid model, for curves over it. May be ignored. @defaultValue the model's own */
  readonly densityWeight?: number;
}

/** How the authors of a model train it. The command decides where, for how long and from which seed. */
export type Training<B = unknown> = Pick<
  CommonFitOptions<B>,
  | 'optimizer'
  | 'batchSize'
  | 'epochs'
  | 'earlyStopping'
  | 'clipNorm'
  | 'ema'
  | 'recover'
  | 'validate'
  | 'validateEvery'
> & { readonly batch?: AnyMakeBatch<B> };

/**
 * An untrained model, and how to train and measure it. The caller disposes of the model.
 *
 * `B` is what the model is trained on. A recipe returns any `Experiment<B>`: where `B` is not a tensor, its training has a `batch`.
 */
export interface Experiment<B = unknown> {
  readonly model: GenerativeModel<B>;
  readonly training: Training<B>;
  /** Draws per example where a bound is measured: few for one that takes long. @defaultValue `evaluate`'s */
  readonly numSamples?: number;
  /**
   * Further numbers of the trained model on the given examples, by name.
   * @param options - `importanceSamples`: draws per example (`@defaultValue` the model's own number)
   */
  evaluate?(
    examples: Examples,
    options: { readonly key: Key; readonly importanceSamples?: number; readonly engine?: Engine },
  ): Promise<Readonly<Record<string, number | Evaluation>>>;
  /** Metrics that are no likelihoods, and curves, of the trained model on the given examples. */
  measure?(examples: Examples, options: { readonly key: Key; readonly engine: Engine }): Promise<Measured>;
  /** Samples of a model whose own `sample` wants a context, `[n, ...event]`; the caller owns them. */
  sample?(key: Key, n: number): Tensor;
  /** Reconstructions of the given examples, `[n, ...event]`; the caller owns them. */
  reconstruct?(x: Tensor, key: Key): Tensor;
  /** The latent variables, for interpolations, and for a map where there are two of them. */
  readonly latentSpace?: LatentSpace;
  /** Images that the model has learned, by what they are (`pseudo-inputs`), `[n, ...event]` each; the caller owns them. */
  images?(): Readonly<Record<string, Tensor>>;
}

/** What a recipe measures besides likelihoods, and the features that it measures in, if any. */
export type Measured = Pick<Run, 'metrics' | 'curves'> & Pick<RunExtra, 'features'>;

/** Latent variables and the distributions that connect them to the data. Called within `tf.tidy`. */
export interface LatentSpace {
  /** q(z|x). */
  encode(x: Tensor): Distribution;
  /** p(x|z). */
  decode(z: Tensor): Distribution;
  /** p(z). */
  prior(): Distribution;
}
