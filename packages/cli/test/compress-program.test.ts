import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { brotliCompressSync } from 'node:zlib';
import { integerFlowCodec } from '@dgm/compress';
import { DiscretizedLogistic, Independent, Key, Permutation, setup, Transformed } from '@dgm/core';
import { formatNpy, parseNpy } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCompress } from '../src/compress-program';

let folder: string;
const file = (name: string) => path.join(folder, name);
const shape = [50, 2, 3];
const values = Int32Array.from({ length: 300 }, (_, index) => (index * index) % 4);

async function compress(argv: readonly string[], stdin: Uint8Array = new Uint8Array()) {
  const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        pieces[name].push(piece);
        done();
      },
    });
  const status = await runCompress(argv, {
    stdin: Readable.from([stdin]),
    stdout: into('stdout'),
    stderr: into('stderr'),
    onInterrupt: () => undefined,
  });
  return {
    status,
    stdout: Buffer.concat(pieces.stdout),
    stderr: Buffer.concat(pieces.stderr).toString(),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-compress-'));
  await setup({ backend: 'cpu' });
  const base = new Independent(new DiscretizedLogistic(1.5, 20, { shape: [2, 3] }), 2);
  const map = Permutation.reverse(3);
  const codec = integerFlowCodec({
    ...{ eventShape: [2, 3], levels: Infinity, contextSize: 0 },
    encode: (x) => map.inverseAndLogDet(x).z,
    decode: (z) => map.forwardAndLogDet(z).y,
    given: () => new Transformed(base, map),
  });
  await writeFile(file('m.model'), codec.toBytes());
  await writeFile(file('x.npy'), formatNpy({ shape, values }));
  await writeFile(file('y.npy'), formatNpy({ shape: [100, 3], values }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('dgm-compress', () => {
  it('encodes and decodes, with files and with streams', async () => {
    const encoded = await compress(['encode', file('m.model'), file('x.npy'), '-o', file('x.dgmc')]);
    expect([encoded.status, encoded.stderr]).toEqual([0, expect.stringMatching(/encoded 50 of 50\n$/)]);
    const bytes = await readFile(file('x.dgmc'));
    expect((await compress(['encode', file('m.model'), '-'], await readFile(file('x.npy')))).stdout).toEqual(
      bytes,
    );
    const decoded = await compress(['decode', '-', '--model', file('m.model')], bytes);
    expect(decoded.status).toBe(0);
    expect(parseNpy(decoded.stdout)).toEqual({ shape, values });
  });

  it('puts the model inside, and says from how many examples on that pays', async () => {
    const command = ['encode', file('m.model'), file('x.npy'), '--include-model', '-o', file('whole.dgmc')];
    expect((await compress(command)).status).toBe(0);
    expect((await compress(['decode', file('whole.dgmc'), '-o', file('again.npy')])).status).toBe(0);
    expect(parseNpy(await readFile(file('again.npy')))).toEqual({ shape, values });
    const { stdout } = await compress(['inspect', file('whole.dgmc'), '--json']);
    const facts = JSON.parse(stdout.toString()) as Record<string, number>;
    const modelBytes = (await readFile(file('m.model'))).length;
    expect(facts).toMatchObject({ method: 'integer-flow', examples: 50, isModelInside: true, modelBytes });
    // The values repeat: brotli is shorter.
    expect(facts['breakEven']).toBeNull();
    expect((await compress(['inspect', file('whole.dgmc')])).stdout.toString()).toMatch(/never pays/);
  });

  it('computes the number of examples that pay for the model', async () => {
    const draws = tf.tidy(() =>
      Key.of(0)
        .logistic([6 * 500])
        .dataSync(),
    );
    const noise = Int32Array.from(draws, (draw) => Math.round(1.5 + 20 * draw));
    await writeFile(file('noise.npy'), formatNpy({ shape: [500, 2, 3], values: noise }));
    await compress(['encode', file('m.model'), file('noise.npy'), '-o', file('noise.dgmc')]);
    const [bytes, model] = [await readFile(file('noise.dgmc')), await readFile(file('m.model'))];
    const saved = brotliCompressSync(new Uint8Array(noise.buffer)).length - bytes.length;
    const breakEven = Math.ceil(model.length / (saved / 500));
    expect(saved).toBeGreaterThan(0);
    const { stdout } = await compress(['inspect', file('noise.dgmc'), '-m', file('m.model')]);
    expect(stdout.toString()).toMatch(
      new RegExp(`The model of ${model.length} bytes pays from ${breakEven} examples on`),
    );
    expect((await compress(['inspect', file('noise.dgmc')])).stdout.toString()).toMatch(/^examples 500$/m);
  });

  it('measures a model beside general compressors', async () => {
    const { status, stdout } = await compress(['bench', file('m.model'), file('x.npy'), '--json']);
    const facts = JSON.parse(stdout.toString()) as Record<string, number>;
    await compress(['encode', file('m.model'), file('x.npy'), '-o', file('x.dgmc')]);
    const bits = (8 * (await readFile(file('x.dgmc'))).length) / 50;
    expect([status, facts['bitsPerExample'], facts['examples']]).toEqual([0, bits, 50]);
    expect(facts['brotli']).toBe((8 * brotliCompressSync(Uint8Array.from(values)).length) / 50);
    for (const name of ['encodedPerSecond', 'decodedPerSecond', 'gzip']) {
      expect(facts[name]).toBeGreaterThan(0);
    }
    const text = await compress(['bench', file('m.model'), file('x.npy')]);
    expect(text.stdout.toString()).toMatch(/^integer-flow, .* bytes +[\d.]+ bits an example\ngzip -9 /);
  });

  it.each<[string, () => string[], number, RegExp]>([
    ['a misspelt command', () => ['enocde'], 2, /Did you mean encode/],
    ['no array', () => ['encode', file('m.model')], 2, /missing required argument/],
    ['a file without its model', () => ['decode', file('x.dgmc')], 2, /--model/],
    ['a file that there is not', () => ['inspect', file('nowhere')], 1, /nowhere/],
    ['a model that is none', () => ['encode', file('x.npy'), file('x.npy')], 1, /dgm-compress: /],
    ['examples of another shape', () => ['encode', file('m.model'), file('y.npy')], 1, /\[2, 3\]/],
    ['a file that is none', () => ['decode', file('x.npy'), '-m', file('m.model')], 1, /DGMC/],
  ])('refuses %s', async (_what, argv, status, message) => {
    await compress(['encode', file('m.model'), file('x.npy'), '-o', file('x.dgmc')]);
    const refused = await compress(argv());
    expect(refused.stderr).toMatch(message);
    expect(refused.status).toBe(status);
  });

  it('helps', async () => {
    const { status, stdout } = await compress(['--help']);
    expect([status, stdout.toString()]).toEqual([0, expect.stringMatching(/Examples:/)]);
  });
});
