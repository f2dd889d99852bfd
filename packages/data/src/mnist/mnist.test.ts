import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { idx, mnistFiles, temporaryFolder } from '../../test/files';
import { binarizedMnist } from './binarized-mnist';
import { parseIdx } from './idx';
import { fashionMnist, mnist } from './mnist';

const root = temporaryFolder();

async function folderOf(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = join(root.path, name);
  await mkdir(folder);
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  return folder;
}

describe('parseIdx', () => {
  it('reads shape and bytes', () => {
    expect(parseIdx(idx([2, 2], [1, 2, 3, 255]))).toEqual({
      shape: [2, 2],
      values: Uint8Array.of(1, 2, 3, 255),
    });
  });

  it('refuses other and cut files', () => {
    expect(() => parseIdx(Uint8Array.of(1, 2, 3, 4), 'x')).toThrow(
      'expected x to be an IDX file of unsigned bytes',
    );
    expect(() => parseIdx(idx([2, 2], [1, 2, 3]), 'x')).toThrow(
      'expected x of 4 bytes of data for [2, 2], got 3',
    );
  });
});

describe.each([
  ['mnist', mnist],
  ['fashion-mnist', fashionMnist],
])('%s', (name, load) => {
  it('is read from a folder, gzipped or not', async () => {
    const files = mnistFiles(7, 3);
    const folder = await folderOf(`${name}-gz`, files);
    const data = await load({ folder, validation: 2, verify: false });
    expect([data.name, data.levels, data.train.shape]).toEqual([name, 256, [2, 3, 1]]);
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([5, 2, 3]);
    expect(Array.from(data.train.values)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(Array.from(data.validation.values)).toEqual(Array.from({ length: 12 }, (_, index) => 30 + index));
    expect(Array.from(data.validation.labels!)).toEqual([5, 6]);
    expect(data.train.values).toBeInstanceOf(Uint8Array);

    const plain = Object.entries(files).map(([file, bytes]) => [file.replace('.gz', ''), gunzipSync(bytes)]);
    const unpacked = await load({
      folder: await folderOf(`${name}-plain`, Object.fromEntries(plain)),
      validation: 2,
      verify: false,
    });
    expect(unpacked.sha256).toBe(data.sha256);
  });

  it('says which file is missing, and where to get it', async () => {
    const folder = await folderOf(`${name}-missing`, mnistFiles(7, 3));
    await rm(join(folder, 't10k-labels-idx1-ubyte.gz'));
    const absent = load({ folder });
    await expect(absent).rejects.toMatchObject({
      code: 'serialization',
      argument: 't10k-labels-idx1-ubyte.gz',
    });
    await expect(absent).rejects.toThrow(
      /to be in .*-missing, got no such file; get it from http.* and put it into/,
    );
  });

  it('says which file is damaged', async () => {
    const files = mnistFiles(7, 3);
    const file = 'train-images-idx3-ubyte.gz';
    const cut = await folderOf(`${name}-cut`, { ...files, [file]: files[file]!.subarray(0, 20) });
    await expect(load({ folder: cut, verify: false })).rejects.toThrow(
      new RegExp(`${file} to be a whole gzip file`),
    );
    const mixed = { ...files, [file]: mnistFiles(6, 3)[file]! };
    await expect(load({ folder: await folderOf(`${name}-mixed`, mixed), verify: false })).rejects.toThrow(
      'with one label for each, got [6, 2, 3] and labels [7]',
    );
  });

  it('checks the content of files by their hashes, and says where it cannot', async () => {
    const files = mnistFiles(7, 3);
    const folder = await folderOf(`${name}-other`, files);
    await expect(load({ folder })).rejects.toThrow(
      /train-images-idx3-ubyte.gz to have the SHA-256 .*; get the original file, or pass verify: false/,
    );
    const plain = Object.entries(files).map(([file, bytes]) => [file.replace('.gz', ''), gunzipSync(bytes)]);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await load({ folder: await folderOf(`${name}-unpacked`, Object.fromEntries(plain)), validation: 2 });
    expect(warn).toHaveBeenCalledTimes(4);
    expect(warn.mock.calls[0]![0]).toMatch(
      /train-images-idx3-ubyte is unpacked, so its content is not verified/,
    );
    warn.mockRestore();
  });

  it('refuses labels that are no class', async () => {
    const files = mnistFiles(7, 3);
    const labels = { ...files, 't10k-labels-idx1-ubyte.gz': gzipSync(idx([3], [1, 102, 3])) };
    await expect(
      load({ folder: await folderOf(`${name}-labels`, labels), validation: 2, verify: false }),
    ).rejects.toThrow('t10k-images-idx3-ubyte.gz, label 1 to be below 10, got 102');
  });

  it('keeps something to learn from', async () => {
    const folder = await folderOf(`${name}-all`, mnistFiles(7, 3));
    await expect(load({ folder, verify: false })).rejects.toThrow(
      'expected validation to be an integer from 0 to 6',
    );
  });
});

describe('binarizedMnist', () => {
  const line = (bit: number) => Array.from({ length: 784 }, (_, pixel) => (pixel === 3 ? bit : 0)).join(' ');
  const files = {
    'binarized_mnist_train.amat': `${line(1)} \n${line(0)} \n`,
    'binarized_mnist_valid.amat': `${line(0)}\n`,
    'binarized_mnist_test.amat': line(1),
  };

  it('is read from a folder', async () => {
    const data = await binarizedMnist({ folder: await folderOf('bits', files), verify: false });
    expect([data.train.count, data.validation.count, data.test.count, data.levels]).toEqual([2, 1, 1, 2]);
    expect(data.train.shape).toEqual([28, 28, 1]);
    expect(Array.from(data.train.values.slice(0, 5))).toEqual([0, 0, 0, 1, 0]);
  });

  it('says where a bit is none', async () => {
    const wrong = { ...files, 'binarized_mnist_valid.amat': line(2) };
    const folder = await folderOf('wrong-bits', wrong);
    await expect(binarizedMnist({ folder, verify: false })).rejects.toThrow(
      /valid.amat, row 1 .* got "2" in column 4/,
    );
    await writeFile(join(folder, 'binarized_mnist_valid.amat'), '0 1 0');
    await expect(binarizedMnist({ folder, verify: false })).rejects.toThrow(
      'to be 784 zeros and ones, got 3 of them',
    );
  });
});
