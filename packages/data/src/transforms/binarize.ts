import { checkInteger, checkKey, checkOptions, DomainError, type Key } from '@dgm/core';
import type { Examples } from '../dataset';

export interface BinarizeOptions {
  readonly key: Key;
  /** How many values a pixel can take: the integers 0 to `levels` - 1. */
  readonly levels: number;
}

/**
 * Turns grey into ink or none, at random: 1 with probability `value / (levels - 1)`, else 0.
 *
 * @returns uint8 zeros and ones, so 2 levels
 * @throws DomainError if a value is not in [0, `levels` - 1]
 * @see On the quantitative analysis of deep belief networks (Salakhutdinov and Murray, 2008)
 *
 * @example
 * ```ts
 * const bits = binarize(data.train, { levels: 17, key }); // of 0 and 1
 * ```
 */
export function binarize(examples: Examples, options: BinarizeOptions): Examples {
  checkOptions('binarize', options, ['key', 'levels']);
  const { key, levels } = options;
  checkKey('binarize', key);
  checkInteger('binarize', 'levels', levels, { min: 2 });
  const generator = key.generator();
  const values = Uint8Array.from(examples.values as ArrayLike<number>, (value, index) => {
    if (!(value >= 0 && value < levels)) {
      throw new DomainError({
        where: 'binarize',
        argument: 'examples.values',
        expected: `to be from 0 to ${levels - 1}`,
        actual: `${value} at index ${index}`,
      });
    }
    return generator.uniform() * (levels - 1) < value ? 1 : 0;
  });
  return { ...examples, values };
}
