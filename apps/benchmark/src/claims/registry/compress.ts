import {
  autoregressiveCodec,
  bitsBackCodec,
  bjontegaardRate,
  decodeJpeg,
  encodeJpeg,
  FrequencyTable,
  integerFlowCodec,
  ransDecode,
  ransEncode,
  type Codec,
  type IntegerFlowModel,
  type LatentModel,
  type RatePoint,
} from '@dgm/compress';
import {
  evaluate,
  NumericalError,
  type ConditionalLoopModel,
  type Dataset,
  type Examples,
  type GenerativeModel,
  type LikelihoodModel,
} from '@dgm/core';
import type { Claim, ClaimContext, Measured } from '../claim';
import { overSeeds, withTrained } from '../trained';
import { principalComponentCoding, type RateDistortionPoint } from '../transform-coding';

const dataset = 'digits';

/** A million symbols of a distribution over 256, the same on every machine. */
const COUNT = 1_000_000;

function million(): { readonly symbols: Uint8Array; readonly table: FrequencyTable } {
  const table = FrequencyTable.of(Array.from({ length: 256 }, (_, symbol) => 0.97 ** symbol));
  let state = 1;
  const symbols = Uint8Array.from({ length: COUNT }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return table.find(state >>> 16);
  });
  return { symbols, table };
}

const exactly = (value: number): Measured => ({ value, standardError: null });

/** The least time of several runs, per symbol: others were interrupted. */
function nanoseconds(act: () => unknown): number {
  let least = Infinity;
  for (let run = 0; run < 10; run++) {
    const started = performance.now();
    act();
    least = Math.min(least, performance.now() - started);
  }
  return (1e6 * least) / COUNT;
}

function overhead(): Measured {
  const { symbols, table } = million();
  const bits = symbols.reduce((sum, symbol) => sum - Math.log2(table.frequency(symbol) / table.total), 0);
  return exactly(100 * ((8 * ransEncode(symbols, table).length) / bits - 1));
}

/** Bytes of one file of all examples, which has to decode to what went in. */
function fileBytes(codec: Codec, { values }: Examples): number {
  const file = codec.encode(values);
  if (codec.decode(file).values.some((value, index) => value !== values[index])) {
    throw new NumericalError({
      where: 'compress',
      expected: 'the images that were encoded',
      actual: 'others',
    });
  }
  return file.length;
}

/** Bits per image of one file of all test images. */
async function bitsOfFile(context: ClaimContext): Promise<Measured> {
  const data: Dataset = await context.dataset(dataset);
  const recipe = await context.recipe('arm-wavenet');
  return withTrained({ recipe, dataset: data, seed: context.seeds[0]! }, context, ({ model }) => {
    const codec = autoregressiveCodec(model as unknown as ConditionalLoopModel);
    return exactly((8 * fileBytes(codec, data.test)) / data.test.count);
  });
}

/** How much longer than the model's nats say one file of all test images is, in percent: the mean over the seeds. */
async function gap(
  name: string,
  makeCodec: (model: GenerativeModel) => Codec,
  context: ClaimContext,
): Promise<Measured> {
  const data: Dataset = await context.dataset(dataset);
  const recipe = await context.recipe(name);
  const gaps: number[] = [];
  for (const seed of context.seeds) {
    await withTrained({ recipe, dataset: data, seed }, context, async ({ model }, key) => {
      const { nats } = await evaluate(model as unknown as LikelihoodModel, data.test, {
        ...{ key, numSamples: DRAWS, engine: context.engine.engine },
      });
      const bits = (nats / Math.LN2) * data.test.count;
      gaps.push(100 * ((8 * fileBytes(makeCodec(model), data.test)) / bits - 1));
    });
  }
  return overSeeds(gaps);
}

/** Rate and distortion of true files of the test digits by the neural compressor, for each seed. */
function neuralCurves(context: ClaimContext): Promise<readonly (readonly RateDistortionPoint[])[]> {
  return (curves ??= trainedCurves(context));
}
let curves: Promise<readonly (readonly RateDistortionPoint[])[]> | undefined;

async function trainedCurves(context: ClaimContext): Promise<readonly (readonly RateDistortionPoint[])[]> {
  const data: Dataset = await context.dataset(dataset);
  const recipe = await context.recipe('neural-compressor');
  const all: (readonly RateDistortionPoint[])[] = [];
  for (const seed of context.seeds) {
    await withTrained({ recipe, dataset: data, seed }, context, async ({ measure }, key) => {
      const measured = await measure!(data.test, { key, engine: context.engine.engine });
      all.push(measured.curves![0]!.points);
    });
  }
  return all;
}

const LEVELS = 17;

/** Bjontegaard's delta rate of the neural compressor to another codec of the digits: the mean over the seeds. */
async function deltaRate(
  anchorOf: (data: Dataset) => readonly RateDistortionPoint[],
  context: ClaimContext,
): Promise<Measured> {
  const decibels = (points: readonly RateDistortionPoint[]): RatePoint[] =>
    points.map(([rate, error]) => ({ rate, quality: 10 * Math.log10((LEVELS - 1) ** 2 / error) }));
  const anchor = decibels(anchorOf(await context.dataset(dataset)));
  const all = await neuralCurves(context);
  return overSeeds(all.map((points) => bjontegaardRate(anchor, decibels(points))));
}

/** Principal components with a uniform step, from 5 to 60 bits per image. */
const byPrincipalComponents = ({ train, test }: Dataset): readonly RateDistortionPoint[] =>
  principalComponentCoding(train, test, {
    steps: [6.5, 8, 10, 12, 14, 16, 18, 20, 24, 28, 31],
    range: [0, LEVELS - 1],
  });

const MOSAIC_COLUMNS = 21;
const SIDE = 8;

/** JPEG files of all images side by side, which shares one header among them. */
function byJpeg({ test: { values, count } }: Dataset): readonly RateDistortionPoint[] {
  const width = SIDE * MOSAIC_COLUMNS;
  const height = SIDE * Math.ceil(count / MOSAIC_COLUMNS);
  const mosaic = new Uint8Array(width * height);
  /** Where an entry of an image lies in the mosaic. */
  const place = (at: number): number => {
    const [image, pixel] = [Math.floor(at / SIDE ** 2), at % SIDE ** 2];
    const row = SIDE * Math.floor(image / MOSAIC_COLUMNS) + Math.floor(pixel / SIDE);
    return row * width + SIDE * (image % MOSAIC_COLUMNS) + (pixel % SIDE);
  };
  const scale = 255 / (LEVELS - 1);
  values.forEach((value, at) => {
    mosaic[place(at)] = Math.round(scale * value);
  });
  return [1, 5, 10, 15, 20, 30, 40].map((quality) => {
    const file = encodeJpeg({ width, height, channels: 1, values: mosaic }, { quality });
    const decoded = decodeJpeg(file).values;
    let error = 0;
    values.forEach((value, at) => {
      error += (decoded[place(at)]! / scale - value) ** 2;
    });
    return [(8 * file.length) / count, error / values.length];
  });
}

/**
 * How many more bits than minus its bound says an image takes in a file of all test images, in percent. The first image is left out:
 * its draws take bits that the file starts with, and that no later image pays.
 */
async function gapAfterFirst(name: string, context: ClaimContext): Promise<Measured> {
  const data: Dataset = await context.dataset(dataset);
  const recipe = await context.recipe(name);
  const { test } = data;
  const gaps: number[] = [];
  for (const seed of context.seeds) {
    await withTrained({ recipe, dataset: data, seed }, context, async ({ model }, key) => {
      const { nats } = await evaluate(model as unknown as LikelihoodModel, test, {
        ...{ key, numSamples: DRAWS, engine: context.engine.engine },
      });
      const codec = bitsBackCodec(model as unknown as LatentModel);
      const first = codec.encode(test.values.slice(0, test.values.length / test.count)).length;
      const bits = (8 * (fileBytes(codec, test) - first)) / (test.count - 1);
      gaps.push(100 * (bits / (nats / Math.LN2) - 1));
    });
  }
  return overSeeds(gaps);
}

/** Draws per example of a bound that a file is held against. */
const DRAWS = 64;

export const claims: readonly Claim[] = [
  {
    name: 'compress.digits.wavenet-bits',
    what: 'size of one lossless file of the test digits by the WaveNet, decoded and compared',
    unit: 'bits per image',
    bound: { atMost: 116 },
    seeds: [0],
    minutes: 3,
    requires: { dataset },
    measure: bitsOfFile,
  },
  {
    name: 'compress.bb-ans.gap-vae',
    what: 'size of one lossless file of the test digits by the VAE and bits-back coding, above minus the ELBO',
    unit: '%',
    bound: { atMost: 1 },
    seeds: [0, 1, 2],
    minutes: 2,
    requires: { dataset },
    measure: (context) => gap('vae', (model) => bitsBackCodec(model as unknown as LatentModel), context),
  },
  {
    name: 'compress.bb-ans.gap-iaf',
    what: 'bits of a test image after the first in a file by the VAE with an IAF posterior, above minus the ELBO',
    unit: '%',
    bound: { atMost: 1 },
    seeds: [0],
    minutes: 7,
    requires: { dataset },
    measure: (context) => gapAfterFirst('vae-iaf-standard', context),
  },
  {
    name: 'compress.bit-swap.gap',
    what: 'bits of a test image after the first in a file by the top-down VAE of two levels, above minus the ELBO',
    unit: '%',
    bound: { atMost: 1 },
    seeds: [0],
    minutes: 2,
    requires: { dataset },
    measure: (context) => gapAfterFirst('vae-top-down', context),
  },
  {
    name: 'compress.idf.gap',
    what: 'size of one lossless file of the test digits by an integer flow, above minus the log-likelihood',
    unit: '%',
    bound: { atMost: 0.5 },
    seeds: [0, 1, 2],
    minutes: 3,
    requires: { dataset },
    measure: (context) =>
      gap('idf', (model) => integerFlowCodec(model as unknown as IntegerFlowModel), context),
  },
  {
    name: 'compress.lossy.bd-rate-pca',
    what: 'rate of lossy files of the test digits, against principal components with scalar quantization, at equal error',
    unit: '%',
    bound: { atMost: -10 },
    seeds: [0, 1, 2],
    minutes: 6,
    requires: { dataset },
    measure: (context) => deltaRate(byPrincipalComponents, context),
  },
  {
    name: 'compress.lossy.bd-rate-jpeg',
    what: 'rate of lossy files of the test digits, against JPEG, at equal error',
    unit: '%',
    bound: { atMost: -60 },
    seeds: [0, 1, 2],
    minutes: 6,
    requires: { dataset },
    measure: (context) => deltaRate(byJpeg, context),
  },
  {
    name: 'compress.rans.overhead',
    what: 'rANS above the information of a million symbols',
    unit: '%',
    bound: { atMost: 0.01 },
    seeds: [0],
    minutes: 1,
    measure: () => Promise.resolve(overhead()),
  },
  {
    name: 'compress.rans.encode-ns',
    what: 'rANS, time to encode a symbol of a static table of 256',
    unit: 'ns',
    bound: { atMost: 40 },
    seeds: [0],
    minutes: 1,
    measure: () => {
      const { symbols, table } = million();
      return Promise.resolve(exactly(nanoseconds(() => ransEncode(symbols, table))));
    },
  },
  {
    name: 'compress.rans.decode-ns',
    what: 'rANS, time to decode a symbol of a static table of 256',
    unit: 'ns',
    bound: { atMost: 30 },
    seeds: [0],
    minutes: 1,
    measure: () => {
      const { symbols, table } = million();
      const bytes = ransEncode(symbols, table);
      return Promise.resolve(exactly(nanoseconds(() => ransDecode(bytes, COUNT, table))));
    },
  },
];
