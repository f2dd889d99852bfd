import { ArgumentError } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { readText } from '../internal/files';

export interface TextOptions {
  /** Characters of an example; 64 unless given. */
  readonly length?: number;
  /** Share of the text, at its end, for validation and for the test; 0.1 each unless given. */
  readonly heldOut?: { readonly validation: number; readonly test: number };
  /** What the data set is called; `text` unless given. */
  readonly name?: string;
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
 * @param path - UTF-8, plain or gzip
 * @throws SerializationError naming the file, if it cannot be read or is not UTF-8
 * @throws ArgumentError for options out of range, and for a text too short to give an example to each part
 */
export async function text(
  path: string,
  { length = 64, heldOut = { validation: 0.1, test: 0.1 }, name = 'text' }: TextOptions = {},
): Promise<TextDataset> {
  checkOptions(length, heldOut);
  const letters = [...(await readText(path, 'text'))];
  const characters = [...new Set(letters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const code = new Map(characters.map((character, index) => [character, index]));
  const values = Int32Array.from(letters, (letter) => code.get(letter)!);

  const endOfTraining = Math.round(values.length * (1 - heldOut.validation - heldOut.test));
  const endOfValidation = Math.round(values.length * (1 - heldOut.test));
  const parts = {
    train: windows(values.subarray(0, endOfTraining), length),
    validation: windows(values.subarray(endOfTraining, endOfValidation), length),
    test: windows(values.subarray(endOfValidation), length),
  };
  if (Math.min(...Object.values(parts).map(({ count }) => count)) === 0 || characters.length < 2) {
    throw failure(
      path,
      `to hold enough for windows of ${length} in each part`,
      `${letters.length} characters`,
    );
  }
  return {
    ...dataset({ name, ...parts, levels: characters.length }),
    characters,
    decode: (integers) => Array.from(integers, (integer) => characters[integer] ?? '').join(''),
  };
}

function windows(values: Int32Array, length: number): Examples {
  const count = Math.floor(values.length / length);
  return { count, shape: [length], values: values.slice(0, count * length) };
}

function checkOptions(length: number, { validation, test }: { validation: number; test: number }): void {
  if (!(Number.isInteger(length) && length >= 1)) {
    throw failure('length', 'to be an integer of at least 1', String(length));
  }
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
