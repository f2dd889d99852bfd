import { checkInteger, checkMethods, checkNumber, checkOptions } from '@dgm/core';
import type { CallOptions, SamplingLoop, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkDraws } from './checks';
import { guided } from './condition';
import { inPaintedStep, keepGiven, maskOf, type GivenEntries } from './given-entries';
import type { Observation } from './observation';
import { ancestral, type DiffusionSampler, type NoiseLevels } from './samplers';
import { noiseLevel, type NoiseLevel, type NoiseSchedule } from './schedule';

export const reverseVariances = ['posterior', 'learned'] as const;
/** The variance of the steps of a model: that of the posterior of a step, or learned. */
export type ReverseVariance = (typeof reverseVariances)[number];

/** What a network says of z. */
export interface Estimate {
  readonly xHat: Tensor;
  /** v of a learned variance. */
  readonly share?: Tensor;
}

/** $d = v\, (\ln \beta - \ln \tilde\beta) = v \ln (\sigma_t^2 / \sigma_s^2)$ */
export function excessOf(share: Tensor, { from, to }: NoiseLevels): Tensor {
  return tf.mul(tf.mul(2, share), tf.log(tf.div(from.sigma, to.sigma)));
}

/** Options of `sample`. */
export interface DiffusionSampleOptions {
  /** @defaultValue `ancestral()`, with the steps of the model if it has them */
  readonly sampler?: DiffusionSampler;
  /** The condition of each draw, `[n, contextSize]`, for a conditional model. */
  readonly context?: Tensor;
  /**
   * Classifier-free guidance w: $\hat x = \hat x_\varnothing + w (\hat x_c - \hat x_\varnothing)$, where a row of zeros is no
   * condition; train with `classContext({ classes, dropout: 0.1 })`.
   * @defaultValue 1, without guidance
   */
  readonly guidance?: number;
  /** Multiplies the noise of the start. @defaultValue 1 */
  readonly temperature?: number;
  /** In-painting: entries that stay as they are, while the others are drawn to go with them. */
  readonly given?: GivenEntries;
  /**
   * In-painting: how often each step is made, with its noise put back in between (RePaint). Entries that are drawn then see what
   * is given more than once at each noise level, and go with it better.
   * @defaultValue 1
   */
  readonly resamplings?: number;
}

const SAMPLE_OPTIONS = [
  'sampler',
  'context',
  'guidance',
  'temperature',
  'given',
  'resamplings',
] as const satisfies readonly (keyof DiffusionSampleOptions)[];

/** What a Gaussian diffusion says of the way from noise to data. */
export interface ReverseProcess {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  readonly schedule: NoiseSchedule;
  readonly observation: Observation;
  /** The number of steps of the model; undefined in continuous time. */
  readonly steps: number | undefined;
  readonly variance: ReverseVariance;
  estimate(z: Tensor, level: NoiseLevel, call?: CallOptions): Estimate;
}

/** Draws `[n, ...shape]` as a loop over the steps of a sampler. */
export function reverseLoop(
  process: ReverseProcess,
  n: number,
  options: DiffusionSampleOptions,
): SamplingLoop {
  const { schedule, observation } = process;
  const where = 'GaussianDiffusion.sample';
  checkOptions(where, options, SAMPLE_OPTIONS);
  const { sampler = ancestral(process.steps === undefined ? {} : { steps: process.steps }) } = options;
  const { context, guidance = 1, temperature = 1, given, resamplings = 1 } = options;
  checkMethods(where, 'sampler', sampler, {
    methods: ['step'],
    expected: 'to be a sampler such as ddim()',
  });
  checkDraws(where, n, { contextSize: process.contextSize, context, guidance });
  checkNumber(where, 'temperature', temperature, { min: 0 });
  checkInteger(where, 'resamplings', resamplings);
  const shape = [n, ...process.eventShape];
  const isGiven =
    given === undefined
      ? undefined
      : maskOf(where, given, { n, eventShape: process.eventShape, levels: process.levels });
  return {
    steps: sampler.times.length - 1,
    inputs: { ...(context && { context }), ...(given && { given: given.values }) },
    perStep: { from: sampler.times.slice(0, -1), to: sampler.times.slice(1) },
    start: (_, key) =>
      tf.tidy(() => ({
        z: tf.mul(temperature, key.fold('z').normal(shape)),
        // What decides the last draw, p(x | z_0), which comes after the last step.
        last: observation.decisions(shape, key.fold('x')),
        ...sampler.memory?.(shape),
      })),
    next: ({ z, last, ...memory }, inputs, key) =>
      tf.tidy(() => {
        const levelAt = (name: 'from' | 'to') => noiseLevel(schedule.gamma(inputs[name]!));
        const [from, to] = [levelAt('from'), levelAt('to')];
        const denoise = (z: Tensor, level: NoiseLevel): Tensor =>
          guided(
            z,
            { context: inputs['context'], guidance },
            (z, context) => process.estimate(z, level, context && { context }).xHat,
          );
        const reverse = (z: Tensor, { from, to }: NoiseLevels) => {
          const both = guided(z, { context: inputs['context'], guidance }, (z, context) => {
            const { xHat, share } = process.estimate(z, from, context && { context });
            return tf.stack([xHat, excessOf(share!, { from, to })], -1);
          });
          const [xHat, excess] = tf.unstack(both, -1) as [Tensor, Tensor];
          return { xHat, excess };
        };
        const at = {
          ...{ z: z!, from, to, denoise, memory, key },
          ...(process.variance === 'learned' && { reverse }),
        };
        const made =
          isGiven === undefined
            ? sampler.step(at)
            : inPaintedStep(sampler, at, {
                resamplings,
                keep: (drawn, key) => {
                  const noised = observation.noised(inputs['given']!, to, key.fold('given').normal(shape));
                  return keepGiven(isGiven, noised, drawn);
                },
              });
        return { z: made.z, last: tf.clone(last!), ...made.memory };
      }),
    finish: ({ z, last }) =>
      tf.tidy(() => {
        const drawn = observation.draw(z!, last!, noiseLevel(schedule.gamma(tf.scalar(0))));
        return isGiven === undefined ? drawn : keepGiven(isGiven, given!.values, drawn);
      }),
  };
}
