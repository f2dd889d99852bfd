import { DgmError, sizeOf, type Examples } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { decodeImage, parseCsv, parseIdx, parseNpy, parseTable, text } from '../src/index';
import { crc32 } from '../src/image/checksums';
import { parseTar } from '../src/cifar/tar';
import images from './golden/images.json';
import npyFiles from './golden/npy.json';
import tables from './golden/tables.json';
import { idx, tar } from './files';
import { mutator } from './mutate';

/** Damaged files per format; more of them with `DGM_FUZZ=10000`. */
const COUNT = Number(process.env['DGM_FUZZ'] ?? 100);
const SEED = Number(process.env['DGM_FUZZ_SEED'] ?? 1);

interface Format {
  readonly files: readonly Uint8Array[];
  /** Reads a damaged file and checks what comes out, if anything does. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>, original: Uint8Array) => unknown;
}

const decoded = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const encoded = (content: string) => new TextEncoder().encode(content);
const imagesOf = (kind: string) =>
  Object.entries(images)
    .filter(([name]) => name.startsWith(kind))
    .map(([, { file }]) => decoded(file));
const wholeImage = (bytes: Uint8Array) => {
  const image = decodeImage(bytes);
  expect(image.pixels).toHaveLength(3 * image.width * image.height);
  return image;
};
const wholeExamples = ({ count, shape, values, labels }: Examples) => {
  expect(values).toHaveLength(count * sizeOf(shape));
  if (labels) expect(labels).toHaveLength(count);
  expect(values.every(Number.isFinite)).toBe(true);
};
/** A damaged PNG whose chunks have the right checksums all the same, so that their content is looked at. */
const withChecksums = (bytes: Uint8Array<ArrayBuffer>) => {
  const view = new DataView(bytes.buffer);
  for (let start = 8; start + 12 <= bytes.length;) {
    const end = start + 8 + view.getUint32(start);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(start + 4, end)));
    start = end + 4;
  }
  return bytes;
};
const csvFiles = Object.values(tables).map((table) => encoded(table.text));

const formats: Readonly<Record<string, Format>> = {
  // Checksums cover all of a PNG but what follows its end: no damage is accepted.
  PNG: {
    files: imagesOf('png'),
    read: (bytes, original) => expect(wholeImage(bytes)).toEqual(decodeImage(original)),
  },
  'PNG with checksums of its damage': {
    files: imagesOf('png'),
    read: (bytes) => wholeImage(withChecksums(bytes)),
  },
  JPEG: { files: imagesOf('jpeg').filter((bytes) => bytes.length < 4000), read: wholeImage },
  NPY: {
    files: Object.values(npyFiles).map(({ base64 }) => decoded(base64)),
    read: (bytes) => {
      const { shape, values } = parseNpy(bytes);
      expect(values).toHaveLength(sizeOf(shape));
    },
  },
  IDX: {
    files: [idx([3, 2, 2], new Uint8Array(12)), idx([5], [1, 2, 3, 4, 5])],
    read: (bytes) => {
      const { shape, values } = parseIdx(bytes);
      expect(values).toHaveLength(sizeOf(shape));
    },
  },
  'numbers of CSV': {
    files: csvFiles,
    read: (bytes) => {
      const options = { columns: [-4, -2], label: -1, missing: 'drop' } as const;
      wholeExamples(parseCsv(new TextDecoder().decode(bytes), options));
    },
  },
  'tables of CSV': {
    files: csvFiles,
    read: (bytes) => {
      const { count, columns } = parseTable(new TextDecoder().decode(bytes));
      for (const column of columns) {
        expect(column.kind === 'text' ? column.codes : column.values).toHaveLength(count);
      }
    },
  },
  text: {
    files: [encoded('A text of some length, with 🙂 and ü in it. '.repeat(20))],
    read: async (bytes) => {
      const { train, levels, characters } = await text(new Blob([bytes]), { length: 8 });
      wholeExamples(train);
      expect(levels).toBe(characters.length);
    },
  },
  tar: {
    files: [tar({ a: new Uint8Array(600), b: new Uint8Array(3) })],
    read: (bytes) => {
      for (const content of parseTar(bytes, 'x.tar').values()) {
        expect(content.length).toBeLessThanOrEqual(bytes.length);
      }
    },
  },
};

describe.each(Object.entries(formats))('damaged files: %s', (_, { files, read }) => {
  it('are read as they are or refused with a typed error, within bounds of time and memory', async () => {
    const mutate = mutator(SEED);
    for (let index = 0; index < COUNT; index++) {
      const original = files[index % files.length]!;
      const bytes = mutate(original);
      const [start, buffers] = [performance.now(), process.memoryUsage().arrayBuffers];
      try {
        await read(bytes, original);
      } catch (error) {
        if (!DgmError.is(error)) {
          const input = Buffer.from(bytes).toString('base64');
          throw new Error(`seed ${SEED}, file ${index}: ${input}`, { cause: error });
        }
      }
      expect(process.memoryUsage().arrayBuffers - buffers).toBeLessThan(2 ** 26 + 20 * bytes.length);
      expect(performance.now() - start).toBeLessThan(5000);
    }
  }, 3_600_000);
});
