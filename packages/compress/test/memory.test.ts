import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeSafetensors } from '@dgm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { joined, readContainer, varint, writeContainer } from '../src/files/container';
import { encodeJpeg, imageCodec, readCodec } from '../src/index';
import { bundle } from './fixtures/bundle';
import { fixture } from './fixtures/read';

/** Reads a file in the process, and prints the error and by how much the most memory of the process grew, in MiB. */
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { decodeJpeg, imageCodec, readCodec } from './src/index.ts';
  const [kind, folder] = process.argv.slice(2);
  const read = (name) => Uint8Array.from(readFileSync(folder + '/' + name));
  const codec = readCodec(read('model'));
  codec.decode(read('sound'));
  const file = read(kind);
  const before = process.resourceUsage().maxRSS;
  let code = 'none';
  try {
    if (kind === 'jpeg') decodeJpeg(file);
    else if (kind === 'image') imageCodec(codec).decode(file);
    else if (kind === 'examples') codec.decode(file);
    else readCodec(file);
  } catch (error) {
    code = error.code;
  }
  console.log(JSON.stringify({ code, grew: (process.resourceUsage().maxRSS - before) / 1024 }));`;

const MEBI = 2 ** 20;
/** What the runtime takes for itself, in MiB: code, garbage. */
const SLACK = 48;
const wavenet = readCodec(fixture('wavenet-v1.model'));
let folder: string;

/** A program that makes 2048 x 2048 numbers out of a column and a row by an instruction. */
function model(instruction: object): Uint8Array {
  const shapes = [
    [2048, 1],
    [1, 2048],
    [2048, 2048],
  ];
  const program = {
    values: shapes.map((shape) => ({ shape, type: 'float32' })),
    ...{ instructions: [{ ...instruction, output: 2 }], inputs: {}, outputs: { logProb: 2 } },
    constants: { 0: 'constant/0', 1: 'constant/1' },
  };
  const constant = (shape: readonly number[]) =>
    ({ dtype: 'float32', shape, values: new Float32Array(2048) }) as const;
  return writeSafetensors({
    tensors: new Map([0, 1].map((at) => [`constant/${at}`, constant(shapes[at]!)])),
    metadata: {
      ...{ format: 'dgm.codec', version: '1', method: 'autoregressive', settings: '{}' },
      programs: JSON.stringify({ start: program, next: program }),
    },
  });
}

/** The MiB that each file declares, and the file. */
const files: Readonly<Record<string, { readonly declared: number; readonly make: () => Uint8Array }>> = {
  examples: {
    declared: (4 * 2 ** 28) / MEBI,
    make: () =>
      writeContainer({ ...readContainer(fixture('wavenet-v1.dgmc')), count: Math.floor(2 ** 28 / 9) }),
  },
  image: {
    declared: (4 * 12285 ** 2) / MEBI,
    make: () => {
      const outer = readContainer(imageCodec(wavenet).encode({ values: [0], shape: [1, 1] }));
      const inner = writeContainer({ ...readContainer(fixture('wavenet-v1.dgmc')), count: 4095 ** 2 });
      return writeContainer({ ...outer, message: joined([varint(12285), varint(12285), inner]) });
    },
  },
  jpeg: {
    declared: (3 * 8192 ** 2) / MEBI,
    make: () => {
      const file = encodeJpeg({ width: 8, height: 8, channels: 3, values: new Uint8Array(3 * 64) });
      // The frame: its marker, length and precision, and then height and width.
      const frame = file.findIndex((byte, at) => byte === 0xff && file[at + 1] === 0xc0);
      file.set([0x20, 0, 0x20, 0], frame + 5);
      return file;
    },
  },
  'a view': {
    declared: (2 * 8 * 2048 ** 2) / MEBI,
    make: () => model({ operation: { op: 'view', strides: [1, 0], offset: 0 }, inputs: [0] }),
  },
  'a choice': {
    declared: (2 * 8 * 2048 ** 2) / MEBI,
    make: () => model({ operation: { op: 'select' }, inputs: [0, 1, 0] }),
  },
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'dgm-memory-'));
  const write = (name: string, content: Uint8Array | string) =>
    writeFileSync(path.join(folder, name), content);
  write('program.cjs', await bundle(PROGRAM, 'node'));
  write('model', fixture('wavenet-v1.model'));
  write('sound', fixture('wavenet-v1.dgmc'));
  for (const [name, { make }] of Object.entries(files)) write(name, make());
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

it.each(Object.entries(files))(
  'a file that declares much is refused, within twice the memory of it: %s',
  (name, { declared }) => {
    const { stdout, stderr } = spawnSync('node', [path.join(folder, 'program.cjs'), name, folder]);
    expect(stderr.toString()).toBe('');
    const { code, grew } = JSON.parse(stdout.toString()) as { code: string; grew: number };
    expect(code).toBe('serialization');
    if (name.startsWith('a ')) expect(grew).toBeGreaterThan(declared / 2);
    expect(grew).toBeLessThan(2 * declared + SLACK);
  },
);
