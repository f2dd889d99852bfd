import type { Machine, MachineOfModels } from './machine';
import type { DatasetSummary } from './schema';

/** The peers among the engines: three modes of PyTorch, and JAX with the whole step under `jit`. */
export const PEERS = ['pytorch', 'pytorch-fused', 'pytorch-compile', 'jax'] as const;
export type PeerName = (typeof PEERS)[number];
export type PeerLibrary = 'PyTorch' | 'JAX';

export const isPeer = (engine: string): engine is PeerName => (PEERS as readonly string[]).includes(engine);

export const libraryOf = (name: PeerName): PeerLibrary => (name === 'jax' ? 'JAX' : 'PyTorch');

/** What `compare.json` holds, schema 1. A number that was not measured is null. */
export interface Comparison {
  readonly schema: 1;
  readonly machine: ComparisonMachine;
  /** Which machine has measured which models, where there were several. */
  readonly machines?: readonly MachineOfModels<ComparisonMachine>[];
  /** The command that repeats the comparison. */
  readonly command: string;
  readonly dataset: DatasetSummary;
  /** For each model, engine and batch size one on one thread, and one with the threads that each side is fastest with. */
  readonly rows: readonly ComparisonRow[];
  /** What the rows are made of: each engine and each peer with each number of threads. */
  readonly measurements: readonly Measurement[];
  /** Other batch sizes, widths and numbers of variables, timed only; absent without `--sizes`. */
  readonly sizes?: readonly SizeRow[];
}

export interface ComparisonMachine extends Machine {
  /** Processes that wanted a core when the comparison began: the times mean little where they are more than a few. */
  readonly load: number;
  readonly onnxruntime: string | null;
  readonly pytorch: string | null;
  readonly python: string | null;
  /** The libraries of the peers; absent in comparisons that were made before there were several. */
  readonly peers?: readonly PeerDescription[];
}

export interface PeerDescription {
  readonly library: PeerLibrary;
  readonly version: string;
  /** The version of Python. */
  readonly language: string;
  /** The day of its minor version; null for one that is newer than those that are known. */
  readonly released: string | null;
  /** Whether that was more than a year before the comparison. */
  readonly isOld: boolean;
}

/** What a row compares: both sides on one thread, or each as fast as it gets on the whole machine. */
export type Setting = 'one-thread' | 'fastest';

export interface ComparisonRow {
  readonly model: string;
  /** Ours: `eager` or `compiled`. */
  readonly engine: string;
  /** Ours: a tfjs backend for `eager`, a device of ONNX Runtime for `compiled`. */
  readonly device: string | null;
  readonly batch: number | null;
  readonly setting: Setting;
  /** The fastest peer, which the row is held against; null where there was none. */
  readonly peer: PeerName | null;
  /** Milliseconds of a training step: median over windows that alternate between the two. */
  readonly oursMs: number | null;
  readonly peerMs: number | null;
  /** `peerMs / oursMs`: above 1 where ours is faster. */
  readonly ratio: number | null;
  readonly oursThreads: number | null;
  readonly peerThreads: number | null;
  /** Minus the log-likelihood of a test example, or its bound, after training: the mean over the seeds. */
  readonly oursTestNats: number | null;
  readonly peerTestNats: number | null;
  /** The sample standard deviation over the seeds; null for fewer than two. */
  readonly oursTestNatsSd: number | null;
  readonly peerTestNatsSd: number | null;
  /** How many seeds these are over: those that both sides were trained with, or the one that there is. */
  readonly seeds: number;
  /** Milliseconds to draw 64 samples. */
  readonly oursSampleMs: number | null;
  readonly peerSampleMs: number | null;
  /** The multiply-adds of a step's products per second, as a fraction of what a large product reaches in the same run. */
  readonly roofline: number | null;
  /** Why a number is missing. */
  readonly error?: string;
}

export interface SizeRow extends ComparisonRow {
  /** What changes along this curve. */
  readonly axis: 'batch' | 'width' | 'variables';
  readonly width: number | null;
  /** The numbers of one example, where they are not those of the data set. */
  readonly variables?: number;
}

/** One program with one number of threads. */
export interface Measurement {
  readonly model: string;
  readonly batch: number | null;
  /** Units of a hidden layer; null for the model's own. */
  readonly width: number | null;
  /** `eager` and `compiled` are ours, the others are peers. */
  readonly engine: string;
  readonly device: string | null;
  /** How many cores it may use at a time. */
  readonly threads: number;
  /** PyTorch only: the threads of its own operators; those of its BLAS library are `threads`. */
  readonly operatorThreads?: number;
  readonly parameters: number | null;
  readonly msPerStep: { readonly median: number; readonly min: number; readonly windows: number } | null;
  readonly sampleMs: number | null;
  /** The most memory that its process held while it took these steps and drew samples. */
  readonly peakMemoryMiB: number | null;
  /**
   * What building the model and taking steps added to the most memory that the process held with its libraries loaded: data,
   * weights, optimizer, results of a step. Absent in comparisons that were made before it was measured.
   */
  readonly stepMemoryMiB?: number;
  /** Ours only: what all results of a step take together, which memory that is used again keeps `stepMemoryMiB` below. */
  readonly resultsMiB?: number;
  /** Ours only. */
  readonly roofline: { readonly multiplyAddsPerStep: number; readonly peakMultiplyAddsPerMs: number } | null;
  /** Of the fastest number of threads of each engine, one for each seed; empty for the others. */
  readonly trainings: readonly MeasuredTraining[];
  readonly error: string | null;
}

export interface MeasuredTraining {
  /** Of the initial weights, the order of the data and the draws. The two sides draw other numbers from it. */
  readonly seed: number;
  readonly seconds: number;
  readonly epochs: number;
  readonly steps: number;
  /** Milliseconds of a step within `fit`: ours only. */
  readonly fitMsPerStep: number | null;
  /** The best validation loss; what all with this seed have reached, with 1 % to spare; when this one did. */
  readonly validationNats: number;
  readonly targetNats: number;
  readonly secondsToTarget: number;
  readonly testNats: number | null;
}
