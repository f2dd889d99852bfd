import { checkOptions, SerializationError } from '@dgm/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { dataset, type Dataset, type Examples } from '../dataset';
import { readText } from '../internal/files';
import { environment, nodeModule } from '../internal/node';
import { parseCsv } from '../tables/csv';

export interface DigitsOptions {
  /** Whether the file must be the one that results are reported on, by its SHA-256. @defaultValue true */
  readonly verify?: boolean;
}

/**
 * The 1797 handwritten digits of UCI's *Optical Recognition of Handwritten Digits* (test file), as scikit-learn ships
 * them: 8x8 pixels, flattened to `[64]`, each the number of inked cells 0 to 16 of a 4x4 block.
 *
 * Split by rows as the book does: train 0-999, validation 1000-1349, test 1350-1796. Neighbouring rows come from the
 * same writers, so the later parts hold other writers than the first.
 *
 * @param path - `digits.csv` or `digits.csv.gz`, or the folder that holds it; by default the folder that the environment
 *   variable `DGM_DATA_DIR` names. Each row: 64 pixels, then the label.
 * @throws SerializationError if there is no such file, or its content is not these digits
 * @see Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), doi:10.24432/C50P49, CC BY 4.0
 *
 * @example
 * ```ts
 * const { train, validation, test } = await digits('digits.csv.gz'); // 1000, 350 and 447 images [64]
 * ```
 */
export async function digits(path?: string, options: DigitsOptions = {}): Promise<Dataset> {
  checkOptions('digits', options, ['verify']);
  const { verify = true } = options;
  const file = await locate(path ?? environment('DGM_DATA_DIR'));
  const text = await readText(file, 'digits');
  if (verify) checkHash(text, file);
  const { count, shape, values, labels } = parseCsv(text, { label: 64, name: file });
  if (shape[0] !== 64 || count <= TEST_START) {
    throw new SerializationError({
      where: 'digits',
      argument: file,
      expected: `to hold more than ${TEST_START} rows of 65 columns`,
      actual: `${count} rows of ${shape[0]! + 1}`,
    });
  }
  checkPixels(values, file);
  const pixels = Uint8Array.from(values);
  const rows = (start: number, end: number): Examples => ({
    count: end - start,
    shape: [64],
    values: pixels.slice(start * 64, end * 64),
    labels: labels!.slice(start, end),
  });
  return dataset({
    name: 'digits',
    train: rows(0, VALIDATION_START),
    validation: rows(VALIDATION_START, TEST_START),
    test: rows(TEST_START, count),
    levels: 17,
  });
}

const VALIDATION_START = 1000;
const TEST_START = 1350;
const SHA256_OF_TEXT = '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8';
const HOW_TO_GET =
  "write scikit-learn's load_digits() as rows of 64 pixels and the label to digits.csv, then pass its path or set DGM_DATA_DIR to its folder; glyphs() needs no file";

async function locate(path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw new SerializationError({
      where: 'digits',
      argument: 'path',
      expected: 'to be given, or DGM_DATA_DIR to be set',
      actual: 'neither',
      remedy: HOW_TO_GET,
    });
  }
  const { stat } = nodeModule('node:fs/promises', 'digits');
  const { join } = nodeModule('node:path', 'digits');
  for (const candidate of [path, join(path, 'digits.csv.gz'), join(path, 'digits.csv')]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  throw new SerializationError({
    where: 'digits',
    argument: 'path',
    expected: 'to be digits.csv or digits.csv.gz, or a folder that holds one',
    actual: path,
    remedy: HOW_TO_GET,
  });
}

function checkHash(text: string, file: string): void {
  const actual = bytesToHex(sha256(utf8ToBytes(text)));
  if (actual === SHA256_OF_TEXT) return;
  throw new SerializationError({
    where: 'digits',
    argument: file,
    expected: `to have the SHA-256 ${SHA256_OF_TEXT} (uncompressed)`,
    actual,
    remedy: 'get the original file, or pass verify: false to use another one of the same form',
  });
}

function checkPixels(values: Examples['values'], file: string): void {
  const index = values.findIndex((value: number) => !(Number.isInteger(value) && value >= 0 && value <= 16));
  if (index < 0) return;
  throw new SerializationError({
    where: 'digits',
    argument: `${file}, row ${Math.floor(index / 64) + 1}, column ${(index % 64) + 1}`,
    expected: 'to be an integer from 0 to 16',
    actual: String(values[index]),
  });
}
