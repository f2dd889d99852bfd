import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { broadcasts, broadcastShapes, endsWith, formatShape, leadingShape, sameShape, sizeOf } from './shape';

describe('sizeOf', () => {
  it.each([
    [[], 1],
    [[3], 3],
    [[2, 3, 4], 24],
    [[2, 0], 0],
  ])('of %j is %d', (shape, size) => {
    expect(sizeOf(shape)).toBe(size);
  });
});

describe('sameShape', () => {
  it.each([
    [[], [], true],
    [[2, 3], [2, 3], true],
    [[2, 3], [3, 2], false],
    [[2], [2, 1], false],
  ])('of %j and %j is %s', (a, b, same) => {
    expect(sameShape(a, b)).toBe(same);
  });
});

describe('formatShape', () => {
  it('prints sizes, and words for what is unknown', () => {
    expect([formatShape([]), formatShape([2, 3]), formatShape(['...', 3])]).toEqual([
      '[]',
      '[2, 3]',
      '[..., 3]',
    ]);
  });
});

describe('broadcasting', () => {
  it.each([
    [[], [], []],
    [[], [2, 3], [2, 3]],
    [[1], [2, 3], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [[1], [0], [0]],
  ])('of %j and %j gives %j', (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
    expect(broadcastShapes(b, a)).toEqual(expected);
    expect(broadcasts(a, b)).toBe(true);
  });

  it.each([
    [[2], [3]],
    [[2, 3], [2]],
    [[0], [2]],
  ])('of %j and %j is refused, and the error shows both', (a, b) => {
    expect(broadcasts(a, b)).toBe(false);
    expect(() => broadcastShapes(a, b)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'shape')));
    expect(() => broadcastShapes(a, b)).toThrow(`${formatShape(a)} and ${formatShape(b)}`);
  });

  it('takes any number of shapes', () => {
    expect(broadcastShapes()).toEqual([]);
    expect(broadcastShapes([2, 1, 1], [3, 1], [4])).toEqual([2, 3, 4]);
  });
});

describe('leadingShape', () => {
  it('gives the axes before the tail', () => {
    expect(leadingShape([5, 2, 3], [2, 3], 'f', 'x')).toEqual([5]);
    expect(leadingShape([2, 3], [2, 3], 'f', 'x')).toEqual([]);
    expect(leadingShape([2, 3], [], 'f', 'x')).toEqual([2, 3]);
  });

  it.each([
    [
      [2, 4],
      [2, 3],
    ],
    [[3], [2, 3]],
    [[], [1]],
  ])('refuses %j for the tail %j', (shape, tail) => {
    expect(endsWith(shape, tail)).toBe(false);
    expect(() => leadingShape(shape, tail, 'f', 'x')).toThrow(
      `f: expected x of shape ${formatShape(['...', ...tail])}, got ${formatShape(shape)}`,
    );
  });
});
