import { brotliCompressSync } from 'node:zlib';
import { inspectFile, readCodec } from '@dgm/compress';
import type { Codec } from '@dgm/compress';
import { ArgumentError, formatShape, sameShape, ShapeError } from '@dgm/core';
import { formatNpy, parseNpy } from '@dgm/data';
import type { DecodeCommand, EncodeCommand, InspectCommand } from './compress-program';
import { readBytes, showProgress, writeBytes, type Streams } from './streams';

export async function encode(
  model: string,
  array: string,
  { out, includeModel = false }: EncodeCommand,
  streams: Streams,
): Promise<void> {
  const codec = readCodec(await readBytes(model, streams));
  const { shape, values } = parseNpy(await readBytes(array, streams), array);
  if (!sameShape(shape.slice(1), codec.eventShape)) {
    throw new ShapeError({
      where: 'dgm-compress encode',
      argument: array,
      expected: `of examples ${formatShape(codec.eventShape)} after their number`,
      actual: formatShape(shape),
    });
  }
  const onProgress = showProgress('encoded', streams);
  await writeBytes(codec.encode(values, { includeModel, onProgress }), out, streams);
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
  const isByte = values.every((value) => value >>> 0 === value && value < 256);
  const brotli = brotliCompressSync(isByte ? Uint8Array.from(values) : new Uint8Array(values.buffer));
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
