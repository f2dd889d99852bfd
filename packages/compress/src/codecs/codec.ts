import type { Shape } from '@dgm/core';

/** Examples as they were before encoding: integers, row-major. */
export interface DecodedExamples {
  readonly values: Int32Array;
  /** `[n, ...event]` */
  readonly shape: Shape;
}

/** How far a codec is, in examples. */
export type Progress = (done: number, total: number) => void;

export interface EncodeOptions {
  /**
   * Whether the model's file goes into the result, which then decodes by itself.
   * @defaultValue false
   */
  readonly includeModel?: boolean;
  readonly onProgress?: Progress;
}

export interface DecodeOptions {
  /**
   * The most values that the result may have; a file that states more is refused before memory is taken for them.
   * @defaultValue 2 ** 28
   */
  readonly maxValues?: number;
  readonly onProgress?: Progress;
}

/**
 * A lossless file format: `decode(encode(x))` is x, wherever it runs. Both sides evaluate the model with the same operations
 * in the same order, so that their tables are equal to the bit.
 */
export interface Codec {
  /** How it codes. */
  readonly method: string;
  /** The shape of one example. */
  readonly eventShape: Shape;
  /** The SHA-256 of the model's file, 32 bytes: a file decodes with this model and no other. */
  readonly modelHash: Uint8Array;
  /**
   * @param values - integers, `[n, ...eventShape]`, row-major
   * @returns a file
   * @throws ShapeError if they are no whole examples
   * @throws DomainError for a value that the model does not know
   */
  encode(values: ArrayLike<number>, options?: EncodeOptions): Uint8Array;
  /**
   * @throws SerializationError if the file is damaged, or was written with another model
   */
  decode(file: Uint8Array, options?: DecodeOptions): DecodedExamples;
  /** The model's file, for `readCodec`: weights and instructions, without TensorFlow.js. */
  toBytes(): Uint8Array;
}
