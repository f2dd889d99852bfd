import type { Shape } from '@dgm/core';

/** Examples, row-major: those that were encoded, or what a lossy codec kept of them. */
export interface DecodedExamples<Values = Int32Array> {
  readonly values: Values;
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

/** What codecs have in common; `Values` are those of decoded examples. */
export interface FileCodec<Values, Options extends EncodeOptions = EncodeOptions> {
  /** How it codes. */
  readonly method: string;
  /** The shape of one example. */
  readonly eventShape: Shape;
  /** The SHA-256 of the model's file, 32 bytes: a file decodes with this model and no other. */
  readonly modelHash: Uint8Array;
  /**
   * @param values - `[n, ...eventShape]`, row-major
   * @returns a file
   * @throws ShapeError if they are no whole examples
   * @throws DomainError for a value that the model does not know
   */
  encode(values: ArrayLike<number>, options?: Options): Uint8Array;
  /**
   * @throws SerializationError if the file is damaged, or was written with another model
   */
  decode(file: Uint8Array, options?: DecodeOptions): DecodedExamples<Values>;
  /** The model's file, for `readCodec` or `readLossyCodec`: weights and instructions, without TensorFlow.js. */
  toBytes(): Uint8Array;
}

/**
 * A lossless file format of integers: `decode(encode(x))` is x, wherever it runs. Both sides evaluate the model with the same operations
 * in the same order, so that their tables are equal to the bit.
 */
export interface Codec extends FileCodec<Int32Array> {
  readonly isLossless: true;
}

export interface LossyEncodeOptions extends EncodeOptions {
  /**
   * The position among the rates of the model; numbers between two are rates between.
   * @defaultValue 0
   */
  readonly rate?: number;
}

/**
 * A lossy file format of real numbers: `decode(encode(x))` is near x, and the same numbers to the bit wherever it runs.
 */
export interface LossyCodec extends FileCodec<Float32Array, LossyEncodeOptions> {
  readonly isLossless: false;
  /** How many rates there are. */
  readonly rates: number;
}
