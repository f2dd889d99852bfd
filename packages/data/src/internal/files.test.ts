import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, readText } from './files';

describe('gunzip', () => {
  const bytes = new Uint8Array(gzipSync(new Uint8Array(1000)));
  const options = { file: 'zeros.gz', where: 'test' };

  it('gives at most as many bytes as are allowed', async () => {
    expect(await gunzip(bytes, { ...options, maxBytes: 1000 })).toHaveLength(1000);
    await expect(gunzip(bytes, { ...options, maxBytes: 999 })).rejects.toThrow(
      'expected zeros.gz to hold at most 999 bytes, got more',
    );
  });

  it('refuses every file that is cut short', async () => {
    for (let length = 2; length < bytes.length; length++) {
      const cut = gunzip(bytes.slice(0, length), { ...options, maxBytes: 1000 });
      await expect(cut).rejects.toThrow('expected zeros.gz to be a whole gzip file');
    }
  });
});

describe('readText', () => {
  it('refuses a text that is larger than allowed, gzipped or not', async () => {
    for (const bytes of [gzipSync('12345'), Buffer.from('12345')]) {
      const blob = new Blob([new Uint8Array(bytes)]);
      expect(await readText(blob, 'test', 5)).toBe('12345');
      await expect(readText(blob, 'test', 4)).rejects.toThrow(
        'expected file to hold at most 4 bytes, got more',
      );
    }
  });
});
