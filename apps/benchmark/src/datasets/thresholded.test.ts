import { dataset } from '@dgm/data';
import { expect, it } from 'vitest';
import { thresholded } from './thresholded';

it('has ink where a level is 8 or more of 0 to 16, and the labels and splits as they were', () => {
  const levels = Array.from({ length: 17 }, (_, level) => level);
  const examples = (values: readonly number[]) => ({
    count: 1,
    shape: [17],
    values: Uint8Array.from(values),
    labels: Int32Array.of(values[0]!),
  });
  const parts = {
    train: examples(levels),
    validation: examples([...levels].reverse()),
    test: examples(levels),
  };
  const bits = thresholded(dataset({ name: 'grey', levels: 17, ...parts }), 'bits');
  expect([bits.name, bits.levels]).toEqual(['bits', 2]);
  expect([...bits.train.values].join('')).toBe('00000000111111111');
  expect([...bits.validation.values].join('')).toBe('11111111100000000');
  expect(bits.validation.labels).toEqual(Int32Array.of(16));
});
