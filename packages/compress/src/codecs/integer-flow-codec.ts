import {
  checkInteger,
  checkOptions,
  DomainError,
  NumericalError,
  SerializationError,
  sizeOf,
} from '@dgm/core';
import type { Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { decodingFrom, encodingTo } from '../coders/coder';
import type { Coder } from '../coders/coder';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { readModelFile, writeModelFile } from '../files/model-file';
import { areFacts, LosslessCodec, notModel, unread } from './base-codec';
import type { Codec, EncodeOptions, Progress } from './codec';
import {
  asGrouped,
  droppedOutput,
  entriesLogProb,
  factoredOf,
  innermostOf,
  joined,
  latentsOf,
  mapOf,
  meanOutside,
  unsupported,
} from './integer-flow-model';
import type { IntegerFlowModel } from './integer-flow-model';
import { IntegerTable } from './integer-table';

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
  /** Of the latents of the innermost scale. */
  readonly latentShape: Shape;
  /** The order in which the entries of the innermost scale are coded, if they depend on each other. */
  readonly order: readonly number[] | null;
  /** The tables hold the integers from `-reach` to `reach - 1`; others are escaped. */
  readonly reach: number;
  readonly rows: number;
  readonly precision: number;
}

const METHOD = 'integer-flow';
const FIRST_REACH = 32;
const MOST_REACH = 4096;
/** The probability of an escape that costs less than a hundredth of a bit. */
const RARE = 2 ** -12;

/**
 * A codec of an integer discrete flow: the latents $z = f^{-1}(x)$ are coded entry by entry with tables of the base. As f is one-to-one on integers, a file takes $-\log_2 \pi(z)$ bits for each example, the
 * likelihood of the model. Latents outside of the tables are escaped, so that any 32-bit integers can be coded.
 *
 * Tables of a base of independent entries are the same for all examples. With an autoregressive base, each entry has the table
 * of its conditional $\pi(z_d | z_{<d})$, which takes a pass of the base's network in either direction.
 *
 * Of a flow of several scales, such as `imageIdf`, the latents of the innermost scale come first. Each scale then has the tables of what
 * it factored out, $\pi(z_b | z_a)$, given what is decoded already.
 *
 * @param model - without context, whose base has independent entries, is an `autoregressiveBase`, or factors out independent
 *   entries scale by scale. Its present weights are copied.
 * @throws UnsupportedError if it is not over all integers, has a context, or another base
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 * @see Integer Discrete Flows and Lossless Compression (Hoogeboom et al., 2019), §3 and §4; DGM §3.2
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
  const encode = traceProgram(({ x }) => latentsOf(model, x!), { x: { shape: [rows, ...eventShape] } });
  /** The shape of an output without the axis of examples. */
  const shapeOf = ({ parts }: Program, output: string): Shape =>
    parts.values[parts.outputs[output]!]!.shape.slice(1);
  const latentShape = shapeOf(encode, 'z');
  const { order, reach, programs: innermost } = innermostPrograms(model, { latentShape, rows, precision });
  /** What the map of a scale is given: what came from the scale within, and what was factored out there, if any was. */
  let given: Readonly<Record<string, { readonly shape: Shape }>> = { z: { shape: [rows, ...latentShape] } };
  const scales: Record<string, Program> = {};
  const numScales = factoredOf(model).length;
  for (let scale = 1; scale <= numScales; scale++) {
    const program = traceProgram(({ z, dropped: within }) => {
      const base = factoredOf(model)[numScales - scale]!;
      const kept = mapOf(base.kept).forward(joined(z!, within));
      const dropped = base.dropped(kept);
      return { z: kept, logProb: entriesLogProb(dropped, { shape: base.droppedShape, rows, reach }) };
    }, given);
    scales[scaleProgram(scale)] = program;
    given = {
      z: { shape: [rows, ...shapeOf(program, 'z')] },
      dropped: { shape: [rows, ...shapeOf(encode, droppedOutput(scale))] },
    };
  }
  const decode = traceProgram(({ z, dropped }) => ({ x: model.decode(joined(z!, dropped)) }), given);
  const settings: Settings = { eventShape, latentShape, order, reach, rows, precision };
  const programs = { encode, decode, ...innermost, ...scales };
  const file = writeModelFile({ method: METHOD, settings: { ...settings }, programs });
  return new IntegerFlowCodec(file, { settings, ...partsOf(programs)! });
}

/**
 * How the latents of the innermost scale are coded: the program `tables` of the log-probabilities of each independent entry, or
 * the program `entry` of those of one entry given others. They are over enough integers that escapes are rare.
 */
function innermostPrograms(
  model: IntegerFlowModel,
  options: { readonly latentShape: Shape; readonly rows: number; readonly precision: number },
): Pick<Settings, 'order' | 'reach'> & { readonly programs: Readonly<Record<string, Program>> } {
  const { latentShape, rows, precision } = options;
  const grouped = asGrouped(innermostOf(model));
  for (let reach = FIRST_REACH; ; reach *= 2) {
    const isWidest = reach === MOST_REACH;
    const isWide = isWidest || meanOutside(model, reach) <= RARE;
    if (grouped !== undefined) {
      if (!isWide) continue;
      const entry = traceProgram(
        ({ z, element }) => {
          const base = asGrouped(innermostOf(model))!.conditionals(z!, element);
          return { logProb: entriesLogProb(base, { shape: [1], rows, reach }) };
        },
        { z: { shape: [rows, ...latentShape] }, element: { shape: [1], dtype: 'int32' } },
      );
      return { order: grouped.members.flat(), reach, programs: { entry } };
    }
    const tables = traceProgram(() => {
      const logProb = entriesLogProb(innermostOf(model), { shape: latentShape, rows: 1, reach });
      return { logProb: tf.squeeze(logProb, [0]) };
    }, {});
    const outside = integerTables(tables, { reach, precision }).map((table) => table.outside);
    if (isWidest || (isWide && outside.every((share) => share <= 2 ** -precision))) {
      return { order: null, reach, programs: { tables } };
    }
  }
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

/** Scales are counted from 1 for the innermost that factors out, in the order in which they are decoded. */
const scaleProgram = (scale: number): string => `scale/${scale}`;

interface Programs {
  readonly encode: Program;
  readonly decode: Program;
  /** The tables of the innermost scale, or of one entry of it given others. */
  readonly tables: Program | undefined;
  readonly entry: Program | undefined;
  /** The scales that factor out, the innermost first. */
  readonly scales: readonly Program[];
}

interface Parts extends Programs {
  readonly settings: Settings;
}

function partsOf(programs: Readonly<Record<string, Program>>): Programs | undefined {
  const { encode, decode, tables, entry } = programs;
  const scales: Program[] = [];
  while (programs[scaleProgram(scales.length + 1)] !== undefined) {
    scales.push(programs[scaleProgram(scales.length + 1)]!);
  }
  const isOneOfBoth = (tables === undefined) !== (entry === undefined);
  if (encode === undefined || decode === undefined || !isOneOfBoth) return undefined;
  return { encode, decode, tables, entry, scales };
}

/** How many latents of an example are coded at each scale, the innermost first. */
function sizesOf({ encode, scales }: Programs, rows: number): readonly number[] {
  const outputs = ['z', ...scales.map((_, index) => droppedOutput(index + 1))];
  return outputs.map((output) => (encode.sizeOf(output) ?? NaN) / rows);
}

/** Reads the model's file of such a codec. */
export function readIntegerFlowCodec(bytes: Uint8Array): Codec {
  const { settings, programs } = readModelFile(bytes);
  const parts = partsOf(programs);
  const { eventShape, latentShape, order, reach, rows, precision } = settings as unknown as Settings;
  const isFit =
    parts !== undefined &&
    areFacts({ eventShape, levels: reach, rows }) &&
    areFacts({ eventShape: latentShape, levels: reach, rows }) &&
    Number.isInteger(precision) &&
    precision >= 14 &&
    precision <= 24 &&
    reach <= MOST_REACH &&
    areSizes(parts, { eventShape, latentShape, reach, rows }) &&
    (parts.tables === undefined ? isOrder(order, sizeOf(latentShape)) : order === null);
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  return new IntegerFlowCodec(bytes, {
    settings: { eventShape, latentShape, order, reach, rows, precision },
    ...parts,
  });
}

/** Whether programs give as many numbers as are read from them. */
function areSizes(
  parts: Programs,
  { eventShape, latentShape, reach, rows }: Omit<Settings, 'order' | 'precision'>,
): boolean {
  const { decode, tables, entry, scales } = parts;
  const sizes = sizesOf(parts, rows);
  return (
    sizes.every((size) => Number.isInteger(size) && size > 0) &&
    sizes[0] === sizeOf(latentShape) &&
    sizes.reduce((sum, size) => sum + size, 0) === sizeOf(eventShape) &&
    decode.sizeOf('x') === rows * sizeOf(eventShape) &&
    (tables === undefined || tables.sizeOf('logProb') === 2 * reach * sizeOf(latentShape)) &&
    (entry === undefined || entry.sizeOf('logProb') === 2 * reach * rows) &&
    scales.every((scale, index) => scale.sizeOf('logProb') === 2 * reach * rows * sizes[index + 1]!)
  );
}

/** Whether it holds each of the numbers from 0 to `size - 1` once. */
function isOrder(order: unknown, size: number): boolean {
  return (
    Array.isArray(order) &&
    order.length === size &&
    new Set(order).size === size &&
    order.every((at) => Number.isInteger(at) && at >= 0 && at < size)
  );
}

class IntegerFlowCodec extends LosslessCodec {
  readonly #parts: Parts;
  /** Of the innermost scale, if they are the same for all examples. */
  readonly #tables: readonly IntegerTable[] | undefined;
  readonly #sizes: readonly number[];

  constructor(model: Uint8Array, parts: Parts) {
    const { eventShape, rows } = parts.settings;
    super(model, { method: METHOD, levels: Infinity, eventShape, rows });
    this.#parts = parts;
    this.#tables = parts.tables && integerTables(parts.tables, parts.settings);
    this.#sizes = sizesOf(parts, rows);
  }

  protected encodeMessage(
    values: ArrayLike<number>,
    count: number,
    { onProgress }: EncodeOptions,
  ): Uint8Array {
    const size = sizeOf(this.eventShape);
    const encoder = new RangeEncoder();
    const coder = encodingTo(encoder);
    this.#batches(count, onProgress, (first, present) => {
      const x = new Float64Array(this.#parts.settings.rows * size);
      for (let at = 0; at < present * size; at++) x[at] = values[first * size + at]!;
      const latents = this.#parts.encode.run({ x });
      const coded = this.#sizes.map((own, scale) => {
        const all = latents[scale === 0 ? 'z' : droppedOutput(scale)]!.slice(0, present * own);
        all.forEach((value, at) => checkLatent(value, at % own));
        return all;
      });
      this.#checkInverse(x, this.#code(coder, coded, present), first, present);
    });
    return encoder.finish();
  }

  protected decodeMessage(message: Uint8Array, values: Int32Array, onProgress: Progress | undefined): void {
    const size = sizeOf(this.eventShape);
    const decoder = new RangeDecoder(message);
    const coder = decodingFrom(decoder);
    this.#batches(values.length / size, onProgress, (first, present) => {
      const x = this.#code(coder, undefined, present);
      for (let at = 0; at < present * size; at++) {
        if ((x[at]! | 0) !== x[at]!) throw notInteger(x[at]!);
        values[first * size + at] = x[at]!;
      }
    });
    if (!decoder.isAtEnd) throw unread();
  }

  /**
   * Codes the latents of some examples, scale by scale from the innermost.
   * @param latents - of each scale, by an encoder; a decoder has none
   * @returns the data of the latents that were coded
   */
  #code(coder: Coder, latents: readonly Float64Array[] | undefined, present: number): Float64Array {
    const { scales, decode, settings } = this.#parts;
    const { rows, reach, precision } = settings;
    /** The table of row `at` of log-probabilities. */
    const tableAt = (logProb: Float64Array, at: number): IntegerTable =>
      new IntegerTable(logProb.subarray(2 * reach * at, 2 * reach * (at + 1)), { first: -reach, precision });
    const codeScale = (scale: number, tableOf: (at: number) => IntegerTable): Float64Array => {
      const coded = new Float64Array(rows * this.#sizes[scale]!);
      for (let at = 0; at < present * this.#sizes[scale]!; at++) {
        coded[at] = tableOf(at).code(coder, latents?.[scale]![at] ?? 0);
      }
      return coded;
    };
    /** Entry by entry, each given the coded ones. The encoder sees no later entry either, as the decoder has none. */
    const codeEntries = (entry: Program, order: readonly number[]): Float64Array => {
      const z = new Float64Array(rows * order.length);
      for (const element of order) {
        const logProb = entry.run({ z, element: [element] })['logProb']!;
        for (let row = 0; row < present; row++) {
          const at = row * order.length + element;
          z[at] = tableAt(logProb, row).code(coder, latents?.[0]![at] ?? 0);
        }
      }
      return z;
    };
    const tables = this.#tables;
    let given: Readonly<Record<string, Float64Array>> = {
      z:
        tables === undefined
          ? codeEntries(this.#parts.entry!, settings.order!)
          : codeScale(0, (at) => tables[at % tables.length]!),
    };
    scales.forEach((program, index) => {
      const { z, logProb } = program.run(given);
      given = { z: z!, dropped: codeScale(index + 1, (at) => tableAt(logProb!, at)) };
    });
    return decode.run(given)['x']!;
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
  #checkInverse(x: Float64Array, again: Float64Array, first: number, present: number): void {
    const size = sizeOf(this.eventShape);
    const at = x.findIndex((value, index) => index < present * size && value !== again[index]);
    if (at < 0) return;
    throw new DomainError({
      where: 'Codec.encode',
      argument: `example ${first + Math.floor(at / size)}`,
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
