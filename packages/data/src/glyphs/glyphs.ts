import { checkInteger, checkOptions, Key } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { write } from './handwriting';
import { PIXELS } from './pen';
import { DIGITS, LETTERS, type Variant } from './strokes';

export interface GlyphsOptions {
  /** @defaultValue 1000 */
  readonly train?: number;
  /** @defaultValue 350 */
  readonly validation?: number;
  /** @defaultValue 450 */
  readonly test?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

/**
 * Handwritten digits made by code: 8x8 pixels, flattened to `[64]`, with 17 grey levels 0 to 16, and their labels.
 *
 * Each image is written by a pen: strokes of one of several ways to write the digit, with slant, width, tremor, pressure
 * and nib chosen anew, on a bitmap of 32x32 cells; a pixel counts the inked cells of a 4x4 block, as in the UCI digits
 * that these stand in for. Nothing is read, so it works offline and in a page. The first images of a part do not depend
 * on how many follow.
 *
 * @throws ArgumentError if a count is no integer, negative, or 0 for `train`
 *
 * @example
 * ```ts
 * const { train } = glyphs({ train: 60_000 });
 * ```
 */
export function glyphs(options: GlyphsOptions = {}): Dataset {
  return written('glyphs', DIGITS, options);
}

/**
 * Handwritten capital letters by the pen of {@link glyphs}, in its sizes and grey levels: images of the same kind as digits that
 * are no digits. The labels count through A C D E F G H J K L M N P R T U V W X Y; the other letters look like a digit.
 *
 * @throws ArgumentError if a count is no integer, negative, or 0 for `train`
 *
 * @example
 * ```ts
 * const { train, validation, test } = letters(); // 1000, 350 and 450 images [64] of levels 0 to 16
 * ```
 */
export function letters(options: GlyphsOptions = {}): Dataset {
  return written('letters', LETTERS, options);
}

function written(name: string, characters: readonly (readonly Variant[])[], options: GlyphsOptions): Dataset {
  checkOptions(name, options, ['train', 'validation', 'test', 'seed']);
  const { train = 1000, validation = 350, test = 450, seed = 0 } = options;
  checkInteger(name, 'train', train);
  checkInteger(name, 'validation', validation, { min: 0 });
  checkInteger(name, 'test', test, { min: 0 });
  const key = Key.of(seed).fold(name);
  return dataset({
    name,
    train: writeMany(characters, train, key.fold('train')),
    validation: writeMany(characters, validation, key.fold('validation')),
    test: writeMany(characters, test, key.fold('test')),
    levels: 17,
  });
}

function writeMany(characters: readonly (readonly Variant[])[], count: number, key: Key): Examples {
  const random = key.generator();
  const size = PIXELS * PIXELS;
  const values = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    labels[row] = random.below(characters.length);
    values.set(write(characters[labels[row]!]!, random), row * size);
  }
  return { count, shape: [size], values, labels };
}
