import { expect, it } from 'vitest';
import { normalizedMutualInformation } from './statistics';

it.each([
  // The values of sklearn.metrics.normalized_mutual_info_score.
  [[0, 0, 1, 1, 2, 2, 2], [1, 1, 0, 2, 2, 2, 0], 0.5636355530993448],
  [[0, 1, 0, 1], [0, 0, 1, 1], 0],
  [[0, 1, 2], [5, 3, 4], 1],
  [[0, 0], [1, 1], 0],
])('the parts %j and %j share %d of their information', (a, b, expected) => {
  expect(normalizedMutualInformation(a, b)).toBeCloseTo(expected, 12);
});
