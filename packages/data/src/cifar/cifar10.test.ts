import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tar, temporaryFolder } from '../../test/files';
import { cifar10 } from './cifar10';
import { parseTar } from './tar';

const root = temporaryFolder();

/** One image, its label and planes of one colour each. */
const record = (label: number, [red, green, blue]: readonly number[]) =>
  Uint8Array.from({ length: 3073 }, (_, place) =>
    place === 0 ? label : [red!, green!, blue!][(place - 1) >> 10]!,
  );
const batches = Object.fromEntries([
  ...[1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, record(batch, [batch, 10, 20])]),
  ['test_batch.bin', record(9, [7, 8, 9])],
]) as Record<string, Uint8Array>;

async function folderOf(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(root.path, name);
  await mkdir(folder);
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  return folder;
}

describe('cifar10', () => {
  it('is read from the archive or from unpacked files, colours side by side', async () => {
    const archive = {
      'cifar-10-binary.tar.gz': gzipSync(tar({ ...batches, 'readme.html': Uint8Array.of(1) })),
    };
    const data = await cifar10({ folder: await folderOf('archive', archive), validation: 2, verify: false });
    expect([data.train.count, data.validation.count, data.test.count, data.levels]).toEqual([3, 2, 1, 256]);
    expect(data.train.shape).toEqual([32, 32, 3]);
    expect(Array.from(data.train.values.slice(0, 6))).toEqual([1, 10, 20, 1, 10, 20]);
    expect(Array.from(data.validation.labels!)).toEqual([4, 5]);
    expect(Array.from(data.test.values.slice(-3))).toEqual([7, 8, 9]);
    const unpacked = await cifar10({
      folder: await folderOf('unpacked', batches),
      validation: 2,
      verify: false,
    });
    expect(unpacked.sha256).toBe(data.sha256);
  });

  it('says what is missing or damaged', async () => {
    await expect(cifar10({ folder: await folderOf('empty', {}) })).rejects.toThrow(
      /cifar-10-binary.tar.gz to be in .*; get it from https/,
    );
    const rest = Object.fromEntries(Object.entries(batches).filter(([name]) => name !== 'data_batch_3.bin'));
    const lacking = { 'cifar-10-binary.tar.gz': tar(rest) };
    await expect(cifar10({ folder: await folderOf('lacking', lacking), verify: false })).rejects.toThrow(
      'expected data_batch_3.bin to be in the archive, got data_batch_1.bin',
    );
    const cut = { ...batches, 'test_batch.bin': batches['test_batch.bin']!.subarray(0, 3000) };
    await expect(
      cifar10({ folder: await folderOf('cut', cut), validation: 1, verify: false }),
    ).rejects.toThrow('expected test_batch.bin to hold records of 3073 bytes, got 3000 bytes');
    const wrong = { ...batches, 'data_batch_2.bin': record(22, [1, 2, 3]) };
    await expect(
      cifar10({ folder: await folderOf('wrong', wrong), validation: 1, verify: false }),
    ).rejects.toThrow('expected data_batch_2.bin, record 0 to have a label from 0 to 9, got 22');
    const archive = { 'cifar-10-binary.tar.gz': gzipSync(tar(batches)) };
    await expect(cifar10({ folder: await folderOf('other', archive) })).rejects.toThrow(
      'to have the SHA-256',
    );
  });
});

describe('parseTar', () => {
  it('refuses an archive that is cut short or damaged', () => {
    const archive = tar({ a: new Uint8Array(600) });
    expect(() => parseTar(archive.subarray(0, 1200), 'x.tar')).toThrow(
      'expected x.tar to hold the 600 bytes of set/a',
    );
    archive[600] = 1;
    expect(() => parseTar(archive, 'x.tar')).toThrow(
      'expected x.tar to have headers with the right checksum',
    );
  });
});
