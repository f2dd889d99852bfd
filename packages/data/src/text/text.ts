import { ArgumentError, checkInteger, checkOptions } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { MAX_TEXT_BYTES, nameOf, readText, type FileSource } from '../internal/files';

export interface TextOptions {
  /** Characters of an example. @defaultValue 64 */
  readonly length?: number;
  /** The shares at the end of the text that are for validation and for the test. @defaultValue 0.1 each */
  readonly heldOut?: { readonly validation: number; readonly test: number };
  /** The name of the data set. @defaultValue 'text' */
  readonly name?: string;
  /** The most bytes that the text may have, decompressed. @defaultValue 2 ** 28 */
  readonly maxBytes?: number;
}

/** Windows of a text, `[length]`, of integers that stand for characters. */
export interface TextDataset extends Dataset {
  /** The characters that occur in the text, in the order of their code points: integer k stands for the k-th. */
  readonly characters: readonly string[];
  /** What integers stand for. */
  decode(values: ArrayLike<number>): string;
}

/**
 * A text file as a data set of characters, for models of sequences: windows that follow each other without overlap, the
 * first part of the text for training and the last for the test. What is left over at the end of a part is dropped.
 *
 * @param source - a path, in Node, or a `Blob`; UTF-8, plain or gzip
 * @throws SerializationError naming the file, if it cannot be read, is not UTF-8, or is larger than `maxBytes`
 * @throws ArgumentError for options out of range, and for a text too short to give an example to each part
 *
 * @example
 * ```ts
 * const { train, characters } = await text('book.txt', { length: 64 });
 * train.shape; // [64], indices of characters
 * ```
 */
export async function text(source: FileSource, options: TextOptions = {}): Promise<TextDataset> {
  checkOptions('text', options, ['length', 'heldOut', 'name', 'maxBytes']);
  const {
    length = 64,
    heldOut = { validation: 0.1, test: 0.1 },
    name = 'text',
    maxBytes = MAX_TEXT_BYTES,
  } = options;
  checkInteger('text', 'length', length);
  checkInteger('text', 'maxBytes', maxBytes);
  checkHeldOut(heldOut);
  const content = await readText(source, 'text', maxBytes);
  const characters = [...new Set(content)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const values = encode(content, characters);

  const endOfTraining = Math.round(values.length * (1 - heldOut.validation - heldOut.test));
  const endOfValidation = Math.round(values.length * (1 - heldOut.test));
  const parts = {
    train: windows(values.subarray(0, endOfTraining), length),
    validation: windows(values.subarray(endOfTraining, endOfValidation), length),
    test: windows(values.subarray(endOfValidation), length),
  };
  if (Math.min(...Object.values(parts).map(({ count }) => count)) === 0 || characters.length < 2) {
    throw failure(
      nameOf(source),
      `to hold enough for windows of ${length} in each part`,
      `${values.length} characters`,
    );
  }
  return {
    ...dataset({ name, ...parts, levels: characters.length }),
    characters,
    decode: (integers) => Array.from(integers, (integer) => characters[integer] ?? '').join(''),
  };
}

/** For each character of a text, its place among the characters. */
function encode(content: string, characters: readonly string[]): Int32Array {
  const code = new Map(characters.map((character, index) => [character, index]));
  const values = new Int32Array(content.length);
  let length = 0;
  for (const character of content) values[length++] = code.get(character)!;
  return values.subarray(0, length);
}

function windows(values: Int32Array, length: number): Examples {
  const count = Math.floor(values.length / length);
  return { count, shape: [length], values: values.slice(0, count * length) };
}

function checkHeldOut({ validation, test }: { validation: number; test: number }): void {
  if (!(validation > 0 && test > 0 && validation + test < 1)) {
    throw failure(
      'heldOut',
      'to be positive shares that leave something to train on',
      `${validation} and ${test}`,
    );
  }
}

function failure(argument: string, expected: string, actual: string): ArgumentError {
  return new ArgumentError({ where: 'text', argument, expected, actual });
}
