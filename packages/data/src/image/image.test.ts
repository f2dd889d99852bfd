import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/images.json';
import { temporaryFolder } from '../../test/files';
import { crc32 } from './checksums';
import { decodeImage } from './decode-image';
import { imageDataset } from './image-dataset';
import { imageFolder } from './image-folder';
import { imageGrid, savePng } from './image-grid';
import { encodePng } from './png';
import { resize } from './resize';

/** A file of images.json and the pixels that Pillow reads from it. */
interface Golden {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: string;
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const fileOf = (name: keyof typeof golden) => bytesOf(golden[name].file);
const valid = Object.entries(golden).filter((entry): entry is [string, Golden] => 'pixels' in entry[1]);

const rgb = (width: number, height: number, colour: readonly number[]) => {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => colour[index % 3]!);
  return encodePng({ width, height, data, channels: 3 });
};
const pngChunk = (type: string, content: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};
/** A grey PNG of 8 bits with these bytes of pixel data, whatever its size. */
const greyPng = (
  width: number,
  height: number,
  lines: Uint8Array,
  before: Uint8Array = new Uint8Array(0),
) => {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = [pngChunk('IHDR', header), before, pngChunk('IDAT', deflateSync(lines))];
  return new Uint8Array(Buffer.concat([signature, ...chunks, pngChunk('IEND', new Uint8Array(0))]));
};
/** The first channel of a PNG's pixels. */
const decode = (png: Uint8Array) => {
  const { width, height, pixels } = decodeImage(png);
  return { width, height, data: pixels.filter((_, index) => index % 3 === 0) };
};

describe('imageGrid', () => {
  it('puts images side by side, row by row, each pixel a square', () => {
    const values = [0, 16, 8, 4, 16, 16, 16, 16, 0, 0, 0, 0];
    const png = decode(
      imageGrid({ shape: [4], values }, { columns: 2, scale: 2, padding: 1, range: [0, 16] }),
    );
    expect([png.width, png.height]).toEqual([1 + 2 * (4 + 1), 1 + 2 * (4 + 1)]);
    const at = (x: number, y: number) => png.data[y * png.width + x];
    expect([at(0, 0), at(1, 1), at(2, 2), at(3, 1), at(4, 2), at(1, 3), at(3, 3)]).toEqual([
      128, 0, 0, 255, 255, 128, 64,
    ]);
    expect([at(6, 1), at(9, 4), at(1, 6), at(6, 6)]).toEqual([255, 255, 0, 128]);
  });

  it('draws in colour', () => {
    const images = { shape: [1, 1, 3], values: [0, 128, 255] };
    const { pixels } = decodeImage(imageGrid(images, { scale: 1, padding: 0, range: [0, 255] }));
    expect([...pixels]).toEqual([0, 128, 255]);
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

  it('is about square by default', () => {
    const png = decode(imageGrid({ shape: [1, 1], values: new Float32Array(10) }, { scale: 1, padding: 0 }));
    expect([png.width, png.height]).toEqual([4, 3]);
  });

  it('takes a tensor, and gives bytes that a Blob takes', () => {
    const tensor = tf.tensor4d([0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2, 1]);
    const png = imageGrid(tensor);
    expect(png).toEqual(imageGrid({ shape: [2, 2], values: [0, 1, 2, 3, 4, 5, 6, 7] }));
    expect(new Blob([png]).size).toBe(png.length);
    expect(imageGrid(tf.reshape(tensor, [2, 4]))).toEqual(png);
    expect(() => imageGrid(tf.scalar(1))).toThrow('a tensor has the number of images first');
  });

  it('refuses what is no image', () => {
    expect(() => imageGrid({ shape: [1], values: [0] }, { scale: 2 ** 20 })).toThrow('at most 2^28 pixels');
    expect(() => imageGrid({ shape: [1], values: [0] }, { column: 2 } as object)).toThrow(
      'did you mean "columns"',
    );
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
  it.each(valid)('reads the pixels that Pillow reads: %s', (_, { file, width, height, pixels }) => {
    const image = decodeImage(bytesOf(file));
    expect([image.width, image.height]).toEqual([width, height]);
    expect(Buffer.from(image.pixels).equals(bytesOf(pixels))).toBe(true);
  });

  it.each([
    [
      'jpeg with arithmetic coding',
      'to be baseline or progressive with Huffman codes, got a frame of type 9',
    ],
    ['jpeg without its last bytes', 'to have data for all its pixels, got data that are cut short'],
    ['jpeg without EOI', 'to have a marker after its data'],
  ] as const)('refuses %s', (name, message) => {
    expect(() => decodeImage(fileOf(name), { name: 'x.jpg' })).toThrow(
      `decodeImage: expected x.jpg ${message}`,
    );
  });

  it('refuses every PNG that is cut short or has a changed bit', () => {
    const png = fileOf('png colour type 3, 4 bits, interlaced');
    for (let length = 8; length < png.length; length++) {
      expect(() => decodeImage(png.subarray(0, length))).toThrow('decodeImage: expected image');
    }
    for (let index = 0; index < png.length; index++) {
      const damaged = png.slice();
      damaged[index]! ^= 1 << (index % 8);
      expect(() => decodeImage(damaged)).toThrow('decodeImage: expected image');
    }
  });

  it.each([
    ['no pixel', 0, 1, 'to have at least one pixel, got 0 x 1 pixels'],
    [
      'more pixels than its data can hold',
      2 ** 31 - 1,
      1,
      'pixels, as its data can hold, got 2147483647 x 1',
    ],
    ['missing rows', 3, 9, 'to have 36 bytes of pixel data, got 8'],
    ['extra data', 3, 1, 'to have 4 bytes of pixel data, got more'],
  ])('refuses a PNG of %s', (_, width, height, message) => {
    const png = greyPng(width, height, Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6));
    expect(() => decodeImage(png)).toThrow(message);
  });

  it('refuses a PNG with filters, colours or chunks that there are not', () => {
    expect(() => decodeImage(greyPng(1, 1, Uint8Array.of(5, 0)))).toThrow('filters from 0 to 4, got 5');
    const critical = greyPng(1, 1, Uint8Array.of(0, 0), pngChunk('ABCD', new Uint8Array(3)));
    expect(() => decodeImage(critical)).toThrow(
      'critical chunk besides those of the specification, got ABCD',
    );
    const transparency = greyPng(1, 1, Uint8Array.of(0, 0), pngChunk('tRNS', new Uint8Array(3)));
    expect(() => decodeImage(transparency)).toThrow('transparency that fits its colour type, got 3 bytes');
  });

  it('refuses a JPEG whose header promises more pixels than its data can hold', () => {
    const file = fileOf('jpeg in grey');
    const at = file.findIndex((byte, index) => byte === 0xff && file[index + 1] === 0xc0);
    file.set([0xff, 0xff, 0xff, 0xff], at + 5);
    expect(() => decodeImage(file)).toThrow('pixels, as its data can hold, got 65535 x 65535');
    file.set([0, 0], at + 5);
    expect(() => decodeImage(file)).toThrow('to have at least one pixel');
  });

  it('keeps to a limit of pixels', () => {
    const png = rgb(8, 8, [1, 2, 3]);
    expect(decodeImage(png, { maxPixels: 64 }).width).toBe(8);
    expect(() => decodeImage(png, { name: 'a.png', maxPixels: 63 })).toThrow(
      'expected a.png to have at most 63 pixels, got 8 x 8 pixels; raise maxPixels',
    );
    expect(() => decodeImage(png, { maxPixels: 0 })).toThrow(
      'expected maxPixels to be an integer of at least 1',
    );
  });

  it('says that other bytes are neither PNG nor JPEG', () => {
    expect(() => decodeImage(Uint8Array.of(1, 2, 3), { name: 'd.png' })).toThrow(
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
    await writeFile(join(folder, 'red', 'deep', 'a.jpeg'), fileOf('jpeg in RGB'));
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
    const data = await imageDataset(folder, {
      size: [2, 2],
      classesFromFolders: true,
      heldOut: { validation: 0, test: 1 / 3 },
    });
    expect([data.train.count, data.test.count, data.levels, data.classes]).toEqual([
      2,
      1,
      256,
      ['blue', 'red'],
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
    await expect(imageFolder(join(root.path, 'classes'), { size: [1e6, 1e6] })).rejects.toThrow(
      'expected size to give at most 2147483647 bytes for 3 images',
    );
    await expect(imageFolder(root.path, { size: [0, 2] })).rejects.toThrow(
      'expected size to be an integer of at least 1, got 0',
    );
  });
});

describe('savePng', () => {
  const root = temporaryFolder();

  it('writes what imageGrid draws', async () => {
    const path = join(root.path, 'grid.png');
    const images = { shape: [2], values: [0, 1] };
    await expect(savePng(path, images)).rejects.toThrow('images.shape');
    await savePng(path, { shape: [1, 2], values: [0, 1] });
    expect(new Uint8Array(await readFile(path))).toEqual(imageGrid({ shape: [1, 2], values: [0, 1] }));
  });
});
