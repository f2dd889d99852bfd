import { checkInteger, checkOptions, sizeOf } from '@dgm/core';
import type { ConditionalLoopModel, LoopTensors, Shape } from '@dgm/core';
import type { InputSpec } from '@dgm/compile';
import { FrequencyTable } from '../coders/frequency-table';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import { exp } from '../evaluator/functions';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { readModelFile, writeModelFile } from '../files/model-file';
import { areFacts, LosslessCodec, notModel, unread } from './base-codec';
import type { Codec, EncodeOptions, Progress } from './codec';

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
 * const model = made({ shape: [64], hidden: [128], likelihood: categoricalHead({ shape: [], levels: 17 }), key });
 * const codec = autoregressiveCodec(model);
 * const file = codec.encode(data.test.values);
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
  if (start === undefined || next === undefined) throw notModel(METHOD, 'no programs start and next');
  return new AutoregressiveCodec(bytes, { settings: checkSettings(settings, start), start, next });
}

class AutoregressiveCodec extends LosslessCodec {
  readonly #parts: Parts;

  constructor(model: Uint8Array, parts: Parts) {
    super(model, { method: METHOD, ...parts.settings });
    this.#parts = parts;
  }

  protected encodeMessage(
    values: ArrayLike<number>,
    count: number,
    { onProgress }: EncodeOptions,
  ): Uint8Array {
    const { order } = this.#parts.settings;
    const encoder = new RangeEncoder();
    this.#walk(count, onProgress, (table, example, variable) => {
      const symbol = values[example * order.length + order[variable]!]!;
      encoder.encode(symbol, table);
      return symbol;
    });
    return encoder.finish();
  }

  protected decodeMessage(message: Uint8Array, values: Int32Array, onProgress: Progress | undefined): void {
    const { order } = this.#parts.settings;
    const decoder = new RangeDecoder(message);
    this.#walk(values.length / order.length, onProgress, (table, example, variable) => {
      const symbol = decoder.decode(table);
      values[example * order.length + order[variable]!] = symbol;
      return symbol;
    });
    if (!decoder.isAtEnd) throw unread();
  }

  /** Visits every variable in the order of the message with the table of its values; gets the value that it has. */
  #walk(
    count: number,
    onProgress: Progress | undefined,
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

/** What came from a file is checked before it is used. */
function checkSettings(settings: Readonly<Record<string, unknown>>, start: Program): Settings {
  const { eventShape, order, levels, rows, precision } = settings as unknown as Settings;
  const isFit =
    areFacts({ eventShape, levels, rows }) &&
    Array.isArray(order) &&
    order.length === sizeOf(eventShape) &&
    new Set(order).size === order.length &&
    order.every((at) => Number.isInteger(at) && at >= 0 && at < order.length) &&
    Number.isInteger(precision) &&
    precision > 0 &&
    precision <= 24 &&
    levels <= 2 ** precision &&
    start.sizeOf('logProb') === rows * levels;
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  return { eventShape, order, levels, rows, precision };
}
