import type { Tensor } from '@tensorflow/tfjs-core';
import type { Distribution } from '../distributions/distribution';
import type { Engine } from '../train/engine';
import type { Evaluation } from '../train/evaluate';
import type { Dataset, Examples } from '../train/examples';
import type { FitOptions } from '../train/fit-options';
import type { Key } from '../random/key';
import type { GenerativeModel } from './generative-model';

/**
 * A model as the benchmark program trains it.
 *
 * A package joins the benchmark by its entry point `./benchmark`, which exports
 * `benchmarks: readonly BenchmarkEntry[]`; nothing else has to change.
 */
export interface BenchmarkEntry {
  /** What users type after `--models`: kebab-case, unique in the repository. */
  readonly name: string;
  /** Where the model is described: `DGM §4.3, Listings 4.1-4.5`. */
  readonly source: string;
  /** Whether the model can learn this data set; any data set unless given. */
  accepts?(dataset: Dataset): boolean;
  /** Makes the untrained model. */
  create(task: BenchmarkTask): Benchmark | Promise<Benchmark>;
}

export interface BenchmarkTask {
  readonly dataset: Dataset;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** Whether seconds count more than quality: a smaller network will do. */
  readonly quick: boolean;
  /** Units of a hidden layer, for curves over the size of a model; the model's own unless given. May be ignored. */
  readonly width?: number;
}

/** How the authors of a model train it; where, how long and from which seed is the program's business. */
export type BenchmarkTraining<B = unknown> = Pick<
  FitOptions<B>,
  'optimizer' | 'batchSize' | 'epochs' | 'earlyStopping' | 'clipNorm' | 'ema' | 'validate' | 'batch'
>;

/** An untrained model, and how to train and measure it. The one who asked for it disposes of the model. */
export interface Benchmark<B = unknown> {
  readonly model: GenerativeModel<B>;
  readonly training: BenchmarkTraining<B>;
  /**
   * Further numbers of the trained model on the given examples, by name.
   * @param options - `importanceSamples`: how many of them will do; the model's own number unless given
   */
  evaluate?(
    examples: Examples,
    options: { readonly key: Key; readonly importanceSamples?: number; readonly engine?: Engine },
  ): Promise<Readonly<Record<string, number | Evaluation>>>;
  /** The model's rendering of given examples, `[n, ...event]`; the caller owns it. */
  reconstruct?(x: Tensor, key: Key): Tensor;
  /** The latent variables, to be looked at: interpolations, and a map where there are two of them. */
  readonly latentSpace?: LatentSpace;
  /** Images that the model has learned, by what they are (`pseudo-inputs`), `[n, ...event]` each; the caller owns them. */
  images?(): Readonly<Record<string, Tensor>>;
}

/** Latent variables with the distributions that connect them to the data, which borrow tensors: called inside of `tf.tidy`. */
export interface LatentSpace {
  /** q(z|x). */
  encode(x: Tensor): Distribution;
  /** p(x|z). */
  decode(z: Tensor): Distribution;
  /** p(z). */
  prior(): Distribution;
}
