import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from './sha256';

it.each([0, 1, 55, 56, 63, 64, 65, 1000])('is the hash of the standard for %i bytes', (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff);
  expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});
