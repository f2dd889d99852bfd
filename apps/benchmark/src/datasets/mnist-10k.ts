import { existsSync } from 'node:fs';
import path from 'node:path';
import { ArgumentError, sizeOf, type Dataset, type Examples } from '@dgm/core';
import { dataset, mnist } from '@dgm/data';
import type { DrawnBits } from './drawn-bits';

const FOLDER = 'mnist10k';
const IMAGES = 'train-images-idx3-ubyte.gz';
const VALIDATION = 1000;

/**
 * Ten thousand digits of MNIST's training set in the files of MNIST: 8000 to train, 1000 of the same file for validation, 1000 to test;
 * 28x28 pixels of 256 grey levels as vectors, as the digits are.
 * @param folder - of the files, or a folder `mnist10k` of them in it. Defaults to `DGM_DATA_DIR`
 * @throws ArgumentError if there are none
 */
export async function mnist10k(folder = process.env['DGM_DATA_DIR']): Promise<Dataset> {
  const folders = folder === undefined ? [] : [path.join(folder, FOLDER), folder];
  const found = folders.find((each) => existsSync(path.join(each, IMAGES)));
  if (found === undefined) {
    throw new ArgumentError({
      where: 'dgm-bench --dataset mnist-10k',
      argument: '--data-dir',
      expected: `to be a folder with ${FOLDER}/${IMAGES}, and so may DGM_DATA_DIR`,
      actual: folder ?? 'neither',
    });
  }
  const { train, validation, test, levels } = await mnist({
    folder: found,
    verify: false,
    validation: VALIDATION,
  });
  const flat = (examples: Examples): Examples => ({ ...examples, shape: [sizeOf(examples.shape)] });
  return dataset({
    name: 'mnist-10k',
    train: flat(train),
    validation: flat(validation),
    test: flat(test),
    levels: levels!,
  });
}

/** The same as {@link binarized} bits. */
export async function binarizedMnist10k(folder?: string): Promise<Dataset> {
  return binarized(await mnist10k(folder), 'binarized-mnist-10k');
}

/**
 * Grey levels as bits: a pixel is 1 with its grey level's probability, by a hash of its place, so that the bits are the same
 * everywhere. Those of the training rows can be drawn anew.
 */
export function binarized({ train, validation, test, levels }: Dataset, name: string): Dataset {
  const bits = (examples: Examples, firstRow: number): Examples => {
    const size = examples.values.length / examples.count;
    const values = Uint8Array.from(examples.values, (level, at) =>
      Number(fractionOf(size * firstRow + at) < level / (levels! - 1)),
    );
    return { ...examples, values };
  };
  const training: DrawnBits = {
    ...bits(train, 0),
    probabilities: Float32Array.from(train.values, (level) => level / (levels! - 1)),
  };
  return dataset({
    name,
    train: training,
    validation: bits(validation, train.count),
    test: bits(test, train.count + validation.count),
    levels: 2,
  });
}

/** A number in [0, 1) for each integer: the finalizer of MurmurHash3. */
function fractionOf(index: number): number {
  let hash = index | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
