import { expect, it } from 'vitest';
import { fuzz } from './fuzz';

it('reads damaged streams of every kind to the end, or refuses them by a typed error', () => {
  const outcomes = Object.values(fuzz(2000));
  expect(outcomes.length).toBe(42);
  for (const { attempts, errors } of outcomes) {
    expect(attempts).toBeGreaterThan(0);
    expect(Object.keys(errors).length).toBeGreaterThan(0);
  }
}, 60_000);
