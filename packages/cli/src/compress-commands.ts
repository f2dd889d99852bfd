import { spawnSync } from 'node:child_process';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import * as compress from '@dgm/compress';
import type { Codec, DecodedExamples, LossyCodec, LossyEncodeOptions } from '@dgm/compress';
import {
  ArgumentError,
  formatShape,
  NumericalError,
  readSafetensors,
  sameShape,
  setup,
  ShapeError,
  sizeOf,
  type Module,
} from '@dgm/core';
import { loadModel } from '@dgm/core/node';
import { formatNpy, parseNpy, type NpyArray } from '@dgm/data';
import { aligned } from './aligned';
import { breakEven, breakEvenText } from './break-even';
import type {
  BenchCommand,
  DecodeCommand,
  EncodeCommand,
  ExportCommand,
  InspectCommand,
} from './compress-program';
import { readBytes, showProgress, writeBytes, type Streams } from './streams';

const { codecOf, decodeWith, imageCodec, inspectFile, readAnyCodec } = compress;

type AnyCodec = Codec | LossyCodec;

/** The codec of a file: of a codec, or of a model that has one. */
async function openCodec(path: string, streams: Streams): Promise<AnyCodec> {
  const bytes = await readBytes(path, streams);
  if (readSafetensors(bytes, path).metadata['format'] === 'dgm.codec') return readAnyCodec(bytes);
  await setup({ backend: 'cpu' });
  const { model } = await loadModel<Module>(bytes, { packages: [compress] });
  try {
    return codecOf(model);
  } finally {
    model.dispose();
  }
}

export async function encode(
  model: string,
  array: string,
  { out, includeModel = false, rate, image }: EncodeCommand,
  streams: Streams,
): Promise<void> {
  const { write } = await openArray(model, array, { isImage: image === true }, streams);
  const onProgress = showProgress('encoded', streams);
  const file = write({ includeModel, onProgress, ...(rate !== undefined && { rate }) });
  await writeBytes(file, out, streams);
}

interface OpenArray {
  readonly codec: AnyCodec;
  readonly array: NpyArray;
  /** The file of the array. A lossless codec refuses a rate. */
  write(options: LossyEncodeOptions): Uint8Array;
}

/** @throws ShapeError for examples of another shape than the model's, or an image of other axes */
async function openArray(
  model: string,
  path: string,
  { isImage }: { readonly isImage: boolean },
  streams: Streams,
): Promise<OpenArray> {
  const codec = await openCodec(model, streams);
  const array = parseNpy(await readBytes(path, streams), path);
  if (isImage) {
    const images = imageCodec<Int32Array | Float32Array, LossyEncodeOptions>(codec);
    return { codec, array, write: (options) => images.encode(array, options) };
  }
  const { shape, values } = array;
  const { eventShape } = codec;
  if (sameShape(shape.slice(1), eventShape)) {
    return { codec, array, write: (options) => codec.encode(values, options) };
  }
  throw new ShapeError({
    where: 'dgm-compress',
    argument: path,
    expected: `of examples ${formatShape(eventShape)} after their number`,
    actual: formatShape(shape),
    ...(shape.length === eventShape.length && { remedy: 'add --image if it is one image' }),
  });
}

export async function bench(
  model: string,
  path: string,
  { json, rate, image: isImage = false }: BenchCommand,
  streams: Streams,
): Promise<void> {
  const { codec, array, write } = await openArray(model, path, { isImage }, streams);
  const { shape, values } = array;
  if (values.length === 0) {
    throw new ArgumentError({
      ...{ where: 'dgm-compress bench', argument: path, expected: 'to hold examples', actual: 'none' },
    });
  }
  const examples = isImage ? 1 : shape[0]!;
  const started = performance.now();
  const onProgress = showProgress('encoded', streams);
  const file = write({ onProgress, ...(rate !== undefined && { rate }) });
  const encoded = performance.now();
  const decoded = decodeWith(codec, file, { onProgress: showProgress('decoded', streams) });
  const ended = performance.now();
  const error = squaredError(values, decoded.values);
  if (codec.isLossless && error > 0) {
    throw new NumericalError({
      ...{ where: 'dgm-compress bench', expected: 'the array that was encoded', actual: 'another' },
    });
  }
  const perExample = (bytes: Uint8Array | undefined) => bytes && (8 * bytes.length) / examples;
  const raw = bytesOf(values);
  const facts = {
    method: codec.method,
    examples,
    modelBytes: codec.toBytes().length,
    bitsPerExample: perExample(file)!,
    bitsPerValue: (8 * file.length) / values.length,
    ...(!codec.isLossless && { meanSquaredError: error }),
    encodedPerSecond: (1000 * examples) / (encoded - started),
    decodedPerSecond: (1000 * examples) / (ended - encoded),
    gzip: perExample(gzipSync(raw, { level: 9 }))!,
    brotli: perExample(brotliCompressSync(raw))!,
    xz: perExample(byXz(raw)),
  };
  if (json) {
    streams.stdout.write(`${JSON.stringify(facts, undefined, 2)}\n`);
    return;
  }
  const bits = (name: string, value: number | undefined) =>
    [name, value === undefined ? 'not installed' : `${value.toFixed(1)} bits an example`] as const;
  const lines = [
    bits(`${facts.method}, without the model of ${facts.modelBytes} bytes`, facts.bitsPerExample),
    ...(codec.isLossless ? [] : [['mean squared error', error.toPrecision(4)] as const]),
    bits('gzip -9', facts.gzip),
    bits('brotli -q 11', facts.brotli),
    bits('xz -9e', facts.xz),
    ['encoded', `${facts.encodedPerSecond.toFixed(1)} a second`] as const,
    ['decoded', `${facts.decodedPerSecond.toFixed(1)} a second`] as const,
  ];
  streams.stdout.write(`${aligned(lines)}\n`);
}

function squaredError(values: ArrayLike<number>, decoded: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < decoded.length; at++) sum += (decoded[at]! - values[at]!) ** 2;
  return sum / decoded.length;
}

/** What general compressors are given: a byte for each value where all fit. */
function bytesOf(values: NpyArray['values']): Uint8Array {
  const isByte = values.every((value) => value >>> 0 === value && value < 256);
  return isByte
    ? Uint8Array.from(values)
    : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What xz makes of bytes; undefined where it is not installed. */
function byXz(bytes: Uint8Array): Uint8Array | undefined {
  const { error, status, stdout } = spawnSync('xz', ['-9e', '--stdout'], {
    ...{ input: bytes, maxBuffer: 2 ** 30 },
  });
  return error === undefined && status === 0 ? stdout : undefined;
}

export async function decode(path: string, { out, model }: DecodeCommand, streams: Streams): Promise<void> {
  const file = await readBytes(path, streams);
  const codec = await codecOfFile(file, { model, where: 'dgm-compress decode' }, streams);
  const decoded = decodeWith(codec, file, { onProgress: showProgress('decoded', streams) });
  await writeBytes(formatNpy(decoded), out, streams);
}

export async function exportCodec(model: string, { out }: ExportCommand, streams: Streams): Promise<void> {
  await writeBytes((await openCodec(model, streams)).toBytes(), out, streams);
}

export async function inspect(
  path: string,
  { model, json }: InspectCommand,
  streams: Streams,
): Promise<void> {
  const file = await readBytes(path, streams);
  const { method, count, modelHash, model: inside } = inspectFile(file);
  const facts = {
    method,
    examples: count,
    bytes: file.length,
    model: Buffer.from(modelHash).toString('hex'),
    isModelInside: inside !== undefined,
    ...((model !== undefined || inside !== undefined) &&
      count > 0 &&
      (await decodedFacts(file, { model, inside }, streams))),
  };
  const text = json ? JSON.stringify(facts, undefined, 2) : described(facts);
  streams.stdout.write(`${text}\n`);
}

interface DecodedFacts {
  readonly shape: readonly number[];
  readonly modelBytes: number;
  /** Without the model. */
  readonly bitsPerExample: number;
  /** Without the model. */
  readonly bitsPerValue: number;
}

interface Comparison {
  /** Of the decoded values, all in one stream. */
  readonly brotliBitsPerExample: number;
  /** How many examples a file with the model inside needs to be smaller than brotli's; null if none suffice. */
  readonly breakEven: number | null;
}

async function decodedFacts(
  file: Uint8Array,
  { model, inside }: { readonly model: string | undefined; readonly inside: Uint8Array | undefined },
  streams: Streams,
): Promise<DecodedFacts & Partial<Comparison>> {
  const codec = await codecOfFile(file, { model, where: 'dgm-compress inspect' }, streams);
  const decoded = decodeWith(codec, file, { onProgress: showProgress('decoded', streams) });
  const { count } = inspectFile(file);
  const bits = 8 * (file.length - (inside?.length ?? 0));
  const facts = {
    shape: decoded.shape,
    modelBytes: codec.toBytes().length,
    bitsPerExample: bits / count,
    bitsPerValue: bits / sizeOf(decoded.shape),
  };
  // What a lossy codec left out is not for brotli to keep.
  return codec.isLossless ? { ...facts, ...compared(decoded, count, facts) } : facts;
}

function compared(
  { values }: DecodedExamples<Int32Array | Float32Array>,
  count: number,
  { modelBytes, bitsPerExample }: DecodedFacts,
): Comparison {
  const brotliBitsPerExample = (8 * brotliCompressSync(bytesOf(values)).length) / count;
  const saved = (brotliBitsPerExample - bitsPerExample) / 8;
  return { brotliBitsPerExample, breakEven: breakEven(modelBytes, saved) };
}

interface Facts extends Partial<DecodedFacts>, Partial<Comparison> {
  readonly method: string;
  readonly examples: number;
  readonly bytes: number;
  readonly model: string;
  readonly isModelInside: boolean;
}

function described({ method, examples, bytes, model, isModelInside, ...decoded }: Facts): string {
  const lines = [
    `method   ${method}`,
    `examples ${examples}`,
    `bytes    ${bytes}`,
    `model    ${model}${isModelInside ? ', inside' : ''}`,
  ];
  const { shape, modelBytes, bitsPerExample, bitsPerValue, brotliBitsPerExample } = decoded;
  if (shape === undefined) return lines.join('\n');
  const ofBrotli = brotliBitsPerExample === undefined ? '' : `, ${brotliBitsPerExample.toFixed(1)} by brotli`;
  lines.push(
    `shape    ${formatShape(shape)}`,
    `bits     ${bitsPerExample!.toFixed(1)} an example without the model${ofBrotli}`,
    `         ${bitsPerValue!.toFixed(3)} a value`,
  );
  if (decoded.breakEven !== undefined) {
    lines.push(breakEvenText(modelBytes!, decoded.breakEven, 'examples'));
  }
  return lines.join('\n');
}

async function codecOfFile(
  file: Uint8Array,
  { model, where }: { readonly model: string | undefined; readonly where: string },
  streams: Streams,
): Promise<AnyCodec> {
  if (model !== undefined) return openCodec(model, streams);
  const { model: inside } = inspectFile(file);
  if (inside !== undefined) return readAnyCodec(inside);
  throw new ArgumentError({
    where,
    argument: '--model',
    expected: 'to be given for a file without its model inside',
    actual: 'nothing',
  });
}
