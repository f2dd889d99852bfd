import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from './sha256';

const hex = (...parts: Uint8Array[]) => Buffer.from(sha256(...parts)).toString('hex');

it('has the digests of the standard', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(hex()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(hex(bytes('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('agrees with OpenSSL around the ends of blocks, in one part and in two', () => {
  for (const length of [1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(hex(bytes), `${length} bytes`).toBe(expected);
    expect(hex(bytes.subarray(0, length / 3), bytes.subarray(length / 3)), `${length} in two`).toBe(expected);
  }
});
