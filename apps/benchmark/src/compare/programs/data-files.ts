import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sizeOf, type Dataset, type Examples } from '@dgm/core';
import { dataset } from '@dgm/data';
import type { DataFiles } from './protocol';

const PARTS = ['train', 'validation', 'test'] as const;
type Part = (typeof PARTS)[number];

/** Writes a data set where both sides of a comparison read it from. */
export async function writeDataFiles(data: Dataset, folder: string): Promise<DataFiles> {
  const dtype = data.levels !== undefined && data.levels <= 256 ? 'uint8' : 'float32';
  for (const part of PARTS) {
    const { values, labels } = data[part];
    const bytes = dtype === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values);
    await writeFile(fileOf(folder, part), new Uint8Array(bytes.buffer));
    if (labels !== undefined) {
      await writeFile(labelsOf(folder, part), new Uint8Array(Int32Array.from(labels).buffer));
    }
  }
  return {
    folder,
    name: data.name,
    shape: data.train.shape,
    levels: data.levels ?? null,
    dtype,
    labelled: data.train.labels !== undefined,
    train: data.train.count,
    validation: data.validation.count,
    test: data.test.count,
  };
}

/** The data set that `writeDataFiles` has written. */
export async function readDataFiles(files: DataFiles): Promise<Dataset> {
  const examples = async (part: Part): Promise<Examples> => {
    const { buffer, byteOffset, byteLength } = await readFile(fileOf(files.folder, part));
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    const values = files.dtype === 'uint8' ? new Uint8Array(bytes) : new Float32Array(bytes);
    const found = { count: values.length / sizeOf(files.shape), shape: files.shape, values };
    if (!files.labelled) return found;
    return {
      ...found,
      labels: new Int32Array(new Uint8Array(await readFile(labelsOf(files.folder, part))).buffer),
    };
  };
  return dataset({
    name: files.name,
    train: await examples('train'),
    validation: await examples('validation'),
    test: await examples('test'),
    ...(files.levels === null ? {} : { levels: files.levels }),
  });
}

const labelsOf = (folder: string, part: Part) => path.join(folder, `${part}.labels.bin`);
const fileOf = (folder: string, part: Part) => path.join(folder, `${part}.bin`);
