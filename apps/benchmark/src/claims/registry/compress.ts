import { autoregressiveCodec, FrequencyTable, ransDecode, ransEncode } from '@dgm/compress';
import { NumericalError, type ConditionalLoopModel, type Dataset } from '@dgm/core';
import type { Claim, ClaimContext, Measured } from '../claim';
import { withTrained } from '../trained';

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

/** Bits per image of one file of all test images, which has to decode to what went in. */
async function bitsOfFile(context: ClaimContext): Promise<Measured> {
  const data: Dataset = await context.dataset(dataset);
  const recipe = await context.recipe('arm-wavenet');
  const { values, count } = data.test;
  const images = Int32Array.from(values);
  return withTrained({ recipe, dataset: data, seed: context.seeds[0]! }, context, ({ model }) => {
    const codec = autoregressiveCodec(model as unknown as ConditionalLoopModel);
    const file = codec.encode(images);
    if (codec.decode(file).values.some((value, index) => value !== images[index])) {
      throw new NumericalError({
        where: 'compress',
        expected: 'the images that were encoded',
        actual: 'others',
      });
    }
    return exactly((8 * file.length) / count);
  });
}

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
