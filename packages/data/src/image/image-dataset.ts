import { Key } from '@dgm/core';
import { dataset, type Dataset } from '../dataset';
import { split } from '../transforms/split';
import { imageFolder, type ImageFolderOptions } from './image-folder';

export interface ImageDatasetOptions extends ImageFolderOptions {
  /** @defaultValue 'images' */
  readonly name?: string;
  /** The shares that are held out. @defaultValue 0.1 each */
  readonly heldOut?: { readonly validation: number; readonly test: number };
  /** Decides which images are held out. @defaultValue Key.of(0) */
  readonly key?: Key;
}

/** A data set of images, with the names of its classes. */
export interface ImageDataset extends Dataset {
  /** The names that the labels stand for; empty without `classesFromFolders`. */
  readonly classes: readonly string[];
}

/**
 * Makes a data set of the PNG and JPEG files of a folder. Needs Node.
 *
 * Pixels stay integers from 0 to 255, `levels` is 256, and a model's nats are those of the integers. Networks of one's
 * own need them scaled, for example by `asLayer((x) => tf.div(x, 255))`; for a continuous density use `dequantize` and
 * `normalize`, whose `logDet` takes its nats back to the units of the pixels.
 *
 * @throws as {@link imageFolder}, {@link split} and {@link dataset}
 * @example
 * ```ts
 * const { train, classes } = await imageDataset('photos', { size: [32, 32], classesFromFolders: true });
 * ```
 */
export async function imageDataset(path: string, options: ImageDatasetOptions): Promise<ImageDataset> {
  const {
    name = 'images',
    heldOut: { validation, test } = { validation: 0.1, test: 0.1 },
    key = Key.of(0),
    ...folderOptions
  } = options;
  const { classes, count, shape, values, labels } = await imageFolder(path, folderOptions);
  const examples = { count, shape, values, ...(labels && { labels }) };
  const parts = split(examples, { train: 1 - validation - test, validation, test }, key);
  return { ...dataset({ name, ...parts, levels: 256 }), classes };
}
