// Random damage to streams of every kind that the package reads. A test tries a few thousand; `bench/fuzz.ts` as many as it is told.
import { categoricalHead, DgmError, Key, mlp, normalHead } from '@dgm/core';
import { inferSchema, parseTextTable, readCells } from '@dgm/data';
import { idf, imageIdf } from '@dgm/flows';
import { AnyOrderNetwork, TableCodec, tableModel } from '@dgm/tables';
import { bottomUpVae, topDownVae, vae } from '@dgm/vae';
import { joined, readContainer, Reader, varint, writeContainer } from '../src/files/container';
import {
  AdaptiveTable,
  bitsBackCodec,
  decodeFile,
  decodeJpeg,
  encodeJpeg,
  FrequencyTable,
  HuffmanCode,
  huffmanLengths,
  imageCodec,
  inspectFile,
  integerFlowCodec,
  neuralCodec,
  RangeDecoder,
  RangeEncoder,
  ransDecode,
  ransEncode,
  RansStack,
  readCodec,
  readLossyCodec,
  readTableCodec,
  tableFileCodec,
} from '../src/index';
import type { Codec } from '../src/index';
import { factorized } from './compressors.cases';
import { fixture } from './fixtures/read';
import { files as jpegFiles, picture } from './fixtures/jpeg';

/** Something that reads bytes. */
interface Target {
  readonly name: string;
  /** How often it is tried, among all targets. */
  readonly weight: number;
  /** Streams that it reads without an error. */
  readonly streams: readonly Uint8Array[];
  /** @param random - for what a damaged stream states besides its bytes */
  read(bytes: Uint8Array, random: Random): unknown;
}

/** An integer from 0 to `count - 1`. */
type Random = (count: number) => number;

/** What came of the attempts on a target. */
export interface Outcome {
  attempts: number;
  /** Typed errors, by their code. */
  readonly errors: Record<string, number>;
  /** Damage that a stream does not show: it was read to the end. */
  read: number;
  /** The longest attempt. */
  milliseconds: number;
}

/** The most values that a damaged file may ask for; a real one has fewer. */
const MOST_VALUES = 2000;
const COUNT = 100;

/** What the codecs of the package have in common here. */
interface AnyCodec {
  decode(file: Uint8Array, options?: object): unknown;
  toBytes(): Uint8Array;
}

/** A codec's files: as they are, with a message or numbers that were changed before the checksum was made, and its model's file. */
function ofCodec(
  name: string,
  { codec, file, whole }: { readonly codec: AnyCodec; readonly file: Uint8Array; readonly whole: Uint8Array },
  read: (bytes: Uint8Array) => AnyCodec,
): readonly Target[] {
  const limits =
    name === 'table' ? { maxCells: MOST_VALUES, maxTextBytes: 4000 } : { maxValues: MOST_VALUES };
  const container = readContainer(file);
  const sealed = (message: Uint8Array, random: Random): Uint8Array => {
    const counts = [random(2 * container.count + 2), random(100), 2 ** random(40), container.count];
    const rows = random(8) === 0 ? random(100) : container.rows;
    return writeContainer({ ...container, message, rows, count: counts[random(counts.length)]! });
  };
  return [
    { name: `${name}: file`, weight: 6, streams: [file], read: (bytes) => codec.decode(bytes, limits) },
    {
      ...{ name: `${name}: file with its model`, weight: 3, streams: [whole] },
      read: (bytes) => {
        inspectFile(bytes);
        if (name !== 'table') decodeFile(bytes, limits);
      },
    },
    {
      ...{ name: `${name}: message`, weight: 6, streams: [container.message] },
      read: (bytes, random) => codec.decode(sealed(bytes, random), limits),
    },
    {
      ...{ name: `${name}: model`, weight: 1, streams: [codec.toBytes()] },
      read: (bytes, random) => {
        const other = read(bytes);
        const { modelHash } = other as unknown as { readonly modelHash: Uint8Array };
        const model = modelHash.subarray(0, 8);
        const message = Uint8Array.from(
          container.message,
          (byte) => byte ^ (random(4) === 0 ? random(256) : 0),
        );
        other.decode(writeContainer({ ...container, model, message }), limits);
      },
    },
  ];
}

/** An image by tiles of 3 x 3, with sizes and a tile's message that were changed before the checksums were made. */
function imageTargets(wavenet: Codec): readonly Target[] {
  const read = (bytes: Uint8Array) => {
    const codec = readCodec(bytes);
    return Object.assign(imageCodec(codec), { toBytes: () => codec.toBytes() });
  };
  const codec = read(wavenet.toBytes());
  const image = { values: Int32Array.from({ length: 5 * 7 }, (_, at) => at % 5), shape: [5, 7] };
  const file = codec.encode(image);
  const outer = readContainer(file);
  const reader = new Reader(outer.message);
  const sizes = [reader.varint(), reader.varint()] as const;
  const inner = readContainer(reader.rest());
  return [
    ...ofCodec('image', { codec, file, whole: codec.encode(image, { includeModel: true }) }, read),
    {
      ...{ name: 'image: sizes and tiles', weight: 6, streams: [inner.message] },
      read: (bytes, random) => {
        const [height, width] = sizes.map((size) => [2 ** random(40), random(30), size][random(3)]!);
        const message = joined([
          varint(height!),
          varint(width!),
          writeContainer({ ...inner, message: bytes, count: random(2) === 0 ? random(30) : inner.count }),
        ]);
        codec.decode(writeContainer({ ...outer, message }), { maxValues: MOST_VALUES });
      },
    },
  ];
}

function codecTargets(): readonly Target[] {
  const key = Key.of(0);
  const random = key.fold('values').generator();
  const values = (count: number, levels: number) =>
    Int32Array.from({ length: count }, () => random.below(levels));
  const head = categoricalHead({ shape: [6], levels: 3 });
  const likelihood = { decoder: mlp([2, 18], { key: key.fold('decoder') }), likelihood: head };
  const shallow = vae({
    ...likelihood,
    encoder: mlp([6, 4], { key: key.fold('encoder') }),
    posterior: normalHead({ shape: [2] }),
  });
  const deep = topDownVae({
    ...likelihood,
    levels: [
      {
        latent: 2,
        prior: mlp([1, 4], { key }),
        bottomUp: mlp([6, 4], { key }),
        evidence: mlp([4, 4], { key }),
      },
      { latent: 1, bottomUp: mlp([4, 4], { key }), evidence: mlp([4, 2], { key }) },
    ],
  });
  const upwards = bottomUpVae({
    ...likelihood,
    levels: [
      { latent: 2, prior: mlp([1, 4], { key }), posterior: mlp([6, 4], { key }) },
      { latent: 1, posterior: mlp([2, 2], { key }) },
    ],
  });
  const flow = idf({ dims: 6, couplings: 1, hidden: [4], key });
  const scales = imageIdf({
    ...{ shape: [4, 4, 1], levels: 3, scales: 2, steps: 1, checkerboards: 0, hidden: 2, components: 1, key },
  });
  const lossy = factorized(key);
  const text = `price,kind,note\n${Array.from({ length: 40 }, (_, row) => `${100 + ((row * row) % 37)},${'abc'[row % 3]},n${row}`).join('\n')}\n`;
  const table = parseTextTable(text);
  const schema = inferSchema(table);
  const columns = TableCodec.of(schema, readCells(table, schema), {
    ...{ maxBins: 6, minCount: 4, maxLevels: 2, protect: 1 },
  });
  const rows = tableModel(new AnyOrderNetwork(columns, { hidden: 4, blocks: 0, features: 2, key }));
  const wavenet = readCodec(fixture('wavenet-v1.model'));
  const packed = <Values>(codec: {
    encode(values: Values, options?: object): Uint8Array;
    decode(file: Uint8Array): unknown;
    toBytes(): Uint8Array;
  }) => ({
    of: (data: Values) => ({
      codec,
      file: codec.encode(data),
      whole: codec.encode(data, { includeModel: true }),
    }),
  });
  const pixels = values(6 * 12, 3);
  const neural = neuralCodec(lossy, { rows: 4 });
  const size = neural.eventShape.reduce((product, length) => product * length, 1);
  const targets = [
    ...ofCodec('autoregressive', packed(wavenet).of(values(9 * 6, 5)), readCodec),
    ...ofCodec('bits-back', packed(bitsBackCodec(shallow)).of(pixels), readCodec),
    ...ofCodec('bits-back of levels', packed(bitsBackCodec(deep)).of(pixels), readCodec),
    ...ofCodec('Bit-Swap', packed(bitsBackCodec(upwards)).of(pixels), readCodec),
    ...ofCodec('integer flow', packed(integerFlowCodec(flow, { rows: 4 })).of(pixels), readCodec),
    ...ofCodec(
      'integer flow of scales',
      packed(integerFlowCodec(scales, { rows: 2 })).of(values(16 * 5, 3)),
      readCodec,
    ),
    ...ofCodec('neural', packed(neural).of(values(4 * size, 16)), readLossyCodec),
    ...imageTargets(wavenet),
    ...ofCodec('table', packed(tableFileCodec(rows, { rows: 8 })).of(table), readTableCodec),
  ];
  for (const model of [shallow, deep, upwards, flow, scales, lossy, rows]) model.dispose();
  return targets;
}

function coderTargets(): readonly Target[] {
  const random = Key.of(1).generator();
  const table = FrequencyTable.of([0.5, 0.2, 0.1, 0.1, 0.05, 0.05], { precision: 12 });
  const symbols = Uint8Array.from({ length: COUNT }, () => random.below(6));
  const stack = new RansStack();
  for (const symbol of symbols) stack.push(symbol, table);
  const adaptive = () => new AdaptiveTable({ numSymbols: 6 });
  const encoder = new RangeEncoder();
  const counts = adaptive();
  for (const symbol of symbols) {
    encoder.encode(symbol, counts);
    counts.update(symbol);
  }
  const code = new HuffmanCode(huffmanLengths([50, 20, 10, 10, 5, 5]));
  const each = (act: () => void) => {
    for (let index = 0; index < COUNT; index++) act();
  };
  return [
    {
      ...{ name: 'rANS stack', weight: 8, streams: [stack.toBytes()] },
      read: (bytes) => {
        const read = RansStack.from(bytes);
        each(() => read.pop(table));
      },
    },
    {
      ...{ name: 'interleaved rANS', weight: 8, streams: [ransEncode(symbols, table, { states: 4 })] },
      read: (bytes, below) => ransDecode(bytes, COUNT, table, { states: below(8) === 0 ? 1 + below(64) : 4 }),
    },
    {
      ...{ name: 'range coder with adaptive counts', weight: 8, streams: [encoder.finish()] },
      read: (bytes) => {
        const [decoder, own] = [new RangeDecoder(bytes), adaptive()];
        each(() => own.update(decoder.decode(own)));
      },
    },
    {
      ...{ name: 'Huffman code', weight: 8, streams: [code.encode(symbols)] },
      read: (bytes, below) => code.decode(bytes, below(4) === 0 ? below(8 * bytes.length + 1) : COUNT),
    },
    {
      ...{ name: 'JPEG', weight: 12 },
      streams: Object.values(jpegFiles).map(([channels, options]) => encodeJpeg(picture(channels), options)),
      read: (bytes) => decodeJpeg(bytes, { maxPixels: 2 ** 12 }),
    },
  ];
}

/** One to four changes: bits, bytes, numbers at their limits, parts cut off, left out, doubled or put in. */
function damaged(stream: Uint8Array, random: Random): Uint8Array {
  let bytes = Array.from(stream);
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(bytes.length + 1);
    const some = () => Array.from({ length: 1 + random(16) }, () => random(256));
    switch (random(7)) {
      case 0:
        bytes = bytes.slice(0, at);
        break;
      case 1:
        bytes.splice(at, 1 + random(16));
        break;
      case 2:
        bytes.splice(at, 0, ...some());
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random(32)));
        break;
      case 4:
        bytes.fill([0, 0x7f, 0x80, 0xff][random(4)]!, at, at + 1 + random(8));
        break;
      default:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads damaged streams.
 * @param attempts - how many, among all targets by their weights
 * @returns what came of them, by target
 * @throws what a target throws that is no typed error, with the target and the attempt
 */
export function fuzz(
  attempts: number,
  { seed = 0, onProgress }: { readonly seed?: number; readonly onProgress?: (done: number) => void } = {},
): Readonly<Record<string, Outcome>> {
  const targets = [...codecTargets(), ...coderTargets()];
  const outcomes: Record<string, Outcome> = {};
  for (const { name, streams, read } of targets) {
    outcomes[name] = { attempts: 0, errors: {}, read: 0, milliseconds: 0 };
    // Streams that are whole are read, or the attempts below would mean nothing. The last choice is to change nothing.
    for (const stream of streams) read(stream, (count) => count - 1);
  }
  const wheel = targets.flatMap((target) => new Array<Target>(target.weight).fill(target));
  for (let attempt = 0; attempt < attempts; attempt++) {
    const generator = Key.of(seed).fold(attempt).generator();
    const random: Random = (count) => Math.floor(generator.uniform() * count);
    const target = wheel[random(wheel.length)]!;
    const outcome = outcomes[target.name]!;
    outcome.attempts++;
    const started = performance.now();
    try {
      target.read(damaged(target.streams[random(target.streams.length)]!, random), random);
      outcome.read++;
    } catch (error) {
      if (!DgmError.is(error)) {
        throw new Error(`${target.name}, attempt ${attempt} of seed ${seed}`, { cause: error });
      }
      outcome.errors[error.code] = (outcome.errors[error.code] ?? 0) + 1;
    }
    outcome.milliseconds = Math.max(outcome.milliseconds, performance.now() - started);
    if (attempt % 1000 === 999) onProgress?.(attempt + 1);
  }
  return outcomes;
}
