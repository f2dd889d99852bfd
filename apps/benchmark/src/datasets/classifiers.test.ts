import type { Examples } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { kernelRidgeError, nearestNeighbourError } from './classifiers';

const points = (labelled: readonly (readonly [number, number, number])[]): Examples => ({
  count: labelled.length,
  shape: [2],
  values: Float32Array.from(labelled.flatMap(([x, y]) => [x, y])),
  labels: Int32Array.from(labelled, ([, , label]) => label),
});

/** One class on the diagonal and the other off it: no line divides them. */
const crossed = points([[0, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1]]); // prettier-ignore

describe('nearestNeighbourError', () => {
  it('is 0 on the examples themselves, and counts votes', () => {
    expect(nearestNeighbourError(crossed, crossed, 1)).toBe(0);
    const train = points([[0, 0, 1], [1, 0, 0], [1.1, 0, 0], [9, 9, 2]]); // prettier-ignore
    const test = points([[0.2, 0, 0]]);
    expect(nearestNeighbourError(train, test, 1)).toBe(1);
    expect(nearestNeighbourError(train, test, 3)).toBe(0);
    // One vote for each class: the nearest wins.
    expect(nearestNeighbourError(train, test, 2)).toBe(1);
  });
});

describe('kernelRidgeError', () => {
  it('learns what no line can', () => {
    const nearby = points([[0.1, 0.1, 0], [0.9, 1, 0], [0.1, 0.9, 1], [1, 0.1, 1]]); // prettier-ignore
    expect(kernelRidgeError(crossed, nearby, { gamma: 2, ridge: 1e-6 })).toBe(0);
  });

  it('weighs examples by their distance', () => {
    // With a kernel that is 1 everywhere, only the number of examples counts.
    const train = points([[0, 0, 0], [1, 0, 1], [2, 0, 1]]); // prettier-ignore
    const test = points([[0, 0, 0]]);
    expect(kernelRidgeError(train, test, { gamma: 1e-9, ridge: 1 })).toBe(1);
    expect(kernelRidgeError(train, test, { gamma: 5, ridge: 1 })).toBe(0);
  });
});
