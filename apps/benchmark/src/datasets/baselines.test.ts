import { dataset } from '@dgm/data';
import { describe, expect, it } from 'vitest';
import { baselines } from './baselines';

const examples = (values: number[]) => ({
  count: values.length / 2,
  shape: [2],
  values: Uint8Array.from(values),
});

describe('baselines', () => {
  it('counts each pixel on its own', () => {
    // The first pixel is 0, 0, 1 and the second 2, 2, 2; with 0.1 added to the count of each of 3 values.
    const train = examples([0, 2, 0, 2, 1, 2]);
    const [uniform, independent] = baselines(
      dataset({ name: 'tiny', train, validation: examples([]), test: examples([0, 2, 1, 0]), levels: 3 }),
    );
    expect(uniform!.nats).toBeCloseTo(2 * Math.log(3), 12);
    const expected =
      -(Math.log(2.1 / 3.3) + Math.log(3.1 / 3.3) + Math.log(1.1 / 3.3) + Math.log(0.1 / 3.3)) / 2;
    expect(independent!.nats).toBeCloseTo(expected, 12);
  });

  it('has none for continuous data', () => {
    const part = examples([0, 1]);
    expect(baselines(dataset({ name: 'tiny', train: part, validation: part, test: part }))).toEqual([]);
  });
});
