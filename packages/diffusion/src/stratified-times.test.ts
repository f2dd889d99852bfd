import { Key } from '@dgm/core';
import '@dgm/testing';
import { expect, it } from 'vitest';
import { stratifiedTimes } from './stratified-times';

it('spreads the times of any neighbouring examples evenly', () => {
  for (const seed of [0, 1, 2]) {
    const t = stratifiedTimes(Key.of(seed), 200);
    const values = [...t.dataSync()];
    t.dispose();
    for (const part of [values, values.slice(0, 50), values.slice(77, 127)]) {
      const sorted = part.sort((a, b) => a - b);
      const gaps = sorted.map((time, index) => (sorted[index + 1] ?? sorted[0]! + 1) - time);
      expect(Math.max(...gaps)).toBeLessThan(3 / part.length);
    }
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  }
});
