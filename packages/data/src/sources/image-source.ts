import { checkInteger } from '@dgm/core';
import { nodeModule } from '../internal/node';
import { openImages, type ImageFolderOptions } from '../image/image-folder';
import { identify, type FileExamples } from './example-source';

export interface ImageSourceOptions extends ImageFolderOptions {
  /** How many images are decoded at a time. @defaultValue 64 */
  readonly piece?: number;
}

/** The images of a folder as they are needed. */
export interface ImageSource extends FileExamples {
  /** The path of each image, relative to the folder. */
  readonly files: readonly string[];
  /** The names that the labels stand for; empty without `classesFromFolders`. */
  readonly classes: readonly string[];
}

/**
 * The PNG and JPEG files of a folder that is larger than memory, for `fit`: each epoch decodes all of them, in another
 * order. Needs Node.
 *
 * @throws as {@link imageFolder}; a damaged file is found when its turn comes
 *
 * @example
 * ```ts
 * const source = await imageSource('photos', { size: [32, 32] });
 * source.shape; // [32, 32, 3]: give it to fit as { train: source }
 * ```
 */
export async function imageSource(path: string, options: ImageSourceOptions): Promise<ImageSource> {
  const { piece = 64, ...folderOptions } = options;
  checkInteger('imageSource', 'piece', piece);
  const { files, classes, shape, read } = await openImages(path, folderOptions);
  const { stat } = nodeModule('node:fs/promises', 'imageSource');
  const { join } = nodeModule('node:path', 'imageSource');
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
  return {
    shape,
    count: files.length,
    id: identify('images', JSON.stringify(folderOptions), ...files, sizes.join()),
    files,
    classes,
    async *read({ key }) {
      const order = key.permutation(files.length);
      for (let start = 0; start < order.length; start += piece) {
        yield await read(order.subarray(start, start + piece));
      }
    },
  };
}
