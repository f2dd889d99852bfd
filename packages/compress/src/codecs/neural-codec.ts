import { checkInteger, checkNumber, checkOptions, sizeOf } from '@dgm/core';
import type { CallOptions, Shape } from '@dgm/core';
import type { InputSpec } from '@dgm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { decodingFrom, encodingTo } from '../coders/coder';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { readModelFile, writeModelFile } from '../files/model-file';
import { rateWeights } from '../lossy/neural-compressor';
import type { NeuralCompressor } from '../lossy/neural-compressor';
import { areFacts, BaseCodec, notModel, unread } from './base-codec';
import type { LossyCodec, LossyEncodeOptions, Progress } from './codec';
import { IntegerTable } from './integer-table';

export interface NeuralCodecOptions {
  /**
   * How many examples are coded side by side: more take more memory and less time for each.
   * @defaultValue 32
   */
  readonly rows?: number;
  /**
   * Probabilities are rounded to multiples of `2 ** -precision`.
   * @defaultValue 16
   */
  readonly precision?: number;
  /**
   * Entries of a code from `-reach` to `reach - 1` have symbols; others are escaped.
   * @defaultValue 64, or the size of a larger codebook
   */
  readonly reach?: number;
}

interface Settings {
  readonly eventShape: Shape;
  /** The number of entries of each part of a code. */
  readonly parts: readonly number[];
  readonly rates: number;
  readonly reach: number;
  readonly rows: number;
  readonly precision: number;
}

const METHOD = 'neural';
const MOST_REACH = 4096;
/** A rate is a multiple of this. */
const RATE_STEP = 2 ** -8;

/**
 * The codec of a neural compressor: the integers of a code, part by part, with the tables of the entropy model. A file takes the
 * rate of the model, and some 30 bytes; what it decodes to is the same everywhere.
 *
 * @param model - its present weights are copied
 * @throws ArgumentError for an option out of its range
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8, rates: 2 }),
 *   beta: [1, 0.1],
 *   range: [0, 16],
 * });
 * const codec = neuralCodec(model);
 * const { values } = codec.decode(codec.encode(data.test.values, { rate: 1 })); // at a beta of 0.1
 * ```
 */
export function neuralCodec(model: NeuralCompressor, options: NeuralCodecOptions = {}): LossyCodec {
  const where = 'neuralCodec';
  checkOptions(where, options, ['rows', 'precision', 'reach']);
  const { rows = 32, precision = 16, reach = Math.max(64, model.entropyModel.levels ?? 0) } = options;
  checkInteger(where, 'rows', rows);
  checkInteger(where, 'reach', reach, { max: MOST_REACH });
  checkInteger(where, 'precision', precision, { min: Math.ceil(Math.log2(2 * reach + 1)), max: 24 });
  const { eventShape, entropyModel, rates } = model;
  const { parts } = entropyModel;
  const rateSpec: Record<string, InputSpec> = rates === 1 ? {} : { rate: { shape: [1, rates] } };
  const partSpecs = (count: number): Record<string, InputSpec> =>
    Object.fromEntries(parts.slice(0, count).map((size, index) => [nameOf(index), { shape: [rows, size] }]));
  /** Call options with the rate for so many examples. */
  const callOf = (rate: Tensor | undefined, n: number): CallOptions =>
    rate === undefined ? {} : { context: n === 1 ? rate : tf.tile(rate, [n, 1]) };
  const partsOf = (tensors: Readonly<Record<string, Tensor>>, count: number): Tensor[] =>
    parts.slice(0, count).map((_, index) => tensors[nameOf(index)]!);

  const encode = traceProgram(
    ({ x, rate }) => {
      const real = model.split(x!, callOf(rate, rows));
      return Object.fromEntries(real.map((part, index) => [nameOf(index), tf.round(part)]));
    },
    { x: { shape: [rows, ...eventShape] }, ...rateSpec },
  );
  const decode = traceProgram(
    ({ rate, ...tensors }) => ({ x: model.join(partsOf(tensors, parts.length), callOf(rate, rows)) }),
    { ...partSpecs(parts.length), ...rateSpec },
  );
  const tables = parts.map((size, index) =>
    traceProgram(
      ({ rate, ...tensors }) => {
        const n = rowsOf(index, rows);
        const entries = entropyModel.given(partsOf(tensors, index), callOf(rate, n));
        const logProb = entries.logProb(tf.reshape(tf.range(-reach, reach), [2 * reach, 1, 1]));
        return { logProb: tf.reshape(tf.transpose(logProb, [1, 2, 0]), [n * size, 2 * reach]) };
      },
      { ...partSpecs(index), ...rateSpec },
    ),
  );
  const settings: Settings = { eventShape, parts, rates, reach, rows, precision };
  const programs = { encode, decode, ...Object.fromEntries(tables.map((each, at) => [tablesOf(at), each])) };
  const file = writeModelFile({ method: METHOD, settings: { ...settings }, programs });
  return new NeuralCodec(file, { settings, encode, decode, tables });
}

const nameOf = (part: number): string => `part${part}`;
const tablesOf = (part: number): string => `tables${part}`;
/** The first part has the same tables for all examples. */
const rowsOf = (part: number, rows: number): number => (part === 0 ? 1 : rows);

interface Parts {
  readonly settings: Settings;
  readonly encode: Program;
  readonly decode: Program;
  /** Of each part of a code. */
  readonly tables: readonly Program[];
}

/**
 * Reads a lossy codec from its model's file. It needs no TensorFlow.js.
 * @param bytes - what `LossyCodec.toBytes` gave
 * @throws SerializationError if they are damaged, or of another kind
 *
 * @example
 * ```ts
 * const model = neuralCompressor({
 *   eventShape: [64],
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
 *   entropyModel: factorizedEntropy({ size: 8 }),
 *   beta: 0.1,
 *   range: [0, 16],
 * });
 * const codec = neuralCodec(model);
 * const elsewhere = readLossyCodec(codec.toBytes()); // on another machine, from a file
 * elsewhere.decode(codec.encode(data.test.values)).values; // what codec.decode gives
 * ```
 */
export function readLossyCodec(bytes: Uint8Array): LossyCodec {
  const { method, settings, programs } = readModelFile(bytes);
  if (method !== METHOD) throw notModel(METHOD, `one of method "${method}"`);
  const { encode, decode } = programs;
  const { eventShape, parts, rates, reach, rows, precision } = settings as unknown as Settings;
  const rateSize: Record<string, number> = rates === 1 ? {} : { rate: rates };
  const partSizes = (count: number): Record<string, number> =>
    Object.fromEntries(parts.slice(0, count).map((size, at) => [nameOf(at), rows * size]));
  const isFit =
    encode !== undefined &&
    decode !== undefined &&
    areFacts({ eventShape, levels: reach, rows }) &&
    areFacts({ eventShape: parts, levels: rates, rows }) &&
    parts.length > 0 &&
    Number.isInteger(precision) &&
    precision <= 24 &&
    reach <= MOST_REACH &&
    2 * reach + 1 <= 2 ** precision &&
    decode.sizeOf('x') === rows * sizeOf(eventShape) &&
    takes(encode, { x: rows * sizeOf(eventShape), ...rateSize }) &&
    takes(decode, { ...partSizes(parts.length), ...rateSize }) &&
    parts.every((size, at) => {
      const tables = programs[tablesOf(at)];
      return (
        encode.sizeOf(nameOf(at)) === rows * size &&
        tables?.sizeOf('logProb') === rowsOf(at, rows) * size * 2 * reach &&
        takes(tables, { ...partSizes(at), ...rateSize })
      );
    });
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  const checked = { eventShape, parts, rates, reach, rows, precision };
  const tables = parts.map((_, at) => programs[tablesOf(at)]!);
  return new NeuralCodec(bytes, { settings: checked, encode, decode, tables });
}

/** Whether a program has inputs of these names and numbers of elements, and no others. */
function takes({ parts: { inputs, values } }: Program, sizes: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(sizes);
  return (
    Object.keys(inputs).length === names.length &&
    names.every((name) => inputs[name] !== undefined && sizeOf(values[inputs[name]]!.shape) === sizes[name])
  );
}

class NeuralCodec extends BaseCodec<Float32Array, LossyEncodeOptions> implements LossyCodec {
  readonly isLossless = false;
  readonly rates: number;
  protected override readonly encodeOptions = ['includeModel', 'onProgress', 'rate'];
  readonly #parts: Parts;

  constructor(model: Uint8Array, parts: Parts) {
    const { eventShape, rows, rates } = parts.settings;
    super(model, { method: METHOD, eventShape, rows });
    this.rates = rates;
    this.#parts = parts;
  }

  protected empty(length: number): Float32Array {
    return new Float32Array(length);
  }

  protected encodeMessage(
    values: ArrayLike<number>,
    count: number,
    { rate = 0, onProgress }: LossyEncodeOptions,
  ): Uint8Array {
    checkNumber('LossyCodec.encode', 'rate', rate, { min: 0, max: this.rates - 1 });
    const { rows } = this.#parts.settings;
    const size = sizeOf(this.eventShape);
    const steps = Math.round(rate / RATE_STEP);
    const encoder = new RangeEncoder();
    const coder = encodingTo(encoder);
    this.#walk(count, steps, onProgress, (first, present, context) => {
      const x = new Float64Array(rows * size);
      for (let at = 0; at < present * size; at++) x[at] = values[first * size + at]!;
      const code = this.#parts.encode.run({ x, ...context });
      return {
        visit: (table, part, at) => table.code(coder, code[nameOf(part)]![at]!),
      };
    });
    const message = encoder.finish();
    return this.rates === 1 ? message : Uint8Array.of(steps >>> 8, steps & 0xff, ...message);
  }

  protected decodeMessage(message: Uint8Array, values: Float32Array, onProgress: Progress | undefined): void {
    const size = sizeOf(this.eventShape);
    const [head, rest] = this.rates === 1 ? [undefined, message] : [message, message.subarray(2)];
    const steps = head === undefined ? 0 : (head[0] ?? 0) * 256 + (head[1] ?? 0);
    if (steps * RATE_STEP > this.rates - 1) throw unread();
    const decoder = new RangeDecoder(rest);
    const coder = decodingFrom(decoder);
    this.#walk(values.length / size, steps, onProgress, (first, present, context) => ({
      visit: (table) => table.code(coder, 0),
      done: (code) => {
        const x = this.#parts.decode.run({ ...code, ...context })['x']!;
        values.set(x.subarray(0, present * size), first * size);
      },
    }));
    if (!decoder.isAtEnd) throw unread();
  }

  /** Visits every entry of every code in the order of the message, with the table of its values; gets the value that it has. */
  #walk(
    count: number,
    steps: number,
    onProgress: Progress | undefined,
    start: (first: number, present: number, context: Readonly<Record<string, number[]>>) => Batch,
  ): void {
    const { settings, tables } = this.#parts;
    const { parts, rows, rates } = settings;
    const context: Record<string, number[]> =
      rates === 1 ? {} : { rate: rateWeights(steps * RATE_STEP, rates) };
    const shared = count === 0 ? [] : this.#tablesOf(tables[0]!.run(context)['logProb']!);
    for (let first = 0; first < count; first += rows) {
      const present = Math.min(rows, count - first);
      const { visit, done } = start(first, present, context);
      const code: Record<string, Float64Array> = {};
      parts.forEach((size, part) => {
        const own =
          part === 0
            ? shared
            : this.#tablesOf(tables[part]!.run({ ...code, ...context })['logProb']!, present * size);
        const values = new Float64Array(rows * size);
        for (let at = 0; at < present * size; at++) {
          values[at] = visit(own[part === 0 ? at % size : at]!, part, at);
        }
        code[nameOf(part)] = values;
      });
      done?.(code);
      onProgress?.(first + present, count);
    }
  }

  /** The first `count` tables of a program's log-probabilities. */
  #tablesOf(logProb: Float64Array, count?: number): readonly IntegerTable[] {
    const { reach, precision } = this.#parts.settings;
    const length = 2 * reach;
    return Array.from(
      { length: count ?? logProb.length / length },
      (_, at) =>
        new IntegerTable(logProb.subarray(at * length, (at + 1) * length), { first: -reach, precision }),
    );
  }
}

interface Batch {
  /** Codes or decodes entry `at` of a part. */
  visit(table: IntegerTable, part: number, at: number): number;
  done?(code: Readonly<Record<string, Float64Array>>): void;
}
