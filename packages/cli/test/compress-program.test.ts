import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { waveNet } from '@dgm/arm';
import { factorizedEntropy, integerFlowCodec, neuralCompressor } from '@dgm/compress';
import {
  categoricalHead,
  DiscretizedLogistic,
  Independent,
  Key,
  mlp,
  Permutation,
  setup,
  Transformed,
} from '@dgm/core';
import { saveModel } from '@dgm/core/node';
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

  describe('with a model that saveModel wrote', () => {
    const tile = { shape: [4, 5], values: Int32Array.from({ length: 20 }, (_, at) => at % 3) };
    const examples = { shape: [2, 2, 2], values: Int32Array.of(0, 1, 2, 0, 2, 2, 1, 0) };

    beforeAll(async () => {
      const key = Key.of(0);
      const likelihood = categoricalHead({ shape: [], levels: 3 });
      const arm = waveNet({ shape: [2, 2], likelihood, hidden: 2, dilations: [1], key });
      await saveModel(arm, file('arm.dgm'));
      const lossy = neuralCompressor({
        eventShape: [6],
        encoder: mlp([6, 4], { key }),
        decoder: mlp([4, 6], { key }),
        entropyModel: factorizedEntropy({ size: 4, rates: 2 }),
        beta: [1, 0.01],
      });
      await saveModel(lossy, file('lossy.dgm'));
      await saveModel(mlp([2, 2], { key }), file('mlp.dgm'));
      for (const model of [arm, lossy]) model.dispose();
      await writeFile(file('tile.npy'), formatNpy(tile));
      await writeFile(file('examples.npy'), formatNpy(examples));
      await writeFile(file('real.npy'), formatNpy({ shape: [50, 6], values: Float32Array.from(values) }));
    });

    it('codes examples and an image of any size, with the model and with what is exported of it', async () => {
      await compress(['export', file('arm.dgm'), '-o', file('arm.model')]);
      for (const [name, array] of Object.entries({ tile, examples })) {
        const options = name === 'tile' ? ['--image'] : [];
        const { stdout } = await compress(['encode', file('arm.dgm'), file(`${name}.npy`), ...options]);
        for (const model of ['arm.dgm', 'arm.model']) {
          const decoded = await compress(['decode', '-', '--model', file(model)], stdout);
          expect(parseNpy(decoded.stdout)).toEqual(array);
        }
      }
      const command = ['encode', file('arm.dgm'), file('tile.npy'), '--image', '--include-model'];
      expect((await compress([...command, '-o', file('tile.dgmc')])).status).toBe(0);
      const text = (await compress(['inspect', file('tile.dgmc')])).stdout.toString();
      expect(text).toMatch(/^method {3}image\n(.*\n)*shape {4}\[4, 5\]\nbits .*\n +[\d.]+ a value\n/);
      const measured = await compress(['bench', file('arm.dgm'), file('tile.npy'), '--image']);
      expect(measured.stdout.toString()).toMatch(/^autoregressive/);
    });

    it('codes real numbers at the rate that is asked for', async () => {
      const facts = async (rate: string) => {
        const command = ['bench', file('lossy.dgm'), file('real.npy'), '--rate', rate, '--json'];
        return JSON.parse((await compress(command)).stdout.toString()) as Record<string, number>;
      };
      const [coarse, fine] = [await facts('0'), await facts('1')];
      expect(coarse['bitsPerExample']).toBeLessThan(fine['bitsPerExample']!);
      expect(coarse['meanSquaredError']).toBeGreaterThan(0);
      const command = ['encode', file('lossy.dgm'), file('real.npy'), '--rate', '1', '--include-model'];
      await compress([...command, '-o', file('real.dgmc')]);
      const decoded = parseNpy((await compress(['decode', file('real.dgmc')])).stdout);
      expect([decoded.shape, decoded.values.constructor]).toEqual([[50, 6], Float32Array]);
      const { stdout } = await compress(['inspect', file('real.dgmc')]);
      expect(stdout.toString()).toMatch(/^method {3}neural\n/);
      expect(stdout.toString()).not.toMatch(/brotli/);
    });

    it('runs as a program in a pipeline', async () => {
      const root = fileURLToPath(new URL('../../..', import.meta.url));
      const program = `node ${root}/node_modules/tsx/dist/cli.mjs --tsconfig ${root}/tsconfig.json`;
      const command = `${program} ${root}/packages/cli/src/compress-cli.ts decode -`;
      const { stdout, stderr } = spawnSync('sh', ['-c', `cat ${file('tile.dgmc')} | ${command} | cat`]);
      expect(parseNpy(stdout)).toEqual(tile);
      expect(stderr.toString()).toMatch(/decoded 6 of 6\n/);
    });

    it.each<[string, string[], number, RegExp]>([
      ['a rate of a lossless model', ['encode', 'arm.dgm', 'examples.npy', '--rate', '1'], 2, /rate/],
      ['a rate that there is not', ['encode', 'lossy.dgm', 'real.npy', '--rate', '2'], 2, /rate/],
      ['a rate that is no number', ['encode', 'lossy.dgm', 'real.npy', '--rate', 'x'], 2, /no number/],
      ['a model without a codec', ['encode', 'mlp.dgm', 'real.npy'], 1, /neural compressor/],
      ['one image without the option', ['encode', 'arm.dgm', 'tile.npy'], 1, /add --image/],
      ['an image of other axes', ['encode', 'arm.dgm', 'examples.npy', '--image'], 1, /\[height, width\]/],
      ['examples of another size', ['encode', 'lossy.dgm', 'examples.npy'], 1, /\[6\]/],
    ])('refuses %s', async (_what, [command, ...names], status, message) => {
      const argv = names.map((name) => (/\.(dgm|npy)$/.test(name) ? file(name) : name));
      const refused = await compress([command!, ...argv]);
      expect(refused.stderr).toMatch(message);
      expect(refused.status).toBe(status);
    });
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
