import { checkInteger, checkOptions, DomainError, SerializationError, ShapeError, sizeOf } from '@dgm/core';
import type { ConditionalLoopModel, LoopTensors, Shape } from '@dgm/core';
import type { InputSpec } from '@dgm/compile';
import { FrequencyTable } from '../coders/frequency-table';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import { exp } from '../evaluator/functions';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { HASH_BYTES, readContainer, writeContainer } from '../files/container';
import { readModelFile, writeModelFile } from '../files/model-file';
import { sha256 } from '../files/sha256';
import type { Codec, DecodedExamples, DecodeOptions, EncodeOptions } from './codec';

export interface AutoregressiveCodecOptions {
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
}

/** What a codec knows besides the programs. */
interface Settings {
  readonly eventShape: Shape;
  readonly order: readonly number[];
  readonly levels: number;
  readonly rows: number;
  readonly precision: number;
}

const METHOD = 'autoregressive';
const MOST_VALUES = 2 ** 28;

/**
 * A codec of an autoregressive model: variable by variable, each coded with its conditional distribution. A file takes the
 * bits of the model's likelihood, and some 40 bytes.
 *
 * @param model - with conditionals of a finite number of levels and without context. Its present weights are copied.
 * @throws UnsupportedError if the model has no such conditionals
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 *
 * @example
 * ```ts
 * const codec = autoregressiveCodec(model);
 * const file = codec.encode(await images.data());
 * codec.decode(file).values; // the same integers, on any machine
 * ```
 */
export function autoregressiveCodec(
  model: ConditionalLoopModel,
  options: AutoregressiveCodecOptions = {},
): Codec {
  const where = 'autoregressiveCodec';
  checkOptions(where, options, ['rows', 'precision']);
  const { rows = 32, precision = 16 } = options;
  checkInteger(where, 'rows', rows);
  const loop = model.conditionalLoop(rows);
  const { order, levels } = loop;
  checkInteger(where, 'precision', precision, { min: Math.ceil(Math.log2(levels)), max: 24 });
  const start = traceProgram(() => loop.start({}), {});
  const { values, outputs } = start.parts;
  const state: Record<string, InputSpec> = {};
  for (const [name, value] of Object.entries(outputs)) {
    if (name !== 'logProb') state[name] = { shape: values[value]!.shape, dtype: values[value]!.type };
  }
  const next = traceProgram(({ value, ...tensors }) => loop.next(tensors as LoopTensors, value!, {}), {
    ...state,
    value: { shape: [rows] },
  });
  const settings: Settings = { eventShape: model.eventShape, order, levels, rows, precision };
  return new AutoregressiveCodec(
    writeModelFile({ method: METHOD, settings: { ...settings }, programs: { start, next } }),
    {
      settings,
      start,
      next,
    },
  );
}

interface Parts {
  readonly settings: Settings;
  readonly start: Program;
  readonly next: Program;
}

/** Reads the model's file of such a codec. */
export function readAutoregressiveCodec(bytes: Uint8Array): Codec {
  const { settings, programs } = readModelFile(bytes);
  const { start, next } = programs;
  if (start === undefined || next === undefined) throw notModel('no programs start and next');
  return new AutoregressiveCodec(bytes, { settings: checkSettings(settings, start), start, next });
}

class AutoregressiveCodec implements Codec {
  readonly method = METHOD;
  readonly eventShape: Shape;
  readonly modelHash: Uint8Array;
  readonly #file: Uint8Array;
  readonly #parts: Parts;

  constructor(file: Uint8Array, parts: Parts) {
    this.#file = file;
    this.#parts = parts;
    this.eventShape = parts.settings.eventShape;
    this.modelHash = sha256(file);
  }

  encode(values: ArrayLike<number>, options: EncodeOptions = {}): Uint8Array {
    checkOptions('Codec.encode', options, ['includeModel', 'onProgress']);
    const { includeModel = false, onProgress } = options;
    const { order, levels, rows } = this.#parts.settings;
    const count = values.length / order.length;
    if (!Number.isInteger(count)) {
      throw new ShapeError({
        where: 'Codec.encode',
        argument: 'values',
        expected: `to be whole examples of ${order.length} values`,
        actual: `${values.length} values`,
      });
    }
    for (let index = 0; index < values.length; index++) checkValue(values[index]!, index, levels);
    const encoder = new RangeEncoder();
    this.#walk(count, onProgress, (table, example, variable) => {
      const symbol = values[example * order.length + order[variable]!]!;
      encoder.encode(symbol, table);
      return symbol;
    });
    return writeContainer({
      method: METHOD,
      model: this.modelHash.subarray(0, HASH_BYTES),
      ...(includeModel && { weights: this.#file }),
      ...{ count, rows, message: encoder.finish() },
    });
  }

  decode(file: Uint8Array, options: DecodeOptions = {}): DecodedExamples {
    checkOptions('Codec.decode', options, ['maxValues', 'onProgress']);
    const { maxValues = MOST_VALUES, onProgress } = options;
    checkInteger('Codec.decode', 'maxValues', maxValues, { min: 0 });
    const { method, model, count, rows, message } = readContainer(file);
    const { order, rows: own } = this.#parts.settings;
    if (method !== METHOD || rows !== own || model.some((byte, index) => byte !== this.modelHash[index])) {
      throw refused('to be written with this model', 'another model', 'read it with the model that wrote it');
    }
    if (count * order.length > maxValues) {
      throw refused(`to hold at most ${maxValues} values`, `${count * order.length}`, 'raise maxValues');
    }
    const values = new Int32Array(count * order.length);
    const decoder = new RangeDecoder(message);
    this.#walk(count, onProgress, (table, example, variable) => {
      const symbol = decoder.decode(table);
      values[example * order.length + order[variable]!] = symbol;
      return symbol;
    });
    if (!decoder.isAtEnd) throw refused('to end with its examples', 'more bytes');
    return { values, shape: [count, ...this.eventShape] };
  }

  toBytes(): Uint8Array {
    return this.#file.slice();
  }

  /** Visits every variable in the order of the message with the table of its values; gets the value that it has. */
  #walk(
    count: number,
    onProgress: EncodeOptions['onProgress'],
    visit: (table: FrequencyTable, example: number, variable: number) => number,
  ): void {
    const { order, levels, rows, precision } = this.#parts.settings;
    const { start, next } = this.#parts;
    const probabilities = new Float64Array(levels);
    for (let first = 0; first < count; first += rows) {
      const present = Math.min(rows, count - first);
      const value = new Float64Array(rows);
      let results = start.run({});
      for (let variable = 0; variable < order.length; variable++) {
        if (variable > 0) {
          results = next.run({ ...stateOf(results), value });
        }
        const logProb = results['logProb']!;
        for (let row = 0; row < present; row++) {
          for (let level = 0; level < levels; level++)
            probabilities[level] = exp(logProb[row * levels + level]!);
          value[row] = visit(FrequencyTable.of(probabilities, { precision }), first + row, variable);
        }
      }
      onProgress?.(first + present, count);
    }
  }
}

/** All results but the log-probabilities. */
function stateOf(results: Readonly<Record<string, Float64Array>>): Readonly<Record<string, Float64Array>> {
  return Object.fromEntries(Object.entries(results).filter(([name]) => name !== 'logProb'));
}

function checkValue(value: number, index: number, levels: number): void {
  if (value >>> 0 === value && value < levels) return;
  throw new DomainError({
    where: 'Codec.encode',
    argument: `value ${index}`,
    expected: `to be an integer from 0 to ${levels - 1}`,
    actual: String(value),
  });
}

/** What came from a file is checked before it is used. */
function checkSettings(settings: Readonly<Record<string, unknown>>, start: Program): Settings {
  const { eventShape, order, levels, rows, precision } = settings as unknown as Settings;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  const isFit =
    Array.isArray(eventShape) &&
    eventShape.every(isCount) &&
    Array.isArray(order) &&
    order.length === sizeOf(eventShape) &&
    new Set(order).size === order.length &&
    order.every((at) => Number.isInteger(at) && at >= 0 && at < order.length) &&
    [levels, rows, precision].every(isCount) &&
    precision <= 24 &&
    levels <= 2 ** precision &&
    sizeOf(start.parts.values[start.parts.outputs['logProb'] ?? -1]?.shape ?? []) === rows * levels;
  if (!isFit) throw notModel('settings that do not fit its programs');
  return { eventShape, order, levels, rows, precision };
}

function notModel(actual: string): SerializationError {
  return new SerializationError({
    where: 'readCodec',
    argument: 'the file',
    expected: 'to hold the model of an autoregressive codec',
    actual,
  });
}

function refused(expected: string, actual: string, remedy?: string): SerializationError {
  return new SerializationError({
    where: 'Codec.decode',
    argument: 'the file',
    expected,
    actual,
    ...(remedy !== undefined && { remedy }),
  });
}
