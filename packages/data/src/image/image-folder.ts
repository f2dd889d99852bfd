import {
  ArgumentError,
  checkGiven,
  checkInteger,
  checkOptions,
  formatShape,
  SerializationError,
  sizeOf,
} from '@dgm/core';
import type { Examples } from '../dataset';
import { readBytes, reason } from '../internal/files';
import { nodeModule } from '../internal/node';
import { decodeImage, MAX_PIXELS } from './decode-image';
import { resize } from './resize';

export interface ImageFolderOptions {
  /** The size to which every image is resized, by averaging over areas. */
  readonly size: readonly [height: number, width: number];
  /** 3 for RGB, 1 for grey. @defaultValue 3 */
  readonly channels?: 1 | 3;
  /** Whether each subfolder is a class; a label is then the index of its name in alphabetical order. @defaultValue false */
  readonly classesFromFolders?: boolean;
  /** The most pixels that an image may have. @defaultValue 2 ** 26 */
  readonly maxPixels?: number;
}

/** Images and the files that they come from. */
export interface ImageFolder extends Examples {
  /** The path of each image, relative to the folder. */
  readonly files: readonly string[];
  /** The names that the labels stand for; empty without classes. */
  readonly classes: readonly string[];
}

/**
 * Reads all PNG and JPEG files of a folder and its subfolders, in alphabetical order. Needs Node.
 *
 * @returns uint8 values 0 to 255 of shape `[height, width, channels]`, so 256 levels
 * @throws SerializationError naming the file that cannot be read, or if there is no image
 * @throws ArgumentError if the size is not positive, or classes are asked for and an image is in no subfolder
 *
 * @example
 * ```ts
 * const images = await imageFolder('photos', { size: [32, 32], classesFromFolders: true });
 * images.shape; // [32, 32, 3], with the names of the subfolders in images.classes
 * ```
 */
export async function imageFolder(path: string, options: ImageFolderOptions): Promise<ImageFolder> {
  const folder = await openImages(path, options);
  const { files, classes } = folder;
  const [height, width, channels] = folder.shape;
  if (files.length * height * width * channels > MOST_BYTES) {
    throw new ArgumentError({
      where: 'imageFolder',
      argument: 'size',
      expected: `to give at most ${MOST_BYTES} bytes for ${files.length} images`,
      actual: formatShape(options.size),
      remedy: 'use imageSource, which reads images when they are needed',
    });
  }
  return { ...(await folder.read([...files.keys()])), files, classes };
}

/** The images of a folder before they are read. */
export interface ImageFiles {
  readonly files: readonly string[];
  readonly classes: readonly string[];
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The images of these files. */
  read(rows: ArrayLike<number>): Promise<Examples>;
}

/**
 * Lists the images of a folder.
 * @throws as {@link imageFolder}, for the options and the folder
 */
export async function openImages(path: string, options: ImageFolderOptions): Promise<ImageFiles> {
  checkOptions('imageFolder', options, ['size', 'channels', 'classesFromFolders', 'maxPixels']);
  const { size, channels = 3, classesFromFolders = false, maxPixels = MAX_PIXELS } = options;
  checkSize(size, channels);
  const { join } = nodeModule('node:path', 'imageFolder');
  const files = await listImages(path);
  const folders = classesFromFolders ? files.map((file) => className(file, path)) : [];
  const classes = [...new Set(folders)].sort();
  const labels = folders.map((name) => classes.indexOf(name));
  const shape = [...size, channels] as const;
  return {
    files,
    classes,
    shape,
    async read(rows) {
      const values = new Uint8Array(rows.length * sizeOf(shape));
      for (const [index, row] of Array.from(rows).entries()) {
        const name = join(path, files[row]!);
        const image = decodeImage(await readBytes(name, 'imageFolder'), { name, maxPixels });
        const { pixels } = resize(image, size);
        values.set(channels === 3 ? pixels : grey(pixels), index * sizeOf(shape));
      }
      return {
        count: rows.length,
        shape,
        values,
        ...(classesFromFolders && { labels: Int32Array.from(rows, (row) => labels[row]!) }),
      };
    },
  };
}

async function listImages(path: string): Promise<string[]> {
  const { readdir } = nodeModule('node:fs/promises', 'imageFolder');
  const { relative, join } = nodeModule('node:path', 'imageFolder');
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw noImages(path, reason(cause), cause);
  });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(png|jpe?g)$/i.test(entry.name))
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
  if (files.length === 0) throw noImages(path, 'none');
  return files;
}

function noImages(path: string, actual: string, cause?: unknown): SerializationError {
  return new SerializationError({
    where: 'imageFolder',
    argument: path,
    expected: 'to be a folder with PNG or JPEG files',
    actual,
    cause,
  });
}

function className(file: string, path: string): string {
  const [folder, ...rest] = file.split('/');
  if (rest.length > 0) return folder!;
  throw new ArgumentError({
    where: 'imageFolder',
    argument: 'classesFromFolders',
    expected: `to find each image of ${path} in the folder of its class`,
    actual: `${file} in none`,
  });
}

/** Luma of ITU-R BT.601, which JPEG files use. */
function grey(pixels: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: pixels.length / 3 }, (_, pixel) =>
    Math.round(0.299 * pixels[3 * pixel]! + 0.587 * pixels[3 * pixel + 1]! + 0.114 * pixels[3 * pixel + 2]!),
  );
}

function checkSize(size: readonly number[], channels: number): void {
  const where = 'imageFolder';
  checkGiven(where, 'size', size, 'to be [height, width]');
  if (!Array.isArray(size) || size.length !== 2) {
    throw new ArgumentError({
      where,
      argument: 'size',
      expected: 'to be [height, width]',
      actual: String(size),
    });
  }
  for (const side of size as readonly unknown[]) checkInteger(where, 'size', side);
  if (channels === 1 || channels === 3) return;
  throw new ArgumentError({
    where,
    argument: 'channels',
    expected: 'to be 1 or 3',
    actual: String(channels),
  });
}

/** What a typed array holds on every platform. */
const MOST_BYTES = 2 ** 31 - 1;
