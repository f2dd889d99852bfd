import type { SymbolTable } from '../coders/frequency-table';
import type { RansStack } from '../coders/rans';
import type { Program } from '../evaluator/program';
import type { UpwardsPrograms } from './latent-programs';
import type { NormalBins } from './normal-bins';
import { tableOf } from './posterior-coder';
import type { PosteriorCoder } from './posterior-coder';

/** How an example and its latent variables are put on a message, by bits-back coding. */
export interface ExampleCoder {
  /**
   * Draws latent variables, and pushes them and x. The message gets longer by $-\mathrm{ELBO}(x)$ bits in the mean.
   * @throws SerializationError if the message is too short for the draws
   */
  push(stack: RansStack, x: ArrayLike<number>): void;
  /** The inverse of `push`, step by step in reverse: fills in `x`. */
  pop(stack: RansStack, x: Int32Array): void;
}

/** What both ways of coding an example share. */
export interface ExampleCoderOptions {
  /** The tables of the entries of x, given the bins of the latent variables that it depends on. */
  readonly likelihood: (bins: readonly number[]) => readonly SymbolTable[];
  readonly bins: NormalBins;
}

/** Draws all latent variables, then pushes x by $p(x|z)$ and z by the prior, under which all bins have equal mass. */
export class JointCoder implements ExampleCoder {
  readonly #posterior: PosteriorCoder;
  readonly #numLatents: number;
  readonly #options: ExampleCoderOptions;

  constructor(posterior: PosteriorCoder, numLatents: number, options: ExampleCoderOptions) {
    this.#posterior = posterior;
    this.#numLatents = numLatents;
    this.#options = options;
  }

  push(stack: RansStack, x: ArrayLike<number>): void {
    const { likelihood, bins } = this.#options;
    const z = this.#posterior.pop(stack, x);
    pushAll(stack, x, likelihood(z));
    pushBins(stack, z, bins);
  }

  pop(stack: RansStack, x: Int32Array): void {
    const { likelihood, bins } = this.#options;
    const z = popBins(stack, this.#numLatents, bins);
    x.set(popAll(stack, likelihood(z)));
    this.#posterior.push(stack, x, z);
  }
}

/**
 * Bit-Swap: the levels of a hierarchy whose posterior goes up are drawn and pushed in turns. z_1 is drawn from $q(z_1|x)$ and x is
 * pushed by $p(x|z_1)$. Then each $z_{l+1}$ is drawn from $q(z_{l+1}|z_l)$ and $z_l$ is pushed by $p(z_l|z_{l+1})$; at last z_L is
 * pushed by its prior. Each draw has the bits of what was pushed before it, so that the first example needs bits for z_1 alone,
 * however many levels there are.
 *
 * @see Bit-Swap: Recursive Bits-Back Coding for Lossless Compression with Hierarchical Latent Variables (Kingma, Abbeel and Ho,
 * 2019), §2.3
 */
export class BitSwapCoder implements ExampleCoder {
  readonly #programs: UpwardsPrograms;
  readonly #options: ExampleCoderOptions;

  /** @param programs - in units of normal distributions under which all bins have equal mass */
  constructor(programs: UpwardsPrograms, options: ExampleCoderOptions) {
    this.#programs = programs;
    this.#options = options;
  }

  push(stack: RansStack, x: ArrayLike<number>): void {
    const { likelihood, bins } = this.#options;
    let z = draw(stack, this.#posterior(0, x));
    pushAll(stack, x, likelihood(z));
    for (let level = 1; level < this.#programs.up.length; level++) {
      const above = draw(stack, this.#posterior(level, this.#values(z)));
      pushAll(stack, z, this.#prior(level - 1, above));
      z = above;
    }
    pushBins(stack, z, bins);
  }

  pop(stack: RansStack, x: Int32Array): void {
    const { likelihood, bins } = this.#options;
    const { up } = this.#programs;
    let z = popBins(stack, up.at(-1)!.sizeOf('mean')!, bins);
    for (let level = up.length - 1; level > 0; level--) {
      const below = popAll(stack, this.#prior(level - 1, z));
      giveBack(stack, z, this.#posterior(level, this.#values(below)));
      z = below;
    }
    x.set(popAll(stack, likelihood(z)));
    giveBack(stack, z, this.#posterior(0, x));
  }

  /** Of a level given the one below it, or x. */
  #posterior(level: number, below: ArrayLike<number>): readonly SymbolTable[] {
    return this.#tables(this.#programs.up[level]!.run({ below }));
  }

  /** Of a level given the one above it. */
  #prior(level: number, above: readonly number[]): readonly SymbolTable[] {
    return this.#tables(this.#programs.down[level]!.run({ above: this.#values(above) }));
  }

  #tables({ mean, std }: ReturnType<Program['run']>): readonly SymbolTable[] {
    return Array.from(mean!, (center, at) => tableOf(this.#options.bins, center, std![at]!, at));
  }

  #values(z: readonly number[]): Float64Array {
    return Float64Array.from(z, (bin) => this.#options.bins.centers[bin]!);
  }
}

function pushAll(stack: RansStack, symbols: ArrayLike<number>, tables: readonly SymbolTable[]): void {
  tables.forEach((table, at) => stack.push(symbols[at]!, table));
}

/** The inverse of `pushAll`. */
function popAll(stack: RansStack, tables: readonly SymbolTable[]): number[] {
  const symbols = new Array<number>(tables.length);
  for (let at = tables.length - 1; at >= 0; at--) symbols[at] = stack.pop(tables[at]!);
  return symbols;
}

/** Draws symbols with bits of the message. */
function draw(stack: RansStack, tables: readonly SymbolTable[]): number[] {
  return tables.map((table) => stack.pop(table));
}

/** The inverse of `draw`. */
function giveBack(stack: RansStack, symbols: readonly number[], tables: readonly SymbolTable[]): void {
  for (let at = tables.length - 1; at >= 0; at--) stack.push(symbols[at]!, tables[at]!);
}

function pushBins(stack: RansStack, z: readonly number[], { bits }: NormalBins): void {
  for (const bin of z) stack.pushBits(bin, bits);
}

/** The inverse of `pushBins`. */
function popBins(stack: RansStack, count: number, { bits }: NormalBins): number[] {
  const z = new Array<number>(count);
  for (let at = count - 1; at >= 0; at--) z[at] = stack.popBits(bits);
  return z;
}
