import { checkGiven, checkInteger, checkThat, formatShape, ShapeError } from '@dgm/core';
import type { CallOptions, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The integers from 0 to `levels` - 1 as numbers from -1 to 1; real numbers, without levels, as they are. */
export function toNetworks(x: Tensor, levels: number | undefined): Tensor {
  return levels === undefined ? x : tf.sub(tf.mul(x, 2 / (levels - 1)), 1);
}

/** The integers nearest to numbers from -1 to 1, where what lies outside goes to the nearer end; real numbers as they are. */
export function fromNetworks(x: Tensor, levels: number | undefined): Tensor {
  if (levels === undefined) return x;
  const scaled = tf.mul(tf.add(x, 1), (levels - 1) / 2);
  return tf.clipByValue(tf.floor(tf.add(scaled, 0.5)), 0, levels - 1);
}

/** What a network sees: x, or x flat with its context beside it. */
export function beside(x: Tensor, context: Tensor | undefined): Tensor {
  return context === undefined ? x : tf.concat([tf.reshape(x, [x.shape[0]!, -1]), context], 1);
}

/** A generator of examples from noise. */
export interface GeneratorOptions {
  /** G, from latent variables `[n, latent]` to examples `[n, ...event]`. */
  readonly generator: NetworkLike;
  /** The number of latent variables, which are standard normal. */
  readonly latent: number;
  /**
   * The number of values of discrete data, the integers from 0 to `levels` - 1. All networks see them as numbers from -1 to 1, and
   * samples are rounded to integers. Defaults to real numbers, which all networks see as they are.
   */
  readonly levels?: number;
}

/**
 * Checks the numbers of {@link GeneratorOptions}, and that the options of these names are given.
 * @throws ArgumentError naming `where`
 */
export function checkGenerator<Name extends string>(
  where: string,
  options: GeneratorOptions & Readonly<Partial<Record<Name, unknown>>>,
  networks: readonly Name[],
): void {
  const { latent, levels } = options;
  checkInteger(where, 'latent', latent);
  if (levels !== undefined) checkInteger(where, 'levels', levels, { min: 2 });
  for (const name of networks) checkGiven(where, name, options[name], 'to be a network');
}

/** The rows of a trial run of a network. */
const TRIAL_ROWS = 2;

/**
 * Runs networks once, to find out the shape of an example and what does not fit.
 * @param run - makes examples of a number of rows, and checks what else there is with {@link checkOutput}
 */
export function trialShape(run: (n: number) => Tensor): Shape {
  let shape: Shape = [];
  tf.tidy(() => {
    shape = run(TRIAL_ROWS).shape.slice(1);
  });
  return shape;
}

/** Checks that a network gave vectors of one of some sizes, by {@link checkOutput}. */
export function checkVectors(where: string, network: string, output: Tensor, ...sizes: number[]): void {
  checkOutput(where, network, output, {
    shape: sizes.map((size) => `[n, ${size}]`).join(' or '),
    fits: ({ rank, shape }) => rank === 2 && sizes.includes(shape[1]!),
  });
}

/** Checks that a critic gave one score for each row, by {@link checkOutput}. */
export function checkScores(where: string, critic: string, output: Tensor): void {
  checkOutput(where, critic, output, { shape: '[n, 1]', fits: ({ size }) => size === TRIAL_ROWS });
}

/** A critic as a function of what it sees, `[n]`. */
export function scoresOf(critic: Layer, call: CallOptions): (x: Tensor) => Tensor {
  return (x) => tf.reshape(critic.apply(x, call), [-1]);
}

/**
 * Checks the output of a trial run of a network on {@link TRIAL_ROWS} rows.
 * @param expected - its shape, in the words of errors, and whether the output, a batch, has it; any batch by default
 * @throws ShapeError naming the network
 */
export function checkOutput(
  where: string,
  network: string,
  output: Tensor,
  { shape, fits = () => true }: { readonly shape: string; readonly fits?: (output: Tensor) => boolean },
): void {
  checkThat(
    where,
    `output of the ${network}`,
    output.rank >= 2 && output.shape[0] === TRIAL_ROWS && fits(output),
    {
      error: ShapeError,
      expected: `of shape ${shape}`,
      actual: formatShape(output.rank === 0 ? [] : ['n', ...output.shape.slice(1)]),
    },
  );
}
