import { checkInteger, checkOptions, Key } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { write } from './handwriting';
import { PIXELS } from './pen';

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
  checkOptions('glyphs', options, ['train', 'validation', 'test', 'seed']);
  const { train = 1000, validation = 350, test = 450, seed = 0 } = options;
  checkInteger('glyphs', 'train', train);
  checkInteger('glyphs', 'validation', validation, { min: 0 });
  checkInteger('glyphs', 'test', test, { min: 0 });
  const key = Key.of(seed).fold('glyphs');
  return dataset({
    name: 'glyphs',
    train: writeMany(train, key.fold('train')),
    validation: writeMany(validation, key.fold('validation')),
    test: writeMany(test, key.fold('test')),
    levels: 17,
  });
}

function writeMany(count: number, key: Key): Examples {
  const random = key.generator();
  const size = PIXELS * PIXELS;
  const values = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    labels[row] = random.below(10);
    values.set(write(labels[row]!, random), row * size);
  }
  return { count, shape: [size], values, labels };
}
