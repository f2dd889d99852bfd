// Trains two small codecs of grey photographs and prints what they make of others, beside PNG, WebP, JPEG XL and JPEG:
//
//   apt-get download mate-backgrounds && dpkg -x mate-backgrounds_*.deb photos
//   apt-get install libjpeg-turbo-progs netpbm webp libjxl-tools
//   npx tsx --tsconfig ../../tsconfig.json scripts/photographs.ts photos/usr/share/backgrounds/mate/nature [seconds]
//
// Photographs are JPEG files, read in grey at a quarter of their size. Every fifth is measured, and the others train for the given
// seconds (120) without loss and for half as many with loss.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waveNet } from '@dgm/arm';
import { compiled } from '@dgm/compile';
import {
  autoregressiveCodec,
  bjontegaardRate,
  factorizedEntropy,
  hyperpriorEntropy,
  imageCodec,
  neuralCodec,
  neuralCompressor,
} from '@dgm/compress';
import type { ImageArray, RatePoint } from '@dgm/compress';
import { adam, asLayer, categoricalHead, fit, Key, mlp, Sequential, setup } from '@dgm/core';
import type { Engine } from '@dgm/core';
import { dataset, type Dataset } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { Parallel } from '../src/recipes/compress';

const TILE = 16;
const LEVELS = 256;

interface Photograph {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly values: Int32Array;
}

/** A portable grey map of 8 bits, or the green of a pixel map. */
function readPnm(bytes: Uint8Array, name: string): Photograph {
  const header = /^P([56])\s+(\d+)\s+(\d+)\s+255\s/.exec(
    Buffer.from(bytes.subarray(0, 40)).toString('latin1'),
  )!;
  const [width, height] = [Number(header[2]), Number(header[3])];
  const step = header[1] === '6' ? 3 : 1;
  const values = Int32Array.from(
    { length: width * height },
    (_, at) => bytes[header[0].length + at * step + (step === 3 ? 1 : 0)]!,
  );
  return { name, height, width, values };
}

const pgmOf = ({ height, width, values }: Photograph): Buffer =>
  Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), Uint8Array.from(values)]);

/** The predictor of JPEG-LS: the median of the pixel to the left, the one above, and left + above - above left. */
function predicted(values: ArrayLike<number>, width: number, at: number): number {
  const isFirstRow = at < width;
  if (at % width === 0) return isFirstRow ? LEVELS / 2 : values[at - width]!;
  if (isFirstRow) return values[at - 1]!;
  const [left, above, corner] = [values[at - 1]!, values[at - width]!, values[at - width - 1]!];
  return Math.max(Math.min(left, above), Math.min(Math.max(left, above), left + above - corner));
}

/** What each pixel is above its prediction, modulo 256, with 128 for none: as many bits, and simpler to learn. */
function residuals({ height, width, values }: Photograph): ImageArray<Int32Array> {
  const wrapped = values.map((value, at) => (value - predicted(values, width, at) + 384) % LEVELS);
  return { values: wrapped, shape: [height, width] };
}

/** The pixels of such residuals. */
function restored({ values, shape }: ImageArray): Int32Array {
  const pixels = new Int32Array(values.length);
  for (let at = 0; at < pixels.length; at++) {
    pixels[at] = (values[at]! + predicted(pixels, shape[1]!, at) + 128) % LEVELS;
  }
  return pixels;
}

/** Patches at steps of 8 pixels; every tenth for validation. */
function patchesOf(name: string, images: readonly ImageArray[]): Dataset {
  const parts: Record<'train' | 'validation', number[]> = { train: [], validation: [] };
  const counts = { train: 0, validation: 0 };
  let index = 0;
  for (const { values, shape } of images) {
    const [height, width] = shape as [number, number];
    for (let top = 0; top + TILE <= height; top += 8) {
      for (let left = 0; left + TILE <= width; left += 8) {
        const part = index++ % 10 === 0 ? 'validation' : 'train';
        counts[part]++;
        for (let row = top; row < top + TILE; row++) {
          for (let column = left; column < left + TILE; column++) {
            parts[part].push(values[row * width + column]!);
          }
        }
      }
    }
  }
  const examples = (part: 'train' | 'validation' | 'none') => ({
    values: Float32Array.from(part === 'none' ? [] : parts[part]),
    count: part === 'none' ? 0 : counts[part],
    shape: [TILE, TILE],
  });
  const [train, validation, test] = [examples('train'), examples('validation'), examples('none')];
  return dataset({ name, train, validation, test, levels: LEVELS });
}

interface Training {
  readonly key: Key;
  readonly engine: Engine;
  readonly seconds: number;
}

/** A lossless codec of residuals. */
async function trainLossless(photographs: readonly Photograph[], { key, engine, seconds }: Training) {
  const model = waveNet({
    shape: [TILE, TILE],
    likelihood: categoricalHead({ shape: [], levels: LEVELS }),
    encoding: 'one-hot',
    hidden: 32,
    // Two pixels to the left and two rows above, twice.
    dilations: [1, TILE, 1, TILE, 2, 2 * TILE],
    key: key.fold('model'),
  });
  const data = patchesOf('residuals', photographs.map(residuals));
  await fit(model, data, {
    ...{ key: key.fold('fit'), engine, batchSize: 32, epochs: 1000, maxSeconds: seconds },
    optimizer: adam({ learningRate: 3e-3 }),
    ema: { decay: 0.99 },
  });
  const codec = autoregressiveCodec(model, { rows: 64 });
  model.dispose();
  return codec;
}

/** What a nat of rate costs, in squared levels of grey per pixel. */
const BETAS = [8, 2.5, 0.8, 0.25];
const CODE = 64;
const SIDE = 8;

/** A lossy codec of pixels, by a hyperprior of means and scales. */
async function trainLossy(photographs: readonly Photograph[], { key, engine, seconds }: Training) {
  const size = TILE * TILE;
  const model = neuralCompressor({
    eventShape: [TILE, TILE],
    encoder: new Sequential([
      asLayer((x) => tf.sub(tf.div(tf.reshape(x, [-1, size]), LEVELS / 2), 1)),
      new Parallel(size, 128, CODE, key.fold('encoder')),
    ]),
    decoder: new Sequential([
      new Parallel(CODE, 128, size, key.fold('decoder')),
      asLayer((y) => tf.reshape(tf.mul(tf.add(y, 1), LEVELS / 2), [-1, TILE, TILE])),
    ]),
    entropyModel: hyperpriorEntropy({
      size: CODE,
      encoder: mlp([CODE, 64, SIDE], { key: key.fold('h_a'), activation: 'swish' }),
      decoder: mlp([SIDE, 64, 3 * CODE], { key: key.fold('h_s'), activation: 'swish' }),
      side: factorizedEntropy({ size: SIDE, rates: BETAS.length }),
    }),
    beta: BETAS,
    range: [0, LEVELS - 1],
  });
  const data = patchesOf(
    'photographs',
    photographs.map(({ height, width, values }) => ({ values, shape: [height, width] })),
  );
  await fit(model, data, {
    ...{ key: key.fold('fit'), engine, batchSize: 64, epochs: 1000, maxSeconds: seconds },
    optimizer: adam({ learningRate: 2e-3 }),
    ema: { decay: 0.99 },
  });
  const codec = neuralCodec(model, { rows: 64, reach: 128 });
  model.dispose();
  return codec;
}

const folder = mkdtempSync(path.join(tmpdir(), 'photographs-'));
const at = (name: string): string => path.join(folder, name);

/** The output of a program; undefined where it is not installed. */
function output(program: string, args: readonly string[]): Buffer | undefined {
  try {
    return execFileSync(program, args, { maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The bytes of a file that a program wrote. */
const written = (program: string, args: readonly string[], file: string): Uint8Array | undefined =>
  output(program, args) && readFileSync(at(file));

const losslessFormats: Readonly<Record<string, () => Uint8Array | undefined>> = {
  'PNG (pnmtopng -compression 9)': () => output('pnmtopng', ['-compression', '9', at('x.pgm')]),
  'WebP (cwebp -lossless -z 9)': () =>
    written('cwebp', ['-lossless', '-z', '9', at('x.pgm'), '-o', at('x.webp')], 'x.webp'),
  'JPEG XL (cjxl -d 0 -e 9)': () =>
    written('cjxl', [at('x.pgm'), at('x.jxl'), '-d', '0', '-e', '9'], 'x.jxl'),
};

type Lossy = (quality: number) => { readonly bytes: Uint8Array; readonly pnm: Uint8Array } | undefined;

const lossyFormats: Readonly<
  Record<string, { readonly qualities: readonly number[]; readonly code: Lossy }>
> = {
  'JPEG (cjpeg -optimize)': {
    qualities: [5, 10, 20, 35, 50, 70],
    code: (quality) => {
      const bytes = output('cjpeg', ['-optimize', '-quality', String(quality), at('x.pgm')]);
      if (bytes === undefined) return undefined;
      writeFileSync(at('x.jpg'), bytes);
      return { bytes, pnm: output('djpeg', ['-pnm', at('x.jpg')])! };
    },
  },
  'WebP (cwebp -m 6)': {
    qualities: [1, 10, 30, 50, 70, 85],
    code: (quality) => {
      const args = ['-m', '6', '-q', String(quality), at('x.pgm'), '-o', at('x.webp')];
      const bytes = written('cwebp', args, 'x.webp');
      return bytes && { bytes, pnm: written('dwebp', [at('x.webp'), '-ppm', '-o', at('x.ppm')], 'x.ppm')! };
    },
  },
  'JPEG XL (cjxl -e 7)': {
    qualities: [12, 8, 5, 3, 2, 1],
    code: (distance) => {
      const bytes = written('cjxl', [at('x.pgm'), at('x.jxl'), '-d', String(distance)], 'x.jxl');
      return bytes && { bytes, pnm: written('djxl', [at('x.jxl'), at('y.pgm')], 'y.pgm')! };
    },
  },
};

const error = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, index) => sum + (value - y[index]!) ** 2, 0);

/** Bits per pixel and PSNR of photographs together, at one setting. */
function measured(
  photographs: readonly Photograph[],
  code: (
    photograph: Photograph,
  ) => { readonly bytes: Uint8Array; readonly pixels: ArrayLike<number> } | undefined,
): RatePoint | undefined {
  let [bits, squares, pixels] = [0, 0, 0];
  for (const photograph of photographs) {
    writeFileSync(at('x.pgm'), pgmOf(photograph));
    const coded = code(photograph);
    if (coded === undefined) return undefined;
    bits += 8 * coded.bytes.length;
    squares += error(photograph.values, coded.pixels);
    pixels += photograph.values.length;
  }
  return { rate: bits / pixels, quality: 10 * Math.log10((LEVELS - 1) ** 2 / (squares / pixels)) };
}

const fixed = (value: number | undefined, digits: number): string =>
  value === undefined ? 'not installed' : value.toFixed(digits);

const [source, seconds = '120'] = process.argv.slice(2);
const all = readdirSync(source!)
  .filter((name) => name.endsWith('.jpg'))
  .sort()
  .map((name) => {
    const pnm = output('djpeg', ['-grayscale', '-scale', '1/4', '-pnm', path.join(source!, name)]);
    return readPnm(pnm!, name);
  });
const tests = all.filter((_, index) => index % 5 === 2);
const others = all.filter((_, index) => index % 5 !== 2);
console.log(`trained on ${others.map(({ name }) => name).join(', ')}`);
console.log(
  `measured on ${tests.map(({ name, width, height }) => `${name} (${width} x ${height})`).join(', ')}`,
);

await setup({ backend: 'cpu' });
const training: Training = { key: Key.of(0), engine: compiled(), seconds: Number(seconds) };

const lossless = await trainLossless(others, training);
const losslessImages = imageCodec(lossless);
console.log('\nlossless, bits per pixel');
for (const [name, code] of Object.entries(losslessFormats)) {
  const point = measured(tests, ({ values }) => {
    const bytes = code();
    return bytes && { bytes, pixels: values };
  });
  console.log(`${name}: ${fixed(point?.rate, 3)}`);
}
const started = performance.now();
const tiled = measured(tests, (photograph) => {
  const bytes = losslessImages.encode(residuals(photograph));
  return { bytes, pixels: restored(losslessImages.decode(bytes)) };
})!;
const took = (performance.now() - started) / 1000;
if (tiled.quality !== Infinity) throw new Error('other pixels came back');
console.log(
  `tiles of ${TILE} x ${TILE}, WaveNet of residuals: ${fixed(tiled.rate, 3)} (${took.toFixed(0)} s to encode and decode)`,
);
console.log(`the model takes ${lossless.toBytes().length} bytes, which are not counted`);

const lossy = await trainLossy(others, { ...training, seconds: Number(seconds) / 2 });
const lossyImages = imageCodec(lossy);
const curve: RatePoint[] = BETAS.map((_, rate) =>
  measured(tests, ({ values, height, width }) => {
    const bytes = lossyImages.encode({ values, shape: [height, width] }, { rate });
    return { bytes, pixels: lossyImages.decode(bytes).values };
  })!,
);
console.log('\nlossy, bits per pixel : PSNR in dB');
const listed = (points: readonly RatePoint[]): string =>
  points.map(({ rate, quality }) => `${rate.toFixed(3)} : ${quality.toFixed(2)}`).join(', ');
console.log(`tiles of ${TILE} x ${TILE}, hyperprior: ${listed(curve)}`);
for (const [name, { qualities, code }] of Object.entries(lossyFormats)) {
  const points = qualities.map((quality) =>
    measured(tests, (photograph) => {
      const coded = code(quality);
      return coded && { bytes: coded.bytes, pixels: readPnm(coded.pnm, photograph.name).values };
    }),
  );
  const made = points.filter((point) => point !== undefined);
  if (made.length < points.length) console.log(`${name}: not installed`);
  else {
    const delta = bjontegaardRate(made, curve);
    console.log(`${name}: ${listed(made)}; delta rate of the hyperprior: ${delta.toFixed(0)} %`);
  }
}
rmSync(folder, { recursive: true });
