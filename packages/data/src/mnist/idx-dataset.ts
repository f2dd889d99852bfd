import { checkInteger, formatShape, SerializationError } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { locateFiles, type RemoteFile, type RemoteOptions } from '../download/remote-file';
import { gunzip, readBytes } from '../internal/files';
import { parseIdx, type IdxArray } from './idx';

export interface HeldOutOptions extends RemoteOptions {
  /** How many examples at the end of the published training set are for validation. */
  readonly validation?: number;
}

interface IdxSource {
  readonly name: string;
  /** Training images, training labels, test images, test labels. */
  readonly files: readonly RemoteFile[];
  readonly mirrors: readonly string[];
}

/** A data set that is published as MNIST is: four gzipped IDX files. */
export async function idxDataset(
  { name, files, mirrors }: IdxSource,
  { validation = 10_000, ...options }: HeldOutOptions,
): Promise<Dataset> {
  const paths = await locateFiles({ dataset: name, files, mirrors, options });
  const arrays = await Promise.all(
    paths.map(async (path) =>
      parseIdx(
        await gunzip(await readBytes(path, name), { file: path, where: name, maxBytes: MOST_BYTES }),
        path,
      ),
    ),
  );
  const published = pair(arrays[0]!, arrays[1]!, paths[0]!, name);
  const { train, validation: held } = holdOut(published, validation, name);
  return dataset({
    name,
    train,
    validation: held,
    test: pair(arrays[2]!, arrays[3]!, paths[2]!, name),
    levels: 256,
  });
}

function pair(images: IdxArray, labels: IdxArray, path: string, where: string): Examples {
  const [count, height, width] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new SerializationError({
      where,
      argument: path,
      expected: 'to hold images [count, height, width], with one label for each',
      actual: `${formatShape(images.shape)} and labels ${formatShape(labels.shape)}`,
    });
  }
  const wrong = labels.values.findIndex((label) => label >= CLASSES);
  if (wrong !== -1) {
    throw new SerializationError({
      where,
      argument: `${path}, label ${wrong}`,
      expected: `to be below ${CLASSES}`,
      actual: String(labels.values[wrong]),
    });
  }
  return {
    count: count!,
    shape: [height!, width!, 1],
    values: images.values,
    labels: Int32Array.from(labels.values),
  };
}

const CLASSES = 10;
/** The largest of the four files has 47 million. */
const MOST_BYTES = 2 ** 26;

/** Keeps the last examples of a published training set for validation. */
export function holdOut(
  examples: Examples,
  validation: number,
  where: string,
): { train: Examples; validation: Examples } {
  checkInteger(where, 'validation', validation, { min: 0, max: examples.count - 1 });
  const kept = examples.count - validation;
  return { train: rowsOf(examples, 0, kept), validation: rowsOf(examples, kept, examples.count) };
}

/** Consecutive examples, without a copy. */
function rowsOf({ count, shape, values, labels }: Examples, start: number, end: number): Examples {
  const size = values.length / count;
  return {
    count: end - start,
    shape,
    values: values.subarray(start * size, end * size),
    ...(labels ? { labels: labels.subarray(start, end) } : {}),
  };
}
