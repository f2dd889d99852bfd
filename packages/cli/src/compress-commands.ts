import { spawnSync } from 'node:child_process';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { inspectFile, readCodec } from '@dgm/compress';
import type { Codec } from '@dgm/compress';
import { ArgumentError, formatShape, NumericalError, sameShape, ShapeError } from '@dgm/core';
import { formatNpy, parseNpy, type NpyArray } from '@dgm/data';
import { aligned } from './aligned';
import type { DecodeCommand, EncodeCommand, InspectCommand } from './compress-program';
import { readBytes, showProgress, writeBytes, type Streams } from './streams';

export async function encode(
  model: string,
  array: string,
  { out, includeModel = false }: EncodeCommand,
  streams: Streams,
): Promise<void> {
  const { codec, values } = await openExamples(model, array, streams);
  const onProgress = showProgress('encoded', streams);
  await writeBytes(codec.encode(values, { includeModel, onProgress }), out, streams);
}

/** @throws ShapeError for examples of another shape than the model's */
async function openExamples(
  model: string,
  array: string,
  streams: Streams,
): Promise<{ readonly codec: Codec; readonly values: NpyArray['values']; readonly count: number }> {
  const codec = readCodec(await readBytes(model, streams));
  const { shape, values } = parseNpy(await readBytes(array, streams), array);
  if (sameShape(shape.slice(1), codec.eventShape)) return { codec, values, count: shape[0]! };
  throw new ShapeError({
    where: 'dgm-compress',
    argument: array,
    expected: `of examples ${formatShape(codec.eventShape)} after their number`,
    actual: formatShape(shape),
  });
}

export async function bench(
  model: string,
  array: string,
  { json }: { readonly json?: boolean },
  streams: Streams,
): Promise<void> {
  const { codec, values, count } = await openExamples(model, array, streams);
  if (count === 0) {
    throw new ArgumentError({
      ...{ where: 'dgm-compress bench', argument: array, expected: 'to hold examples', actual: 'none' },
    });
  }
  const started = performance.now();
  const file = codec.encode(values, { onProgress: showProgress('encoded', streams) });
  const encoded = performance.now();
  const decoded = codec.decode(file, { onProgress: showProgress('decoded', streams) });
  const ended = performance.now();
  if (decoded.values.some((value, at) => value !== values[at])) {
    throw new NumericalError({
      ...{ where: 'dgm-compress bench', expected: 'the array that was encoded', actual: 'another' },
    });
  }
  const perExample = (bytes: Uint8Array | undefined) => bytes && (8 * bytes.length) / count;
  const raw = bytesOf(decoded.values);
  const facts = {
    method: codec.method,
    examples: count,
    modelBytes: codec.toBytes().length,
    bitsPerExample: perExample(file)!,
    encodedPerSecond: (1000 * count) / (encoded - started),
    decodedPerSecond: (1000 * count) / (ended - encoded),
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
    bits('gzip -9', facts.gzip),
    bits('brotli -q 11', facts.brotli),
    bits('xz -9e', facts.xz),
    ['encoded', `${facts.encodedPerSecond.toFixed(1)} a second`],
    ['decoded', `${facts.decodedPerSecond.toFixed(1)} a second`],
  ];
  streams.stdout.write(`${aligned(lines)}\n`);
}

/** What general compressors are given: a byte for each value where all fit. */
function bytesOf(values: Int32Array): Uint8Array {
  const isByte = values.every((value) => value >>> 0 === value && value < 256);
  return isByte ? Uint8Array.from(values) : new Uint8Array(values.buffer);
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
  const codec = await codecOf(file, { model, where: 'dgm-compress decode' }, streams);
  const decoded = codec.decode(file, { onProgress: showProgress('decoded', streams) });
  await writeBytes(formatNpy(decoded), out, streams);
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
      (await compared(file, { model, inside }, streams))),
  };
  const text = json ? JSON.stringify(facts, undefined, 2) : described(facts);
  streams.stdout.write(`${text}\n`);
}

interface Comparison {
  readonly modelBytes: number;
  /** Without the model. */
  readonly bitsPerExample: number;
  /** Of the decoded values, all in one stream. */
  readonly brotliBitsPerExample: number;
  /** How many examples a file with the model inside needs to be smaller than brotli's; null if none suffice. */
  readonly breakEven: number | null;
}

async function compared(
  file: Uint8Array,
  { model, inside }: { readonly model: string | undefined; readonly inside: Uint8Array | undefined },
  streams: Streams,
): Promise<Comparison> {
  const codec = await codecOf(file, { model, where: 'dgm-compress inspect' }, streams);
  const { values, shape } = codec.decode(file, { onProgress: showProgress('decoded', streams) });
  const brotli = brotliCompressSync(bytesOf(values));
  const modelBytes = codec.toBytes().length;
  const bitsPerExample = (8 * (file.length - (inside?.length ?? 0))) / shape[0]!;
  const brotliBitsPerExample = (8 * brotli.length) / shape[0]!;
  const saved = brotliBitsPerExample - bitsPerExample;
  const breakEven = saved > 0 ? Math.ceil((8 * modelBytes) / saved) : null;
  return { modelBytes, bitsPerExample, brotliBitsPerExample, breakEven };
}

interface Facts extends Partial<Comparison> {
  readonly method: string;
  readonly examples: number;
  readonly bytes: number;
  readonly model: string;
  readonly isModelInside: boolean;
}

function described({ method, examples, bytes, model, isModelInside, ...comparison }: Facts): string {
  const lines = [
    `method   ${method}`,
    `examples ${examples}`,
    `bytes    ${bytes}`,
    `model    ${model}${isModelInside ? ', inside' : ''}`,
  ];
  const { modelBytes, bitsPerExample, brotliBitsPerExample, breakEven } = comparison;
  if (modelBytes === undefined) return lines.join('\n');
  return [
    ...lines,
    `bits     ${bitsPerExample!.toFixed(1)} an example without the model, ${brotliBitsPerExample!.toFixed(1)} by brotli`,
    breakEven === null
      ? `The model of ${modelBytes} bytes never pays: brotli is shorter.`
      : `The model of ${modelBytes} bytes pays from ${breakEven} examples on, if it is inside.`,
  ].join('\n');
}

async function codecOf(
  file: Uint8Array,
  { model, where }: { readonly model: string | undefined; readonly where: string },
  streams: Streams,
): Promise<Codec> {
  if (model !== undefined) return readCodec(await readBytes(model, streams));
  const { model: inside } = inspectFile(file);
  if (inside !== undefined) return readCodec(inside);
  throw new ArgumentError({
    where,
    argument: '--model',
    expected: 'to be given for a file without its model inside',
    actual: 'nothing',
  });
}
