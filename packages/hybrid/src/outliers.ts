import {
  checkExamples,
  checkGiven,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkThat,
  sizeOf,
} from '@dgm/core';
import type { Examples, Key } from '@dgm/core';

/*
 * Examples unlike the data they are made of, to measure whether a model notices. Sizes and types stay, labels go. All of them refuse
 * examples that are none, as `checkExamples` of core does.
 */

/**
 * Images turned by quarters of a circle.
 * @param options - `plane`: height and width; `quarters`: how many quarter turns, counterclockwise
 * @throws ArgumentError if the plane does not fit the examples, or is not square for an odd number of quarters
 *
 * @example
 * ```ts
 * const turned = rotatedImages(data.test, { plane: [8, 8], quarters: 1 });
 * ```
 */
export function rotatedImages(
  examples: Examples,
  options: { readonly plane: readonly [number, number]; readonly quarters: number },
): Examples {
  const where = 'rotatedImages';
  checkOptions(where, options, ['plane', 'quarters']);
  const { plane, quarters } = options;
  checkExamples(examples, { where });
  checkGiven(where, 'plane', plane, 'to be the height and width of an image');
  checkInteger(where, 'quarters', quarters, { min: 0, max: 3 });
  const [height, width] = (Array.isArray(plane) ? plane : []) as readonly [number, number];
  checkInteger(where, 'plane[0]', height);
  checkInteger(where, 'plane[1]', width);
  const size = sizeOf(examples.shape);
  const channels = size / (height * width);
  checkThat(where, 'plane', Number.isInteger(channels) && (quarters % 2 !== 1 || height === width), {
    expected: `to divide examples of ${size} entries, and to be square for an odd number of quarters`,
    actual: `[${plane.join(', ')}]`,
  });
  const from = (row: number, column: number): number => {
    let [r, c] = [row, column];
    for (let turn = 0; turn < quarters; turn++)
      [r, c] = [c, ((quarters - 1 - turn) % 2 === 0 ? width : height) - 1 - r];
    return r * width + c;
  };
  return mapped(examples, (entry) => {
    const pixel = Math.floor(entry / channels);
    return from(Math.floor(pixel / width), pixel % width) * channels + (entry % channels);
  });
}

/**
 * `levels - 1 - x`: dark for light.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @throws DomainError for a value that is not one of the levels
 *
 * @example
 * ```ts
 * const dark = invertedLevels(data.test, { levels: 17 });
 * ```
 */
export function invertedLevels(examples: Examples, options: { readonly levels: number }): Examples {
  checkOptions('invertedLevels', options, ['levels']);
  checkInteger('invertedLevels', 'levels', options.levels, { min: 2 });
  checkExamples(examples, { where: 'invertedLevels', levels: options.levels });
  const values = examples.values.map((value: number) => options.levels - 1 - value);
  return { count: examples.count, shape: examples.shape, values };
}

/**
 * `factor * x`, rounded: images with less contrast, which many a density model finds *more* likely than the data.
 * @param options - `factor`: in [0, 1]
 * @throws ArgumentError if `factor` is out of its range
 * @see Do Deep Generative Models Know What They Don't Know? (Nalisnick et al., 2019), §5
 *
 * @example
 * ```ts
 * const grey = fadedLevels(data.test, { factor: 0.5 }); // levels 0 to 8
 * ```
 */
export function fadedLevels(examples: Examples, options: { readonly factor: number }): Examples {
  checkOptions('fadedLevels', options, ['factor']);
  checkNumber('fadedLevels', 'factor', options.factor, { min: 0, max: 1 });
  checkExamples(examples, { where: 'fadedLevels' });
  const values = examples.values.map((value: number) => Math.round(options.factor * value));
  return { count: examples.count, shape: examples.shape, values };
}

/**
 * The entries of each example in an order of its own, which keeps its histogram.
 *
 * @example
 * ```ts
 * const shuffled = shuffledEntries(data.test, { key });
 * ```
 */
export function shuffledEntries(examples: Examples, options: { readonly key: Key }): Examples {
  checkOptions('shuffledEntries', options, ['key']);
  checkKey('shuffledEntries', options.key);
  checkExamples(examples, { where: 'shuffledEntries' });
  const size = sizeOf(examples.shape);
  let order: ArrayLike<number> = [];
  return mapped(examples, (entry, row) => {
    if (entry === 0) order = options.key.fold(row).permutation(size);
    return order[entry]!;
  });
}

/**
 * Independent, equally probable levels, in as many examples as there are.
 * @throws ArgumentError if `levels` is not an integer of at least 2, or too many for the type of the values
 *
 * @example
 * ```ts
 * const noise = uniformNoise(data.test, { levels: 17, key });
 * ```
 */
export function uniformNoise(
  examples: Examples,
  options: { readonly levels: number; readonly key: Key },
): Examples {
  checkOptions('uniformNoise', options, ['levels', 'key']);
  checkInteger('uniformNoise', 'levels', options.levels, { min: 2 });
  checkKey('uniformNoise', options.key);
  checkExamples(examples, { where: 'uniformNoise' });
  // A type of too few bits would take a level for another one.
  const [highest = options.levels - 1] = examples.values.slice(0, 1).fill(options.levels - 1);
  checkThat('uniformNoise', 'levels', highest === options.levels - 1, {
    expected: `to fit into the ${examples.values.constructor.name} of the examples`,
    actual: String(options.levels),
  });
  const random = options.key.generator();
  const values = examples.values.map(() => random.below(options.levels));
  return { count: examples.count, shape: examples.shape, values };
}

/** Each entry of an example taken from another one. */
function mapped(
  { count, shape, values }: Examples,
  source: (entry: number, row: number) => number,
): Examples {
  const size = sizeOf(shape);
  const moved = values.slice();
  for (let row = 0; row < count; row++) {
    for (let entry = 0; entry < size; entry++) {
      moved[row * size + entry] = values[row * size + source(entry, row)]!;
    }
  }
  return { count, shape, values: moved };
}
