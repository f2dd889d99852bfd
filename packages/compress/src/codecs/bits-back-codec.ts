import { checkInteger, checkOptions, DgmError, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { FrequencyTable } from '../coders/frequency-table';
import { RansStack } from '../coders/rans';
import { exp } from '../evaluator/functions';
import type { Program } from '../evaluator/program';
import { readModelFile, writeModelFile } from '../files/model-file';
import { areFacts, LosslessCodec, notModel, unread } from './base-codec';
import type { Codec, EncodeOptions, Progress } from './codec';
import { BitSwapCoder, JointCoder } from './example-coder';
import type { ExampleCoder } from './example-coder';
import {
  areUpwards,
  hasFlow,
  isChain,
  latentPrograms,
  levelPrograms,
  unsupported,
  upwardsPrograms,
} from './latent-programs';
import type { LatentModel } from './latent-programs';
import { normalBins } from './normal-bins';
import type { NormalBins } from './normal-bins';
import { ChainPosterior, FlowPosterior, NormalPosterior } from './posterior-coder';
import type { PosteriorCoder } from './posterior-coder';

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
 * levels above, so that all bins have equal mass. Its first example draws all levels. One whose posterior goes up, such as
 * `bottomUpVae`, is coded by Bit-Swap: draws and levels take turns, and the first example draws z_1 alone. Levels below the top then
 * have bins of equal mass under normal distributions that are twice as wide as the prior's draws.
 *
 * @param model - with a prior of independent normal distributions, a posterior of such or a flow of them, and a likelihood of
 * independent entries of a finite number of levels; or with levels of normal distributions whose posterior goes down as the prior
 * does, or up with each level and x given its neighbour alone. Its present weights are copied.
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
  const { latentBits = hasFlow(model) ? 14 : 12, precision = 16 } = options;
  if (levels === undefined || levels === Infinity) {
    throw unsupported('the likelihood', 'to have a finite number of levels', String(levels));
  }
  checkInteger(where, 'latentBits', latentBits, { min: 1, max: 16 });
  checkInteger(where, 'precision', precision, { min: Math.ceil(Math.log2(levels)), max: 24 });
  const numLatents = sizeOf(latentShape);
  const programs = latentPrograms(model);
  const settings: Settings = { eventShape, levels, numLatents, latentBits, precision };
  const file = writeModelFile({ method: METHOD, settings: { ...settings }, programs });
  return new BitsBackCodec(file, { settings, programs });
}

interface Parts {
  readonly settings: Settings;
  readonly programs: Readonly<Record<string, Program>>;
}

/** Reads the model's file of such a codec. */
export function readBitsBackCodec(bytes: Uint8Array): Codec {
  const { settings, programs } = readModelFile(bytes);
  const { decode } = programs;
  const given = settings as unknown as Settings;
  const { eventShape, levels, numLatents, latentBits, precision } = given;
  const isFit =
    decode !== undefined &&
    areFacts({ eventShape, levels, rows: numLatents }) &&
    [latentBits, precision].every((bits) => Number.isInteger(bits) && bits > 0 && bits <= 24) &&
    latentBits <= 16 &&
    levels <= 2 ** precision &&
    isPosterior(programs, numLatents) &&
    decode.sizeOf('logProb') === sizeOf(eventShape) * levels;
  if (!isFit) throw notModel(METHOD, 'settings that do not fit its programs');
  const checked = { eventShape, levels, numLatents, latentBits, precision };
  return new BitsBackCodec(bytes, { settings: checked, programs });
}

/** Whether the programs of the latent variables give as many numbers as are read from them. */
function isPosterior(programs: Readonly<Record<string, Program>>, numLatents: number): boolean {
  const { encode, forward, inverse } = programs;
  const upwards = upwardsPrograms(programs);
  if (upwards.up.length > 0) return areUpwards(upwards, numLatents);
  const levels = levelPrograms(programs);
  if (levels.length > 0) return isChain(levels, numLatents);
  if (encode !== undefined) {
    return encode.sizeOf('mean') === numLatents && encode.sizeOf('std') === numLatents;
  }
  const rows = 2 * numLatents + 1;
  return forward?.sizeOf('z') === rows * numLatents && inverse?.sizeOf('e') === numLatents;
}

/** How many words the message starts with at first; more if they do not suffice. */
const SEED_WORDS = 8;
const MOST_SEED_WORDS = 2 ** 15;

class BitsBackCodec extends LosslessCodec {
  readonly #coder: ExampleCoder;

  constructor(model: Uint8Array, { settings, programs }: Parts) {
    super(model, { method: METHOD, rows: 1, ...settings });
    const { eventShape, levels, numLatents, latentBits, precision } = settings;
    const bins = normalBins(latentBits);
    const likelihood = (z: readonly number[]): readonly FrequencyTable[] => {
      const { logProb } = programs['decode']!.run({ z: Float64Array.from(z, (bin) => bins.centers[bin]!) });
      return Array.from({ length: sizeOf(eventShape) }, (_, entry) =>
        FrequencyTable.of(logProb!.subarray(entry * levels, (entry + 1) * levels).map(exp), { precision }),
      );
    };
    const upwards = upwardsPrograms(programs);
    this.#coder =
      upwards.up.length > 0
        ? new BitSwapCoder(upwards, { likelihood, bins })
        : new JointCoder(posteriorOf(programs, bins), numLatents, { likelihood, bins });
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
      this.#coder.pop(stack, values.subarray(example * size, (example + 1) * size));
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
    for (let example = 0; example < count; example++) {
      this.#coder.push(
        stack,
        Float64Array.from({ length: size }, (_, entry) => values[example * size + entry]!),
      );
      onProgress?.(example + 1, count);
    }
  }
}

function posteriorOf(programs: Readonly<Record<string, Program>>, bins: NormalBins): PosteriorCoder {
  const { encode, forward, inverse } = programs;
  const levels = levelPrograms(programs);
  if (levels.length > 0) return new ChainPosterior(levels, bins);
  return encode === undefined
    ? new FlowPosterior(forward!, inverse!, bins)
    : new NormalPosterior(encode, bins);
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
