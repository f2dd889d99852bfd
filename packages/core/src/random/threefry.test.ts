import { describe, expect, it } from 'vitest';
import { threefry } from './threefry';

describe('threefry', () => {
  // Threefry-2x32 with 20 rounds, from the known answers (kat_vectors) of Random123, the authors' own library.
  it.each<{ counter: [number, number]; key: [number, number]; answer: [number, number] }>([
    { counter: [0, 0], key: [0, 0], answer: [0x6b200159, 0x99ba4efe] },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], answer: [0x1cb996fc, 0xbb002be7] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], answer: [0xc4923a9c, 0x483df7a0] },
  ])('gives the known answer $answer', ({ counter, key, answer }) => {
    expect(threefry(...key, ...counter)).toEqual(answer);
  });
});
