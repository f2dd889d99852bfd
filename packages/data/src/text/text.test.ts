import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from '@dgm/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const licence = new URL('../../../../LICENSE', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgm-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `${String(content.length)}.txt`);
  await writeFile(path, content);
  return path;
}

describe('text', () => {
  it('cuts a text into windows of integers, which decode to it', async () => {
    const data = await text(await fileOf('abcab cabca🙂 bcab'), {
      length: 3,
      heldOut: { validation: 0.2, test: 0.2 },
    });
    expect(data.characters).toEqual([' ', 'a', 'b', 'c', '🙂']);
    expect(data.levels).toBe(5);
    expect(data.train.shape).toEqual([3]);
    const parts = [data.train, data.validation, data.test].map(({ values }) => data.decode(values));
    expect(parts).toEqual(['abcab cab', 'a🙂 ', 'cab']);
  });

  it('reads a file that is always there: the same hash each time, another for other windows', async () => {
    const [first, second, other] = [
      await text(licence),
      await text(licence),
      await text(licence, { length: 32 }),
    ];
    expect(first.train.count).toBeGreaterThan(8);
    expect(first.sha256).toBe(second.sha256);
    expect(first.sha256).not.toBe(other.sha256);
    expect(first.decode(first.train.values.slice(0, 11))).toBe('MIT License');
  });

  it('says what is wrong', async () => {
    await expect(text(join(folder, 'absent.txt'))).rejects.toThrow('absent.txt');
    await expect(text(await fileOf(new Uint8Array([0xff, 0xfe, 0xfd])))).rejects.toThrow('UTF-8');
    await expect(text(await fileOf('short'))).rejects.toThrow('5 characters');
    await expect(text(licence, { length: 0 })).rejects.toThrow('length');
    await expect(text(licence, { heldOut: { validation: 0.5, test: 0.5 } })).rejects.toThrow('train on');
  });
});
