import {
  checkInteger,
  checkOptions,
  checkThat,
  DomainError,
  SerializationError,
  sha256,
  ShapeError,
  sizeOf,
} from '@dgm/core';
import type { Shape } from '@dgm/core';
import { HASH_BYTES, readContainer, writeContainer } from '../files/container';
import type { Container, Method } from '../files/container';
import type { Codec, DecodedExamples, DecodeOptions, EncodeOptions, FileCodec, Progress } from './codec';

/** What every codec knows of its examples. */
export interface CodecFacts {
  readonly method: Method;
  readonly eventShape: Shape;
  /** Values are integers from 0 to `levels - 1`; with Infinity, all 32-bit integers. Absent for real numbers. */
  readonly levels?: number;
  /** How many examples are coded side by side. */
  readonly rows: number;
}

/** The default of `maxValues`. */
export const MOST_VALUES = 2 ** 28;

/** A codec but for its message: the checks of what goes in and comes out, and the file around it. */
export abstract class BaseCodec<
  Values extends Int32Array | Float32Array = Int32Array,
  Options extends EncodeOptions = EncodeOptions,
> implements FileCodec<Values, Options> {
  readonly method: Method;
  readonly eventShape: Shape;
  readonly modelHash: Uint8Array;
  readonly #model: Uint8Array;
  readonly #facts: CodecFacts;
  /** The names of the options of `encode`. */
  protected readonly encodeOptions: readonly string[] = ['includeModel', 'onProgress'];

  /** @param model - the model's file */
  constructor(model: Uint8Array, facts: CodecFacts) {
    this.#model = model;
    this.#facts = facts;
    this.method = facts.method;
    this.eventShape = facts.eventShape;
    this.modelHash = sha256(model);
  }

  /** The message of `count` examples of known values. */
  protected abstract encodeMessage(
    values: ArrayLike<number>,
    count: number,
    options: Partial<Options>,
  ): Uint8Array;

  /** Where decoded values go. */
  protected abstract empty(length: number): Values;

  /**
   * Fills in the values of `count` examples.
   * @throws SerializationError if the message is not that of so many
   */
  protected abstract decodeMessage(
    message: Uint8Array,
    values: Values,
    onProgress: Progress | undefined,
  ): void;

  encode(values: ArrayLike<number>, options: Partial<Options> = {}): Uint8Array {
    checkOptions('Codec.encode', options, this.encodeOptions);
    const { includeModel = false } = options;
    const { method, levels, rows } = this.#facts;
    const size = sizeOf(this.eventShape);
    const count = values.length / size;
    checkThat('Codec.encode', 'values', Number.isInteger(count), {
      error: ShapeError,
      expected: `to be whole examples of ${size} values`,
      actual: `${values.length} values`,
    });
    for (let index = 0; index < values.length; index++) checkValue(values[index]!, index, levels);
    return writeContainer({
      ...{ method, count, rows },
      model: this.modelHash.subarray(0, HASH_BYTES),
      ...(includeModel && { weights: this.#model }),
      message: this.encodeMessage(values, count, options),
    });
  }

  decode(file: Uint8Array, options: DecodeOptions = {}): DecodedExamples<Values> {
    checkOptions('Codec.decode', options, ['maxValues', 'onProgress']);
    const { maxValues = MOST_VALUES, onProgress } = options;
    checkInteger('Codec.decode', 'maxValues', maxValues, { min: 0 });
    const { method, rows } = this.#facts;
    const { count, message } = ownContainer(file, { method, rows, modelHash: this.modelHash });
    const size = sizeOf(this.eventShape);
    if (count * size > maxValues) {
      throw refused(`to hold at most ${maxValues} values`, `${count * size}`, 'raise maxValues');
    }
    const values = this.empty(count * size);
    this.decodeMessage(message, values, onProgress);
    return { values, shape: [count, ...this.eventShape] };
  }

  toBytes(): Uint8Array {
    return this.#model.slice();
  }
}

/** A codec whose decoded values are those that were encoded. */
export abstract class LosslessCodec extends BaseCodec implements Codec {
  readonly isLossless = true;

  protected empty(length: number): Int32Array {
    return new Int32Array(length);
  }
}

function checkValue(value: number, index: number, levels: number | undefined): void {
  if (levels === undefined ? Number.isFinite(value) : isInteger(value, levels)) return;
  throw new DomainError({
    where: 'Codec.encode',
    argument: `value ${index}`,
    expected: levels === undefined ? 'to be a finite number' : integersOf(levels),
    actual: String(value),
  });
}

function isInteger(value: number, levels: number): boolean {
  return levels === Infinity ? (value | 0) === value : value >>> 0 === value && value < levels;
}

function integersOf(levels: number): string {
  return levels === Infinity ? 'to be a 32-bit integer' : `to be an integer from 0 to ${levels - 1}`;
}

/**
 * Reads a file that has to be written with a model.
 * @throws SerializationError if it is damaged, or was written with another one
 */
export function ownContainer(
  file: Uint8Array,
  { method, rows, modelHash }: Pick<CodecFacts, 'method' | 'rows'> & { readonly modelHash: Uint8Array },
): Container {
  const container = readContainer(file);
  const isOwn = container.method === method && container.rows === rows;
  if (isOwn && container.model.every((byte, index) => byte === modelHash[index])) return container;
  throw refused('to be written with this model', 'another model', 'read it with the model that wrote it');
}

/** The error of a message that does not end where its examples do. */
export function unread(): SerializationError {
  return refused('to end with its examples', 'more bytes');
}

/** The error of a model's file that is not of this kind of codec. */
export function notModel(method: Method, actual: string): SerializationError {
  return new SerializationError({
    where: 'readCodec',
    argument: 'the file',
    expected: `to hold the model of a codec of method ${method}`,
    actual,
  });
}

/** Whether settings of a file are what every codec needs. */
export function areFacts({ eventShape, levels, rows }: Partial<CodecFacts>): boolean {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  return Array.isArray(eventShape) && eventShape.every(isCount) && isCount(levels) && isCount(rows);
}

/** The error of a file that is not what it should be. */
export function refused(expected: string, actual: string, remedy?: string): SerializationError {
  return new SerializationError({
    where: 'Codec.decode',
    argument: 'the file',
    expected,
    actual,
    ...(remedy !== undefined && { remedy }),
  });
}
