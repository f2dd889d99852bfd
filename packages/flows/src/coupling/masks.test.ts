import { expect, test } from 'vitest';
import { alternatingMask, checkerboardMask, halfMask, oppositeMask } from './masks';

const bits = (mask: readonly boolean[]) => mask.map(Number).join('');

test('halfMask keeps the first half, and the larger one of an odd size', () => {
  expect(bits(halfMask(4))).toBe('1100');
  expect(bits(halfMask(3))).toBe('110');
  expect(() => halfMask(1)).toThrow('at least 2');
});

test('alternatingMask keeps every second element', () => {
  expect(bits(alternatingMask(5))).toBe('10101');
});

test('checkerboardMask alternates along both axes, with all channels of a pixel alike', () => {
  expect(bits(checkerboardMask([2, 3]))).toBe('101010');
  expect(bits(checkerboardMask([2, 2, 2]))).toBe('11000011');
  expect(() => checkerboardMask([4])).toThrow('[height, width]');
});

test('oppositeMask keeps what the other changes', () => {
  expect(bits(oppositeMask(halfMask(4)))).toBe('0011');
});
