import { checkInteger, checkOptions, DgmError, sizeOf, UnsupportedError } from '@dgm/core';
import type { Bijector, CallOptions, Distribution, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { FrequencyTable } from '../coders/frequency-table';
import { RansStack } from '../coders/rans';
import { exp } from '../evaluator/functions';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { readModelFile, writeModelFile } from '../files/model-file';
import { areFacts, LosslessCodec, notModel, unread } from './base-codec';
import type { Codec, EncodeOptions, Progress } from './codec';
import { normalBins } from './normal-bins';
import type { NormalBins } from './normal-bins';
import { ChainPosterior, FlowPosterior, NormalPosterior } from './posterior-coder';
import type { PosteriorCoder } from './posterior-coder';

/** A model with latent variables: `Vae` of `@dgm/vae`, for example. */
export interface LatentModel {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly latentShape: Shape;
  /** $q(z|x)$: independent normal distributions, a flow of them, or a chain of levels of them. */
  encode(x: Tensor): Distribution;
  /** $p(x|z)$: independent entries. */
  decode(z: Tensor): Distribution;
  /** $p(z)$: independent normal distributions, or a chain of levels of them. */
  prior(): Distribution;
}

export interface BitsBackCodecOptions {
  /**
   * Each latent variable is rounded to one of `2 ** latentBits` bins of equal mass under the prior.
   * @defaultValue 12, and 14 where the posterior is a flow
   */
  readonly latentBits?: number;
  /**
   * Probabilities of values are rounded to multiples of `2 ** -precision`.
   * @defaultValue 16
   */
  readonly precision?: number;
}

interface Settings {
  readonly eventShape: Shape;
  readonly levels: number;
  readonly numLatents: number;
  readonly latentBits: number;
  readonly precision: number;
}

const METHOD = 'bits-back';

/**
 * A codec of a model with latent variables, by bits-back coding with ANS (BB-ANS): z is drawn from $q(z|x)$ with bits of the
 * message so far, x is pushed by $p(x|z)$ and z by $p(z)$. The decoder gets the bits of the draw back, so that an example
 * takes $-\mathrm{ELBO}(x)$ in the mean. The first examples draw with bits that the file starts with, some 20 bytes.
 *
 * A posterior that is a flow, such as `iaf`, is coded by local bits-back coding, and its first draws take more bits.
 *
 * A hierarchy whose posterior goes down, such as `topDownVae`, is drawn level by level from the top, each in units of its prior given the
 * levels above, so that all bins have equal mass. Its first example draws all levels. Interleaving draws and levels as Bit-Swap
 * does is possible for a posterior that goes up alone.
 *
 * @param model - with a prior of independent normal distributions, a posterior of such or a flow of them, and a likelihood of
 * independent entries of a finite number of levels; or with levels of normal distributions from the top down. Its present weights
 * are copied.
 * @throws UnsupportedError if its distributions are others
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 * @see Practical lossless compression with latent variables using bits back coding (Townsend, Bird and Barber, 2019).
 * Compression with Flows via Local Bits-Back Coding (Ho, Lohn and Abbeel, 2019). Bit-Swap: Recursive Bits-Back Coding for Lossless
 * Compression with Hierarchical Latent Variables (Kingma, Abbeel and Ho, 2019)
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * const codec = bitsBackCodec(model);
 * codec.decode(codec.encode(data.test.values)).values; // the same integers
 * ```
 */
export function bitsBackCodec(model: LatentModel, options: BitsBackCodecOptions = {}): Codec {
  const where = 'bitsBackCodec';
  checkOptions(where, options, ['latentBits', 'precision']);
  const { eventShape, levels, latentShape } = model;
  const isFlow = hasFlow(model);
  const { latentBits = isFlow ? 14 : 12, precision = 16 } = options;
  if (levels === undefined || levels === Infinity) {
    throw unsupported('the likelihood', 'to have a finite number of levels', String(levels));
  }
  checkInteger(where, 'latentBits', latentBits, { min: 1, max: 16 });
  checkInteger(where, 'precision', precision, { min: Math.ceil(Math.log2(levels)), max: 24 });
  const numLatents = sizeOf(latentShape);
  const chain = chainOf(model);
  const posterior = chain ? tracedChain(model, chain) : isFlow ? tracedFlow(model) : tracedNormal(model);
  const decode = traceProgram(
    ({ z }) => {
      const scaled = chain ? latentsOf(model, chain, z!) : scaledByPrior(model, z!);
      const entries = entriesOf('the likelihood', model.decode(scaled));
      const values = tf.reshape(tf.range(0, levels), [levels, 1, ...eventShape.map(() => 1)]);
      return { logProb: tf.transpose(tf.reshape(entries.logProb(values), [levels, sizeOf(eventShape)])) };
    },
    { z: { shape: [numLatents] } },
  );
  const settings: Settings = { eventShape, levels, numLatents, latentBits, precision };
  const programs = { ...posterior, decode };
  const file = writeModelFile({ method: METHOD, settings: { ...settings }, programs });
  return new BitsBackCodec(file, { settings, programs });
}

/** Latent variables in units of the prior, `[1, ...latent]`, as the likelihood takes them. */
function scaledByPrior(model: LatentModel, e: Tensor): Tensor {
  const prior = normalOf('the prior', model.prior());
  return tf.add(tf.mul(tf.reshape(e, [1, ...model.latentShape]), prior.std), prior.mean);
}

/** The posterior in units of the prior, whose bins are then those of the standard normal distribution. */
function tracedNormal(model: LatentModel): Readonly<Record<string, Program>> {
  const encode = traceProgram(
    ({ x }) => {
      const prior = normalOf('the prior', model.prior());
      const posterior = normalOf('the posterior', model.encode(x!));
      return {
        mean: tf.div(tf.sub(posterior.mean, prior.mean), prior.std),
        std: tf.div(posterior.std, prior.std),
      };
    },
    { x: { shape: [1, ...model.eventShape] } },
  );
  return { encode };
}

/** A flow's map of standard normal noise to latent variables in units of the prior, and its inverse. */
function tracedFlow(model: LatentModel): Readonly<Record<string, Program>> {
  const { eventShape, latentShape } = model;
  const size = sizeOf(latentShape);
  const rows = 2 * size + 1;
  const forward = traceProgram(
    ({ x, e }) => {
      const prior = normalOf('the prior', model.prior());
      const many = tf.tile(x!, [rows, ...eventShape.map(() => 1)]);
      const { base, bijector, call } = flowOf(model.encode(many))!;
      const start = normalOf('the base of the posterior', base);
      const noise = tf.reshape(e!, [rows, ...latentShape]);
      const { y } = bijector.forwardAndLogDet(tf.add(start.mean, tf.mul(start.std, noise)), call);
      return { z: tf.reshape(tf.div(tf.sub(y, prior.mean), prior.std), [rows, size]) };
    },
    { x: { shape: [1, ...eventShape] }, e: { shape: [rows, size] } },
  );
  const inverse = traceProgram(
    ({ x, z }) => {
      const prior = normalOf('the prior', model.prior());
      const { base, bijector, call } = flowOf(model.encode(x!))!;
      const start = normalOf('the base of the posterior', base);
      const y = tf.add(prior.mean, tf.mul(prior.std, tf.reshape(z!, [1, ...latentShape])));
      const noise = bijector.inverseAndLogDet(y, call).z;
      return { e: tf.reshape(tf.div(tf.sub(noise, start.mean), start.std), [1, size]) };
    },
    { x: { shape: [1, ...eventShape] }, z: { shape: [1, size] } },
  );
  return { forward, inverse };
}

/** The levels of a hierarchy. */
interface Chain {
  /** The number of variables of each level, z_1 first. */
  readonly sizes: readonly number[];
  /** The levels, counted from 0, in the order in which they are drawn. */
  readonly order: readonly number[];
}

interface ChainOfNormals extends Distribution, Chain {
  /** The distribution of a level given those drawn before it. */
  factor(level: number, drawn: readonly (Tensor | undefined)[]): Distribution;
}

function asChain(distribution: Distribution): ChainOfNormals | undefined {
  const { kind } = distribution as Partial<{ kind: string }>;
  return kind === 'LevelChain' ? (distribution as ChainOfNormals) : undefined;
}

/**
 * The levels of a hierarchy; undefined for a model without levels.
 * @throws UnsupportedError for one whose posterior draws a level before those that its prior depends on
 */
function chainOf(model: LatentModel): Chain | undefined {
  let found: Chain | undefined;
  tf.tidy(() => {
    const prior = asChain(model.prior());
    const posterior = asChain(model.encode(tf.zeros([1, ...model.eventShape])));
    if (prior === undefined || posterior === undefined) return;
    const { sizes, order } = prior;
    if (order.some((level, at) => level !== posterior.order[at])) {
      throw unsupported('the posterior', 'to go down as the prior does', 'one that goes up');
    }
    found = { sizes, order };
  });
  return found;
}

/** Draws in units of the priors of the levels, in the order in which these are drawn, as latent variables of the levels. */
function drawnLevels(prior: ChainOfNormals, { sizes, order }: Chain, e: Tensor): Tensor[] {
  const drawn: Tensor[] = [];
  let start = 0;
  for (const level of order) {
    const own = normalOf('the prior', prior.factor(level, drawn));
    const part = tf.slice(tf.reshape(e, [1, -1]), [0, start], [1, sizes[level]!]);
    drawn[level] = tf.add(own.mean, tf.mul(own.std, part));
    start += sizes[level]!;
  }
  return drawn;
}

function latentsOf(model: LatentModel, chain: Chain, e: Tensor): Tensor {
  return tf.concat(drawnLevels(asChain(model.prior())!, chain, e), -1);
}

/** The posterior of each level in units of its prior, given draws of the levels above. */
function tracedChain(model: LatentModel, chain: Chain): Readonly<Record<string, Program>> {
  const programs = chain.order.map((level, at) => {
    const program = traceProgram(
      ({ x, e }) => {
        const [prior, q] = [asChain(model.prior())!, asChain(model.encode(x!))!];
        const all = drawnLevels(prior, chain, e!);
        const above: Tensor[] = [];
        for (const other of chain.order.slice(0, at)) above[other] = all[other]!;
        const own = normalOf('the prior', prior.factor(level, above));
        const posterior = normalOf('the posterior', q.factor(level, above));
        return {
          mean: tf.div(tf.sub(posterior.mean, own.mean), own.std),
          std: tf.div(posterior.std, own.std),
        };
      },
      { x: { shape: [1, ...model.eventShape] }, e: { shape: [sizeOf(model.latentShape)] } },
    );
    return [levelProgram(at), program] as const;
  });
  return Object.fromEntries(programs);
}

/** The name of the program of a level, by its place in the order in which they are drawn. */
const levelProgram = (at: number): string => `encode/${at}`;

/** The programs of the levels; none for a model without levels. */
function levelPrograms(programs: Readonly<Record<string, Program>>): readonly Program[] {
  const found: Program[] = [];
  while (programs[levelProgram(found.length)] !== undefined) {
    found.push(programs[levelProgram(found.length)]!);
  }
  return found;
}

interface FlowOfNormals extends Distribution {
  readonly base: Distribution;
  readonly bijector: Bijector;
  readonly call: CallOptions;
}

/** The distribution as a flow; undefined if it is none. */
function flowOf(distribution: Distribution): FlowOfNormals | undefined {
  const { kind, base, bijector } = distribution as Partial<FlowOfNormals>;
  const isFlow = kind === 'Transformed' && base !== undefined && bijector !== undefined;
  return isFlow ? (distribution as FlowOfNormals) : undefined;
}

/** Whether the posterior is a flow. */
function hasFlow(model: LatentModel): boolean {
  return tf.tidy(() => flowOf(model.encode(tf.zeros([1, ...model.eventShape]))) !== undefined);
}

/** The distribution of each entry. */
function entriesOf(argument: string, distribution: Distribution): Distribution {
  const { kind, base } = distribution as Partial<{ kind: string; base: Distribution }>;
  if (kind === 'Independent' && base?.eventShape.length === 0) return base;
  throw unsupported(argument, 'to have independent entries', kind ?? 'another distribution');
}

function normalOf(
  argument: string,
  distribution: Distribution,
): { readonly mean: Tensor; readonly std: Tensor } {
  const { kind } = entriesOf(argument, distribution) as Partial<{ kind: string }>;
  const { mean, variance } = distribution;
  if (kind === 'Normal' && mean !== undefined && variance !== undefined) {
    return { mean: mean.call(distribution), std: tf.sqrt(variance.call(distribution)) };
  }
  throw unsupported(argument, 'to be of independent normal distributions', kind ?? 'others');
}

function unsupported(argument: string, expected: string, actual: string): UnsupportedError {
  return new UnsupportedError({ where: 'bitsBackCodec', argument, expected, actual });
}

/** Whether the programs of levels describe so many latent variables. */
function isChain(levels: readonly Program[], numLatents: number): boolean {
  const means = levels.map((level) => level.sizeOf('mean'));
  return (
    means.reduce<number>((sum, size) => sum + (size ?? NaN), 0) === numLatents &&
    levels.every((level, at) => level.sizeOf('std') === means[at])
  );
}

interface Parts {
  readonly settings: Settings;
  readonly programs: Readonly<Record<string, Program>>;
}

/** Reads the model's file of such a codec. */
export function readBitsBackCodec(bytes: Uint8Array): Codec {
  const { settings, programs } = readModelFile(bytes);
  const { encode, forward, inverse, decode } = programs;
  const given = settings as unknown as Settings;
  const { eventShape, levels, numLatents, latentBits, precision } = given;
  const rows = 2 * numLatents + 1;
  const chain = levelPrograms(programs);
  const isPosterior =
    chain.length > 0
      ? isChain(chain, numLatents)
      : encode === undefined
        ? forward?.sizeOf('z') === rows * numLatents && inverse?.sizeOf('e') === numLatents
        : encode.sizeOf('mean') === numLatents && encode.sizeOf('std') === numLatents;
  const isFit =
    decode !== undefined &&
    areFacts({ eventShape, levels, rows: numLatents }) &&
    [latentBits, precision].every((bits) => Number.isInteger(bits) && bits > 0 && bits <= 24) &&
    latentBits <= 16 &&
    levels <= 2 ** precision &&
    isPosterior &&
    decode.sizeOf('logProb') === sizeOf(eventShape) * levels;
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  const checked = { eventShape, levels, numLatents, latentBits, precision };
  return new BitsBackCodec(bytes, { settings: checked, programs });
}

/** How many words the message starts with at first; more if they do not suffice. */
const SEED_WORDS = 8;
const MOST_SEED_WORDS = 2 ** 15;

class BitsBackCodec extends LosslessCodec {
  readonly #parts: Parts;
  readonly #bins: NormalBins;
  readonly #posterior: PosteriorCoder;

  constructor(model: Uint8Array, parts: Parts) {
    super(model, { method: METHOD, rows: 1, ...parts.settings });
    this.#parts = parts;
    this.#bins = normalBins(parts.settings.latentBits);
    const { encode, forward, inverse } = parts.programs;
    const levels = levelPrograms(parts.programs);
    this.#posterior =
      levels.length > 0
        ? new ChainPosterior(levels, this.#bins)
        : encode === undefined
          ? new FlowPosterior(forward!, inverse!, this.#bins)
          : new NormalPosterior(encode, this.#bins);
  }

  protected encodeMessage(
    values: ArrayLike<number>,
    count: number,
    { onProgress }: EncodeOptions,
  ): Uint8Array {
    for (let words = count === 0 ? 0 : SEED_WORDS; ; words *= 2) {
      const stack = seeded(words);
      try {
        this.#encodeAll(stack, values, count, onProgress);
      } catch (error) {
        if (words < MOST_SEED_WORDS && DgmError.is(error, 'serialization')) continue;
        throw error;
      }
      const message = stack.toBytes();
      return Uint8Array.of(words >>> 8, words & 0xff, ...message);
    }
  }

  protected decodeMessage(message: Uint8Array, values: Int32Array, onProgress: Progress | undefined): void {
    const size = sizeOf(this.eventShape);
    const count = values.length / size;
    const words = message.length < 2 ? 0 : message[0]! * 256 + message[1]!;
    const stack = RansStack.from(message.subarray(2));
    // Last in, first out.
    for (let example = count - 1; example >= 0; example--) {
      this.#pop(stack, values.subarray(example * size, (example + 1) * size));
      onProgress?.(count - example, count);
    }
    const start = seeded(words).toBytes();
    const left = stack.toBytes();
    if (left.length !== start.length || left.some((byte, index) => byte !== start[index])) throw unread();
  }

  #encodeAll(
    stack: RansStack,
    values: ArrayLike<number>,
    count: number,
    onProgress: Progress | undefined,
  ): void {
    const size = sizeOf(this.eventShape);
    const { latentBits } = this.#parts.settings;
    for (let example = 0; example < count; example++) {
      const x = Float64Array.from({ length: size }, (_, entry) => values[example * size + entry]!);
      const bins = this.#posterior.pop(stack, x);
      const tables = this.#likelihood(bins);
      tables.forEach((table, entry) => stack.push(x[entry]!, table));
      for (const bin of bins) stack.pushBits(bin, latentBits);
      onProgress?.(example + 1, count);
    }
  }

  /** The inverse of one round of `#encodeAll`, each step in reverse. */
  #pop(stack: RansStack, x: Int32Array): void {
    const { latentBits, numLatents } = this.#parts.settings;
    const bins = new Array<number>(numLatents);
    for (let latent = numLatents - 1; latent >= 0; latent--) bins[latent] = stack.popBits(latentBits);
    const tables = this.#likelihood(bins);
    for (let entry = x.length - 1; entry >= 0; entry--) x[entry] = stack.pop(tables[entry]!);
    this.#posterior.push(stack, x, bins);
  }

  #likelihood(bins: readonly number[]): FrequencyTable[] {
    const { levels, precision } = this.#parts.settings;
    const z = Float64Array.from(bins, (bin) => this.#bins.centers[bin]!);
    const { logProb } = this.#parts.programs['decode']!.run({ z });
    return Array.from({ length: sizeOf(this.eventShape) }, (_, entry) =>
      FrequencyTable.of(logProb!.subarray(entry * levels, (entry + 1) * levels).map(exp), { precision }),
    );
  }
}

/** A message to draw the first latent variables from: the same bits in encoder and decoder. */
function seeded(words: number): RansStack {
  const stack = new RansStack();
  let state = 1;
  for (let word = 0; word < words; word++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    stack.pushBits(state >>> 16, 16);
  }
  return stack;
}
