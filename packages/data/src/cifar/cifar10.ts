import { SerializationError } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { locateFiles } from '../download/remote-file';
import { gunzip, readBytes } from '../internal/files';
import { nodeModule, warn } from '../internal/node';
import { holdOut, type HeldOutOptions } from '../mnist/idx-dataset';
import { parseTar } from './tar';

/**
 * CIFAR-10: 60000 photographs of 32x32 pixels in colour with 256 levels, `[32, 32, 3]`. Train 45000, validation the 5000
 * after them, test 10000.
 *
 * Downloaded once (170 MB) and kept, or read from `folder`: from `cifar-10-binary.tar.gz` or the six unpacked `.bin` files.
 *
 * @throws SerializationError that says which file is missing or damaged, where to get it and where to put it
 * @see Learning multiple layers of features from tiny images (Krizhevsky, 2009)
 *
 * @example
 * ```ts
 * const { train, validation, test } = await cifar10(); // 45000, 5000 and 10000 images [32, 32, 3]
 * ```
 */
export async function cifar10({ validation = 5000, ...options }: HeldOutOptions = {}): Promise<Dataset> {
  const files = (await unpacked(options)) ?? (await archived(options));
  const records = (name: string) => {
    const bytes = files.get(name);
    if (bytes) return { name, bytes };
    throw new SerializationError({
      where: 'cifar10',
      argument: name,
      expected: 'to be in the archive',
      actual: [...files.keys()].join(', ') || 'nothing',
    });
  };
  const published = parseCifar(TRAINING.map(records));
  return dataset({
    name: 'cifar10',
    ...holdOut(published, validation, 'cifar10'),
    test: parseCifar([records(TEST)]),
    levels: 256,
  });
}

const TRAINING = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const TEST = 'test_batch.bin';

async function archived(options: HeldOutOptions): Promise<Map<string, Uint8Array>> {
  const [path] = await locateFiles({
    dataset: 'cifar10',
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      },
    ],
    mirrors: ['https://www.cs.toronto.edu/~kriz/'],
    options,
  });
  return parseTar(
    await gunzip(await readBytes(path!, 'cifar10'), {
      file: path!,
      where: 'cifar10',
      maxBytes: 2 ** 28,
    }),
    path!,
  );
}

/** The unpacked files of a folder, if all of them are there. */
async function unpacked({
  folder,
  verify = true,
}: HeldOutOptions): Promise<Map<string, Uint8Array> | undefined> {
  if (folder === undefined) return undefined;
  const { join } = nodeModule('node:path', 'cifar10');
  const { readdir } = nodeModule('node:fs/promises', 'cifar10');
  const names = [...TRAINING, TEST];
  const present = await readdir(folder).catch((): string[] => []);
  if (!names.every((name) => present.includes(name))) return undefined;
  if (verify) warn(`cifar10: the files of ${folder} are unpacked, so their content is not verified`);
  const contents = names.map(async (name) => [name, await readBytes(join(folder, name), 'cifar10')] as const);
  return new Map(await Promise.all(contents));
}

const PLANE = 32 * 32;
const RECORD = 1 + 3 * PLANE;

/** Records of one label and three planes of colour; pixels here have their colours side by side. */
function parseCifar(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Examples {
  for (const { name, bytes } of files) {
    if (bytes.length > 0 && bytes.length % RECORD === 0) continue;
    throw new SerializationError({
      where: 'cifar10',
      argument: name,
      expected: `to hold records of ${RECORD} bytes`,
      actual: `${bytes.length} bytes`,
      remedy: 'get it again',
    });
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / RECORD, 0);
  const values = new Uint8Array(count * 3 * PLANE);
  const labels = new Int32Array(count);
  let row = 0;
  for (const { name, bytes } of files) {
    for (let start = 0; start < bytes.length; start += RECORD, row++) {
      labels[row] = bytes[start]!;
      if (labels[row]! > 9) {
        throw new SerializationError({
          where: 'cifar10',
          argument: `${name}, record ${start / RECORD}`,
          expected: 'to have a label from 0 to 9',
          actual: String(labels[row]),
          remedy: 'get it again',
        });
      }
      for (let pixel = 0; pixel < PLANE; pixel++) {
        for (let colour = 0; colour < 3; colour++) {
          values[(row * PLANE + pixel) * 3 + colour] = bytes[start + 1 + colour * PLANE + pixel]!;
        }
      }
    }
  }
  return { count, shape: [32, 32, 3], values, labels };
}
