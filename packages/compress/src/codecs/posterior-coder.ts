import { NumericalError } from '@dgm/core';
import type { RansStack } from '../coders/rans';
import type { Program } from '../evaluator/program';
import { BinnedNormal, normalBins } from './normal-bins';
import type { NormalBins } from './normal-bins';

/** Latent variables as bins of the prior: how they are drawn from $q(z|x)$ with bits of a message, and those bits given back. */
export interface PosteriorCoder {
  /**
   * Draws the bins of all latent variables, which shortens the message by $-\log_2 q(z|x)$ bits.
   * @throws SerializationError if the message is too short
   */
  pop(stack: RansStack, x: ArrayLike<number>): number[];
  /** The inverse of `pop`: puts the bits back. */
  push(stack: RansStack, x: ArrayLike<number>, bins: readonly number[]): void;
}

/** A posterior of independent normal distributions: each bin has its mass. */
export class NormalPosterior implements PosteriorCoder {
  readonly #encode: Program;
  readonly #bins: NormalBins;

  /** @param encode - from x to `mean` and `std`, in units of the prior */
  constructor(encode: Program, bins: NormalBins) {
    this.#encode = encode;
    this.#bins = bins;
  }

  pop(stack: RansStack, x: ArrayLike<number>): number[] {
    return this.#tables(x).map((table) => stack.pop(table));
  }

  push(stack: RansStack, x: ArrayLike<number>, bins: readonly number[]): void {
    const tables = this.#tables(x);
    for (let latent = bins.length - 1; latent >= 0; latent--) stack.push(bins[latent]!, tables[latent]!);
  }

  #tables(x: ArrayLike<number>): BinnedNormal[] {
    const { mean, std } = this.#encode.run({ x });
    return Array.from(mean!, (center, latent) => tableOf(this.#bins, center, std![latent]!, latent));
  }
}

/**
 * A posterior of several levels, $q(z_L|x) \, q(z_{L-1}|z_L, x) \cdots q(z_1|z_2, x)$, each of independent normal distributions and in
 * units of its prior given the levels above. So the prior of every level is the standard normal, whose bins have equal mass.
 */
export class ChainPosterior implements PosteriorCoder {
  readonly #levels: readonly Program[];
  readonly #sizes: readonly number[];
  readonly #bins: NormalBins;

  /**
   * @param levels - in the order in which they are drawn: from x and the levels drawn before, `e` with zeros for the others, to `mean`
   * and `std`
   */
  constructor(levels: readonly Program[], bins: NormalBins) {
    this.#levels = levels;
    this.#sizes = levels.map((level) => level.sizeOf('mean')!);
    this.#bins = bins;
  }

  pop(stack: RansStack, x: ArrayLike<number>): number[] {
    const bins: number[] = [];
    for (let level = 0; level < this.#levels.length; level++) {
      bins.push(...this.#tables(level, x, bins).map((table) => stack.pop(table)));
    }
    return bins;
  }

  push(stack: RansStack, x: ArrayLike<number>, bins: readonly number[]): void {
    let start = bins.length;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      start -= this.#sizes[level]!;
      const tables = this.#tables(level, x, bins.slice(0, start));
      for (let at = tables.length - 1; at >= 0; at--) stack.push(bins[start + at]!, tables[at]!);
    }
  }

  /** @param above - the bins of the levels drawn before */
  #tables(level: number, x: ArrayLike<number>, above: readonly number[]): BinnedNormal[] {
    const e = new Float64Array(this.#sizes.reduce((sum, size) => sum + size, 0));
    above.forEach((bin, at) => (e[at] = this.#bins.centers[bin]!));
    const { mean, std } = this.#levels[level]!.run({ x, e });
    return Array.from(mean!, (center, at) => tableOf(this.#bins, center, std![at]!, above.length + at));
  }
}

/** The standard deviation of the noise that joins a flow's output to a bin, in units of the prior. */
const LOCAL_STD = 0.02;
/** The bits of a bin of the flow's input. */
const NOISE_BITS = 14;
/**
 * The bits that are drawn are those of the latent variables of the example before. Multiplied by an odd number they are another
 * bin, so that examples with latents far from the prior's middle do not pass that on.
 */
const FACTOR = 10373;
const INVERSE_FACTOR = 4173;
const mixed = (bin: number, factor: number): number => Math.imul(bin, factor) & (2 ** NOISE_BITS - 1);
/** A step for differences that stand for derivatives. */
const STEP = 1e-4;

/**
 * A posterior $z = f(\epsilon; x)$ that is a flow of standard normal noise, by local bits-back coding: $\epsilon$ is drawn, then a bin of z
 * near $f(\epsilon)$, and the bits of $\epsilon$ are given back by a normal distribution around $f^{-1}(z)$ whose covariance is that of the noise
 * behind the derivative of $f^{-1}$. What is left is $-\log_2 q(z|x)$ but for terms that vanish with the noise. The derivative is a
 * difference of doubles: the decoder computes the same one.
 *
 * @see Compression with Flows via Local Bits-Back Coding (Ho, Lohn and Abbeel, 2019), §3.3
 */
export class FlowPosterior implements PosteriorCoder {
  readonly #forward: Program;
  readonly #inverse: Program;
  readonly #bins: NormalBins;
  readonly #noise = normalBins(NOISE_BITS);
  readonly #size: number;

  /**
   * @param forward - from x and rows of noise `e` to `z`, in units of the prior; `2 * latents + 1` rows
   * @param inverse - from x and one `z` to its noise `e`
   */
  constructor(forward: Program, inverse: Program, bins: NormalBins) {
    this.#forward = forward;
    this.#inverse = inverse;
    this.#bins = bins;
    this.#size = inverse.sizeOf('e')!;
  }

  pop(stack: RansStack, x: ArrayLike<number>): number[] {
    const noise = Array.from({ length: this.#size }, () => mixed(stack.popBits(NOISE_BITS), FACTOR));
    const bins = this.#around(x, noise).map((table) => stack.pop(table));
    const local = this.#backwards(x, bins);
    for (let at = 0; at < this.#size; at++) stack.push(noise[at]!, local(at, this.#values(noise)));
    return bins;
  }

  push(stack: RansStack, x: ArrayLike<number>, bins: readonly number[]): void {
    const local = this.#backwards(x, bins);
    const noise = new Array<number>(this.#size).fill(0);
    for (let at = this.#size - 1; at >= 0; at--) noise[at] = stack.pop(local(at, this.#values(noise)));
    const tables = this.#around(x, noise);
    for (let at = this.#size - 1; at >= 0; at--) stack.push(bins[at]!, tables[at]!);
    for (let at = this.#size - 1; at >= 0; at--)
      stack.pushBits(mixed(noise[at]!, INVERSE_FACTOR), NOISE_BITS);
  }

  #values(noise: readonly number[]): Float64Array {
    return Float64Array.from(noise, (bin) => this.#noise.centers[bin]!);
  }

  /** The tables of z around the flow's output. A bin far from it would have no noise that leads to it. */
  #around(x: ArrayLike<number>, noise: readonly number[]): BinnedNormal[] {
    const e = new Float64Array((2 * this.#size + 1) * this.#size);
    e.set(this.#values(noise));
    const { z } = this.#forward.run({ x, e });
    return Array.from({ length: this.#size }, (_, at) => tableOf(this.#bins, z![at]!, LOCAL_STD, at, 0));
  }

  /**
   * The tables of the noise behind some bins of z: that of entry `at`, given all entries after it. With the derivative J of f and
   * $J^\top J / \sigma^2 = L L^\top$, the deviations d have $L^\top d$ standard normal, whose last entry is of the last of d alone.
   */
  #backwards(
    x: ArrayLike<number>,
    bins: readonly number[],
  ): (at: number, noise: Float64Array) => BinnedNormal {
    const size = this.#size;
    const z = Float64Array.from(bins, (bin) => this.#bins.centers[bin]!);
    const center = this.#inverse.run({ x, z })['e']!.slice();
    const factor = cholesky(this.#precision(x, center), size);
    return (at, noise) => {
      let sum = 0;
      for (let after = at + 1; after < size; after++) {
        sum += factor[after * size + at]! * (noise[after]! - center[after]!);
      }
      const own = factor[at * size + at]!;
      return tableOf(this.#noise, center[at]! - sum / own, 1 / own, at);
    };
  }

  /** $J^\top J / \sigma^2$, by central differences: each row of the flow's input is one step from the center. */
  #precision(x: ArrayLike<number>, center: Float64Array): Float64Array {
    const size = this.#size;
    const e = new Float64Array((2 * size + 1) * size);
    for (let row = 0; row <= 2 * size; row++) e.set(center, row * size);
    for (let entry = 0; entry < size; entry++) {
      e[(2 * entry + 1) * size + entry]! += STEP;
      e[(2 * entry + 2) * size + entry]! -= STEP;
    }
    const z = this.#forward.run({ x, e })['z']!;
    const slope = (entry: number, of: number): number =>
      (z[(2 * entry + 1) * size + of]! - z[(2 * entry + 2) * size + of]!) / (2 * STEP * LOCAL_STD);
    return Float64Array.from({ length: size * size }, (_, index) => {
      const [row, column] = [Math.floor(index / size), index % size];
      let sum = 0;
      for (let of = 0; of < size; of++) sum += slope(row, of) * slope(column, of);
      return sum;
    });
  }
}

/** The lower triangular L with $L L^\top$ = a positive definite matrix, row-major. */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]!;
      for (let at = 0; at < column; at++) sum -= factor[row * size + at]! * factor[column * size + at]!;
      factor[row * size + column] = row === column ? Math.sqrt(sum) : sum / factor[column * size + column]!;
    }
  }
  return factor;
}

/** @throws NumericalError where a network's output is no normal distribution */
export function tableOf(
  bins: NormalBins,
  center: number,
  width: number,
  latent: number,
  least: 0 | 1 = 1,
): BinnedNormal {
  if (Number.isFinite(center) && width > 0 && width < Infinity) {
    return new BinnedNormal(bins, center, width, least);
  }
  throw new NumericalError({
    where: 'Codec.encode',
    argument: `the posterior of latent variable ${latent}`,
    expected: 'to have a finite mean and a positive standard deviation',
    actual: `${center} and ${width}`,
  });
}
