import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/files';
import { decodeImage } from './decode-image';
import { imageFolder } from './image-folder';
import { imageGrid } from './image-grid';
import { resize } from './resize';

const rgb = (width: number, height: number, colour: readonly number[]) => {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => colour[index % 3]!);
  return encode({ width, height, data, channels: 3 });
};
const jpg = (width: number, height: number, colour: readonly number[]) => {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, index) => [...colour, 255][index % 4]!);
  return new Uint8Array(jpeg.encode({ width, height, data }, 100).data);
};

const PALETTE_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABAQMAAADO7O3JAAAABlBMVEUJCAcBAgOFMsJwAAAACklEQVR4nGNwAAAAQgBBKTf07wAAAABJRU5ErkJggg==';

describe('imageGrid', () => {
  it('puts images side by side, row by row, each pixel a square', () => {
    const values = [0, 16, 8, 4, 16, 16, 16, 16, 0, 0, 0, 0];
    const png = decode(
      imageGrid({ shape: [4], values }, { columns: 2, scale: 2, padding: 1, range: [0, 16] }),
    );
    expect([png.width, png.height, png.channels]).toEqual([1 + 2 * (4 + 1), 1 + 2 * (4 + 1), 1]);
    const at = (x: number, y: number) => png.data[y * png.width + x];
    expect([at(0, 0), at(1, 1), at(2, 2), at(3, 1), at(4, 2), at(1, 3), at(3, 3)]).toEqual([
      128, 0, 0, 255, 255, 128, 64,
    ]);
    expect([at(6, 1), at(9, 4), at(1, 6), at(6, 6)]).toEqual([255, 255, 0, 128]);
  });

  it('draws in colour', () => {
    const png = decode(
      imageGrid({ shape: [1, 1, 3], values: [0, 128, 255] }, { scale: 1, padding: 0, range: [0, 255] }),
    );
    expect([png.channels, ...png.data]).toEqual([3, 0, 128, 255]);
  });

  it('takes the range from the values, upside down if told so, and cuts off the rest', () => {
    const pixels = (range?: readonly [number, number]) =>
      Array.from(
        decode(
          imageGrid({ shape: [1, 3], values: [-1, 0, 1] }, { scale: 1, padding: 0, ...(range && { range }) }),
        ).data,
      );
    expect(pixels()).toEqual([0, 128, 255]);
    expect(pixels([1, -1])).toEqual([255, 128, 0]);
    expect(pixels([0, 0.5])).toEqual([0, 0, 255]);
  });

  it('is about square unless told otherwise', () => {
    const png = decode(imageGrid({ shape: [1, 1], values: new Float32Array(10) }, { scale: 1, padding: 0 }));
    expect([png.width, png.height]).toEqual([4, 3]);
  });

  it('refuses what is no image', () => {
    expect(() => imageGrid({ shape: [5], values: [1, 2, 3, 4, 5] })).toThrow(
      'expected images.shape [height, width]',
    );
    expect(() => imageGrid({ shape: [2, 2, 2], values: new Uint8Array(8) })).toThrow('got [2, 2, 2]');
    expect(() => imageGrid({ shape: [4], values: [1, 2, 3] })).toThrow(
      'to hold whole images of 4 values, got 3 values',
    );
    expect(() => imageGrid({ shape: [4], values: [] })).toThrow('to hold an image, got none');
    expect(() => imageGrid({ shape: [1], values: [0, NaN] })).toThrow('to be finite, got NaN at image 1');
    expect(() => imageGrid({ shape: [1], values: [0] }, { scale: 0 })).toThrow(
      'expected scale to be an integer of at least 1',
    );
    expect(() => imageGrid({ shape: [1], values: [0] }, { columns: 1.5 })).toThrow('expected columns');
    expect(() => imageGrid({ shape: [1], values: [0] }, { padding: -1 })).toThrow('expected padding');
  });
});

describe('decodeImage', () => {
  it.each([
    ['RGB', { channels: 3, data: Uint8Array.of(10, 20, 30) }, [10, 20, 30]],
    ['grey', { channels: 1, data: Uint8Array.of(77) }, [77, 77, 77]],
    ['grey of 16 bits', { channels: 1, depth: 16, data: Uint16Array.of(65535) }, [255, 255, 255]],
    ['RGB and alpha', { channels: 4, data: Uint8Array.of(100, 200, 50, 51) }, [20, 40, 10]],
    ['grey and alpha', { channels: 2, data: Uint8Array.of(100, 0) }, [0, 0, 0]],
  ] as const)('reads PNG in %s', (_, image, expected) => {
    const { width, height, pixels } = decodeImage(encode({ width: 1, height: 1, ...image }));
    expect([width, height, Array.from(pixels)]).toEqual([1, 1, expected]);
  });

  it('reads PNG with a palette and few bits', () => {
    // 2x1 pixels of one bit, colours (9, 8, 7) and (1, 2, 3), made by hand with zlib.
    const bytes = Buffer.from(PALETTE_PNG, 'base64');
    expect(Array.from(decodeImage(bytes).pixels)).toEqual([9, 8, 7, 1, 2, 3]);
  });

  it('reads JPEG', () => {
    const { width, height, pixels } = decodeImage(jpg(10, 6, [200, 100, 50]));
    expect([width, height, pixels.length]).toEqual([10, 6, 180]);
    [200, 100, 50].forEach((value, colour) =>
      expect(Math.abs(pixels[colour]! - value)).toBeLessThanOrEqual(3),
    );
  });

  it('refuses damaged files and names them', () => {
    const png = rgb(8, 8, [1, 2, 3]);
    expect(() => decodeImage(png.subarray(0, 50), 'a.png')).toThrow('expected a.png to be a whole PNG file');
    const flipped = png.slice();
    flipped[flipped.length - 20]! ^= 1;
    expect(() => decodeImage(flipped, 'b.png')).toThrow('expected b.png to be a whole PNG file');
    expect(() => decodeImage(jpg(16, 16, [1, 2, 3]).subarray(0, 300), 'c.jpg')).toThrow(
      'expected c.jpg to be a whole JPEG',
    );
    expect(() => decodeImage(Uint8Array.of(1, 2, 3), 'd.png')).toThrow(
      'expected d.png to be a PNG or JPEG file',
    );
  });
});

describe('resize', () => {
  const image = { width: 3, height: 1, pixels: Uint8Array.of(0, 0, 0, 30, 30, 30, 90, 90, 90) };
  const reds = (newWidth: number) =>
    Array.from(resize(image, [1, newWidth]).pixels).filter((_, index) => index % 3 === 0);

  it('takes the mean of the area', () => {
    expect(reds(1)).toEqual([40]);
    expect(reds(2)).toEqual([10, 70]);
    expect(reds(6)).toEqual([0, 0, 30, 30, 90, 90]);
  });

  it('leaves an image of the right size alone', () => {
    expect(resize(image, [1, 3])).toEqual(image);
  });
});

describe('imageFolder', () => {
  const root = temporaryFolder();

  it('reads images with their classes, in alphabetical order', async () => {
    const folder = join(root.path, 'classes');
    await mkdir(join(folder, 'red', 'deep'), { recursive: true });
    await mkdir(join(folder, 'blue'));
    await writeFile(join(folder, 'red', 'b.PNG'), rgb(3, 5, [255, 0, 0]));
    await writeFile(join(folder, 'red', 'deep', 'a.jpeg'), jpg(16, 16, [255, 0, 0]));
    await writeFile(join(folder, 'blue', 'z.png'), rgb(2, 2, [0, 0, 255]));
    await writeFile(join(folder, 'blue', 'notes.txt'), 'no image');
    const found = await imageFolder(folder, { size: [2, 4], classesFromFolders: true });
    expect(found.files).toEqual(['blue/z.png', 'red/b.PNG', 'red/deep/a.jpeg']);
    expect(found.classes).toEqual(['blue', 'red']);
    expect(found.labels).toEqual(Int32Array.of(0, 1, 1));
    expect([found.count, found.shape, found.values.length]).toEqual([3, [2, 4, 3], 3 * 24]);
    expect(Array.from(found.values.slice(0, 3))).toEqual([0, 0, 255]);
    const greyed = await imageFolder(folder, { size: [1, 1], channels: 1 });
    expect([greyed.shape, greyed.labels, greyed.values[0], greyed.values[1]]).toEqual([
      [1, 1, 1],
      undefined,
      29,
      76,
    ]);
  });

  it('names the file that cannot be read', async () => {
    const folder = join(root.path, 'bad');
    await mkdir(folder);
    await writeFile(join(folder, 'good.png'), rgb(2, 2, [1, 2, 3]));
    await writeFile(join(folder, 'bad.png'), 'no image');
    const path = join(folder, 'bad.png');
    await expect(imageFolder(folder, { size: [2, 2] })).rejects.toMatchObject({
      code: 'serialization',
      argument: path,
    });
    await expect(imageFolder(folder, { size: [2, 2], classesFromFolders: true })).rejects.toThrow(
      'bad.png in none',
    );
  });

  it('refuses folders without images and sizes that are none', async () => {
    await expect(imageFolder(join(root.path, 'absent'), { size: [2, 2] })).rejects.toThrow(
      /absent to be a folder with PNG/,
    );
    await mkdir(join(root.path, 'empty'));
    await expect(imageFolder(join(root.path, 'empty'), { size: [2, 2] })).rejects.toThrow(
      'JPEG files, got none',
    );
    await expect(imageFolder(root.path, { size: [0, 2] })).rejects.toThrow(
      'expected size to be [height, width]',
    );
  });
});
