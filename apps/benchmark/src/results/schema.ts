import { sizeOf, type Dataset } from '@dgm/core';
import type { Machine, MachineOfModels } from './machine';

/**
 * What `results.json` holds, schema 1. A number that is not finite is written as null.
 *
 * Two runs with one seed differ only in what a clock or the system decides: `trainSeconds`, `msPerStep`, `sampleSeconds`
 * and `peakMemoryMiB`. Folders and host names are in none of the fields.
 */
export interface Results {
  readonly schema: 1;
  readonly machine: Machine;
  /** Which machine has trained which models, where there were several. */
  readonly machines?: readonly MachineOfModels[];
  readonly dataset: DatasetSummary;
  /** The finished runs, in the order in which they were asked for. */
  readonly runs: readonly Run[];
  /** The models that could not be trained or evaluated; absent when there are none. */
  readonly failures?: readonly Failure[];
}

export interface DatasetSummary {
  readonly name: string;
  readonly sha256: string;
  /** Numbers of examples. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  /** Numbers of one example. */
  readonly dims: number;
  /** How many values each of them can take; null for continuous data. */
  readonly values: number | null;
}

export type LikelihoodKind = 'exact' | 'lower-bound' | 'importance-sampled' | 'estimate';

/** A negative log-likelihood: of the mean example, and of what kind the number is. */
export interface Score {
  readonly nats: number | null;
  readonly bitsPerDim: number | null;
  readonly kind: LikelihoodKind;
  /** Standard error of `nats`. */
  readonly standardError: number | null;
}

export interface CurvePoint {
  readonly epoch: number;
  /** The training loss and the validation loss; nats per example for likelihoods. */
  readonly train: number | null;
  readonly validation: number | null;
}

/** An axis of a curve: `rate`, in `bits per dimension`. */
export interface Axis {
  readonly name: string;
  readonly unit?: string;
}

/** Any quantity over any other. */
export interface Curve {
  readonly name: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly (readonly [number, number])[];
}

/** One number about a trained model. */
export interface Metric {
  readonly value: number | null;
  readonly standardError?: number | null;
  readonly unit?: string;
  /** Which way is better, where that is known. */
  readonly better?: 'lower' | 'higher';
}

/** One model, trained once. */
export interface Run {
  readonly model: string;
  /** The npm package that the model comes from, and its version. */
  readonly package: string;
  readonly version: string;
  /** The number of learned scalars. */
  readonly parameters: number;
  readonly batchSize: number;
  /** Name and settings, as in `Adamax(learningRate 0.001)`. */
  readonly optimizer: string;
  readonly engine: string;
  readonly device: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly trainSeconds: number;
  readonly msPerStep: { readonly median: number | null; readonly min: number | null };
  /** The trained model on the validation rows; null for a model without a likelihood. */
  readonly validation: { readonly nats: number | null };
  /** The trained model on the test rows; null for a model without a likelihood. */
  readonly test: Score | null;
  readonly extra: RunExtra;
  /** The PNG file of 64 samples, beside `results.json`. */
  readonly samples: string;
  readonly sampleSeconds: number;
  /** The most memory that the process held while this model was trained. */
  readonly peakMemoryMiB: number;
  readonly curve: readonly CurvePoint[];
  /** Further curves: another quantity over the epochs, or a rate-distortion curve. */
  readonly curves?: readonly Curve[];
  /** Metrics on the test rows that are no likelihoods, by name. */
  readonly metrics?: Readonly<Record<string, Metric>>;
}

/** A network whose features metrics are measured in. Two results compare in features only if their weights are the same. */
export interface FeaturesUsed {
  /** As in the names of the metrics: `digits-conv`. */
  readonly name: string;
  /** The SHA-256 of the weights, as the file that holds them. */
  readonly sha256: string;
}

/** What only some runs have, and what a family adds by its `evaluate`. */
export interface RunExtra {
  /** The command that repeats this run. */
  readonly command: string;
  /** Where the model is described. */
  readonly source: string;
  readonly stoppedBy: string;
  /** The epoch whose weights were kept. */
  readonly bestEpoch?: number;
  /** A PNG file: test examples in odd columns, their reconstructions in even ones. */
  readonly reconstructions?: string;
  /** A PNG file: the true density on the left, the learned one on the right. */
  readonly density?: string;
  /** Other PNG files, by what they show. */
  readonly pictures?: Readonly<Record<string, string>>;
  /** A JSON file: where prior and examples lie in the plane of two latent variables. */
  readonly latentMap?: string;
  /** What learned the features that metrics are measured in, where some are. */
  readonly features?: FeaturesUsed;
  readonly [name: string]: unknown;
}

export interface Failure {
  readonly model: string;
  readonly package: string;
  readonly error: string;
}

/** Whether a family's own measurement is a likelihood, which the table then shows beside the main one. */
export function isScore(value: unknown): value is Score {
  if (typeof value !== 'object' || value === null || !('nats' in value && 'kind' in value)) return false;
  const { nats, standardError = null } = value as Partial<Record<keyof Score, unknown>>;
  return [nats, standardError].every((each) => each === null || typeof each === 'number');
}

/** What the results say about a data set. */
export function summarizeDataset({ name, sha256, train, validation, test, levels }: Dataset): DatasetSummary {
  return {
    name,
    sha256,
    train: train.count,
    validation: validation.count,
    test: test.count,
    dims: sizeOf(train.shape),
    values: levels ?? null,
  };
}
