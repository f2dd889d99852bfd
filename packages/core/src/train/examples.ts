import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import { sizeOf, type Shape } from '../shape/shape';

/** A set of examples in host memory, in the type that it came in. */
export interface Examples {
  readonly count: number;
  /** The shape of one example. */
  readonly shape: Shape;
  /** `count` examples one after the other, each row-major. */
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly labels?: Int32Array;
  /**
   * How often `fit` draws an example in relation to the others, not negative: rows are then drawn with replacement, as many
   * in an epoch as there are examples. Validation and `evaluate` take each example once.
   * @defaultValue each example once in an epoch
   */
  readonly weights?: Float32Array;
}

/** Examples that are read piece by piece: a set larger than memory, a stream. */
export interface ExampleSource {
  /** The shape of one example. */
  readonly shape: Shape;
  /** How many examples an epoch has, if that is known beforehand. */
  readonly count?: number;
  /** Names the data in checkpoints: a run is not resumed with a source of another name. */
  readonly id: string;
  /**
   * The examples of one epoch in training order, in pieces of any size. The key differs in each epoch, and the pieces must
   * depend on nothing else: a resumed run reads its epoch again and skips the finished batches.
   */
  read(options: { readonly key: Key }): AsyncIterable<Examples>;
}

/** Whether training data are read piece by piece. */
export function isSource(data: Examples | ExampleSource): data is ExampleSource {
  return 'read' in data;
}

/** A named data set with its split. */
export interface Dataset {
  readonly name: string;
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
  /** How many values an entry can take: integers 0 to `levels` - 1. Absent for continuous data. */
  readonly levels?: number;
  readonly sha256: string;
}

/** What the maker of a batch may use besides the rows. */
export interface MakeBatchOptions {
  /** Randomness of this batch: dequantization noise, augmentation. */
  readonly key: Key;
  readonly training: boolean;
}

/** Makes what a model's objectives take out of some rows of the examples. The caller owns the tensors. */
export type MakeBatch<B> = (examples: Examples, rows: Int32Array, context: MakeBatchOptions) => B;

/** A {@link MakeBatch} that may be asynchronous: it reads files, or decodes images. */
export type AnyMakeBatch<B> = (...parameters: Parameters<MakeBatch<B>>) => B | Promise<B>;

/**
 * The raw values of some examples.
 * @param rows - indices of examples
 * @returns float32 `[rows, ...shape]`
 */
export function gatherExamples(examples: Examples, rows: Int32Array): Tensor {
  const size = sizeOf(examples.shape);
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) =>
    values.set(examples.values.subarray(row * size, (row + 1) * size), index * size),
  );
  return tf.tensor(values, [rows.length, ...examples.shape], 'float32');
}

/** The first, second, ... `batchSize` of the given rows; the last batch may be smaller. */
export function batchRows(rows: Int32Array, batchSize: number, batch: number): Int32Array {
  return rows.subarray(batch * batchSize, (batch + 1) * batchSize);
}

/** 0 to `count` - 1. */
export function allRows(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => row);
}
