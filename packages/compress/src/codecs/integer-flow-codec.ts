import {
  checkInteger,
  checkOptions,
  DomainError,
  NumericalError,
  SerializationError,
  sizeOf,
  UnsupportedError,
} from '@dgm/core';
import type { Distribution, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { decodingFrom, encodingTo } from '../coders/coder';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { readModelFile, writeModelFile } from '../files/model-file';
import { areFacts, LosslessCodec, notModel, unread } from './base-codec';
import type { Codec, EncodeOptions, Progress } from './codec';
import { IntegerTable } from './integer-table';

/** An invertible map of integers with a base over all integers: `Flow` of `@dgm/flows`, for example. */
export interface IntegerFlowModel {
  readonly eventShape: Shape;
  /** Infinity: the map and its base are defined on all integers. */
  readonly levels: number | undefined;
  readonly contextSize: number;
  /** The latents of data, `[n, ...latent]`. */
  encode(x: Tensor): Tensor;
  /** The data of latents, `[n, ...event]`. */
  decode(z: Tensor): Tensor;
  /** $p(x)$, as a transformed base. */
  given(): Distribution & { readonly base: Distribution };
}

export interface IntegerFlowCodecOptions {
  /**
   * How many examples pass through the flow at a time: more take more memory and less time for each.
   * @defaultValue 32
   */
  readonly rows?: number;
  /**
   * Probabilities are rounded to multiples of `2 ** -precision`.
   * @defaultValue 16
   */
  readonly precision?: number;
}

interface Settings {
  readonly eventShape: Shape;
  readonly latentShape: Shape;
  /** The tables hold the integers from `-reach` to `reach - 1`; others are escaped. */
  readonly reach: number;
  readonly rows: number;
  readonly precision: number;
}

const METHOD = 'integer-flow';
const FIRST_REACH = 32;
const MOST_REACH = 4096;

/**
 * A codec of an integer discrete flow: the latents $z = f^{-1}(x)$ are coded entry by entry with tables of the base, which are
 * the same for all examples. As f is one-to-one on integers, a file takes $-\log_2 \pi(z)$ bits for each example, the
 * likelihood of the model. Latents outside of the tables are escaped, so that any 32-bit integers can be coded.
 *
 * @param model - whose base has independent entries and no context: one scale, and no autoregressive base. Its present
 * weights are copied.
 * @throws UnsupportedError if it is not over all integers, has a context, or its base has entries that depend on each other
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 * @see Integer Discrete Flows and Lossless Compression (Hoogeboom et al., 2019), §3; DGM §3.2
 *
 * @example
 * ```ts
 * const codec = integerFlowCodec(idf({ dims: 64, key }));
 * codec.decode(codec.encode(data.test.values)).values; // the same integers
 * ```
 */
export function integerFlowCodec(model: IntegerFlowModel, options: IntegerFlowCodecOptions = {}): Codec {
  const where = 'integerFlowCodec';
  checkOptions(where, options, ['rows', 'precision']);
  const { rows = 32, precision = 16 } = options;
  checkInteger(where, 'rows', rows);
  checkInteger(where, 'precision', precision, { min: 14, max: 24 });
  const { eventShape } = model;
  if (model.levels !== Infinity) {
    throw unsupported('the model', 'to be over all integers', `one of ${model.levels} levels`);
  }
  if (model.contextSize !== 0) throw unsupported('the model', 'to have no context', 'a conditional one');
  const encode = traceProgram(({ x }) => ({ z: model.encode(x!) }), { x: { shape: [rows, ...eventShape] } });
  const latentShape = encode.parts.values[encode.parts.outputs['z']!]!.shape.slice(1);
  const decode = traceProgram(({ z }) => ({ x: model.decode(z!) }), { z: { shape: [rows, ...latentShape] } });
  const { tables, reach } = tablesOf(model, { latentShape, precision });
  const settings: Settings = { eventShape, latentShape, reach, rows, precision };
  const programs = { encode, decode, tables };
  const file = writeModelFile({ method: METHOD, settings: { ...settings }, programs });
  return new IntegerFlowCodec(file, { settings, ...programs });
}

/** The program of the base's log-probabilities of each entry, over enough integers to hold all but `2 ** -precision`. */
function tablesOf(
  model: IntegerFlowModel,
  { latentShape, precision }: { readonly latentShape: Shape; readonly precision: number },
): { readonly tables: Program; readonly reach: number } {
  for (let reach = FIRST_REACH; ; reach *= 2) {
    const tables = traceProgram(() => {
      const values = tf.reshape(tf.range(-reach, reach), [2 * reach, ...latentShape.map(() => 1)]);
      const logProb = entriesOf(model.given().base).logProb(values);
      return { logProb: tf.transpose(tf.reshape(logProb, [2 * reach, sizeOf(latentShape)])) };
    }, {});
    const outside = integerTables(tables, { reach, precision }).map((table) => table.outside);
    if (reach === MOST_REACH || outside.every((share) => share <= 2 ** -precision)) return { tables, reach };
  }
}

/** The distribution of each entry. */
function entriesOf(base: Distribution): Distribution {
  const own = base as Partial<{ kind: string; base: Distribution; row: Distribution }>;
  if (own.kind === 'Independent' && own.base?.eventShape.length === 0) return own.base;
  if (own.row !== undefined) return entriesOf(own.row);
  throw unsupported('the base', 'to have independent entries', own.kind ?? 'another distribution');
}

function integerTables(
  tables: Program,
  { reach, precision }: Pick<Settings, 'reach' | 'precision'>,
): readonly IntegerTable[] {
  const logProb = tables.run({})['logProb']!;
  return Array.from(
    { length: logProb.length / (2 * reach) },
    (_, entry) =>
      new IntegerTable(logProb.subarray(2 * reach * entry, 2 * reach * (entry + 1)), {
        first: -reach,
        precision,
      }),
  );
}

function unsupported(argument: string, expected: string, actual: string): UnsupportedError {
  return new UnsupportedError({ where: 'integerFlowCodec', argument, expected, actual });
}

interface Parts {
  readonly settings: Settings;
  readonly encode: Program;
  readonly decode: Program;
  readonly tables: Program;
}

/** Reads the model's file of such a codec. */
export function readIntegerFlowCodec(bytes: Uint8Array): Codec {
  const { settings, programs } = readModelFile(bytes);
  const { encode, decode, tables } = programs;
  const { eventShape, latentShape, reach, rows, precision } = settings as unknown as Settings;
  const isFit =
    encode !== undefined &&
    decode !== undefined &&
    tables !== undefined &&
    areFacts({ eventShape, levels: reach, rows }) &&
    areFacts({ eventShape: latentShape, levels: reach, rows }) &&
    sizeOf(eventShape) === sizeOf(latentShape) &&
    Number.isInteger(precision) &&
    precision >= 14 &&
    precision <= 24 &&
    reach <= MOST_REACH &&
    encode.sizeOf('z') === rows * sizeOf(latentShape) &&
    decode.sizeOf('x') === rows * sizeOf(eventShape) &&
    tables.sizeOf('logProb') === 2 * reach * sizeOf(latentShape);
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  const checked = { eventShape, latentShape, reach, rows, precision };
  return new IntegerFlowCodec(bytes, { settings: checked, encode, decode, tables });
}

class IntegerFlowCodec extends LosslessCodec {
  readonly #parts: Parts;
  readonly #tables: readonly IntegerTable[];

  constructor(model: Uint8Array, parts: Parts) {
    const { eventShape, rows } = parts.settings;
    super(model, { method: METHOD, levels: Infinity, eventShape, rows });
    this.#parts = parts;
    this.#tables = integerTables(parts.tables, parts.settings);
  }

  protected encodeMessage(
    values: ArrayLike<number>,
    count: number,
    { onProgress }: EncodeOptions,
  ): Uint8Array {
    const size = this.#tables.length;
    const encoder = new RangeEncoder();
    const coder = encodingTo(encoder);
    this.#batches(count, onProgress, (first, present) => {
      const x = new Float64Array(this.#parts.settings.rows * size);
      for (let at = 0; at < present * size; at++) x[at] = values[first * size + at]!;
      const z = this.#parts.encode.run({ x })['z']!;
      for (let at = 0; at < present * size; at++) checkLatent(z[at]!, at % size);
      this.#checkInverse(x, z, first);
      for (let at = 0; at < present * size; at++) this.#tables[at % size]!.code(coder, z[at]!);
    });
    return encoder.finish();
  }

  protected decodeMessage(message: Uint8Array, values: Int32Array, onProgress: Progress | undefined): void {
    const size = this.#tables.length;
    const decoder = new RangeDecoder(message);
    const coder = decodingFrom(decoder);
    this.#batches(values.length / size, onProgress, (first, present) => {
      const z = new Float64Array(this.#parts.settings.rows * size);
      for (let at = 0; at < present * size; at++) z[at] = this.#tables[at % size]!.code(coder, 0);
      const x = this.#parts.decode.run({ z })['x']!;
      for (let at = 0; at < present * size; at++) {
        if ((x[at]! | 0) !== x[at]!) throw notInteger(x[at]!);
        values[first * size + at] = x[at]!;
      }
    });
    if (!decoder.isAtEnd) throw unread();
  }

  #batches(
    count: number,
    onProgress: Progress | undefined,
    visit: (first: number, present: number) => void,
  ): void {
    const { rows } = this.#parts.settings;
    for (let first = 0; first < count; first += rows) {
      const present = Math.min(rows, count - first);
      visit(first, present);
      onProgress?.(first + present, count);
    }
  }

  /** Sums of integers are exact below 2^53. Beyond, a coupling may not be one-to-one. */
  #checkInverse(x: Float64Array, z: Float64Array, first: number): void {
    const again = this.#parts.decode.run({ z })['x']!;
    const at = x.findIndex((value, index) => value !== again[index]);
    if (at < 0) return;
    throw new DomainError({
      where: 'Codec.encode',
      argument: `example ${first + Math.floor(at / this.#tables.length)}`,
      expected: 'to have latents that give it back',
      actual: `${again[at]} for ${x[at]}`,
      remedy: 'values this far outside of the training data are beyond what the flow computes exactly',
    });
  }
}

function checkLatent(value: number, entry: number): void {
  if (Number.isSafeInteger(value)) return;
  throw new NumericalError({
    where: 'Codec.encode',
    argument: `latent ${entry}`,
    expected: 'to be an integer below 2 ** 53',
    actual: String(value),
  });
}

function notInteger(actual: number): SerializationError {
  return new SerializationError({
    where: 'Codec.decode',
    argument: 'the file',
    expected: 'to hold 32-bit integers',
    actual: String(actual),
    remedy: 'the file is damaged: get it again',
  });
}
