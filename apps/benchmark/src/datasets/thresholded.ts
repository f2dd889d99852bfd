import type { Dataset, Examples } from '@dgm/core';
import { dataset } from '@dgm/data';

/**
 * Grey levels made ink or none, for models of bits: 1 in the upper half (8 to 16 of 0 to 16), else 0.
 * @param data - integers 0 to `levels` - 1
 */
export function thresholded({ train, validation, test, levels }: Dataset, name: string): Dataset {
  const threshold = Math.floor(levels! / 2);
  const bits = (examples: Examples): Examples => ({
    ...examples,
    values: Uint8Array.from(examples.values, (value) => (value >= threshold ? 1 : 0)),
  });
  return dataset({ name, train: bits(train), validation: bits(validation), test: bits(test), levels: 2 });
}
