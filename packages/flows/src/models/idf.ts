import { checkInteger, conditional, disposeOnThrow, mlp, Permutation } from '@dgm/core';
import type { Activation, Bijector, ConditionalDistribution, Distribution, Key } from '@dgm/core';
import { learnedBase } from '../base/flow-base';
import { rezero as fromZero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { IntegerCoupling } from '../integer/integer-coupling';
import { integerLogistic } from '../integer/integer-logistic';
import { factorOut } from '../multiscale/factor-out';
import { record } from '../record';
import { checkFlowOptions, type VectorFlowOptions } from './options';

export interface IdfOptions extends Omit<VectorFlowOptions, 'preprocessing'> {
  /**
   * The number of parts of a coupling: 2 in the classic coupling, 4 in the book's second one.
   * @defaultValue 2
   */
  readonly parts?: number;
  /**
   * The number of couplings, at each scale.
   * @defaultValue 8
   */
  readonly couplings?: number;
  /**
   * After each scale except the last, half of the latents is factored out, given the other half.
   * @defaultValue 1
   */
  readonly scales?: number;
  /**
   * Hidden units of each network.
   * @defaultValue `[256, 256]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `leakyRelu` */
  readonly activation?: Activation;
  /**
   * Whether each network is multiplied by a number that starts at 0, inside the rounding.
   * @defaultValue false
   */
  readonly rezero?: boolean;
  /**
   * $\pi(z)$ over integers, of the last scale.
   * @defaultValue learned discretized logistic distributions
   */
  readonly base?: Distribution | ConditionalDistribution;
}

/**
 * An integer discrete flow: couplings of integers, each followed by a reversal, over a learned base. Its likelihood is
 * exact, a probability.
 *
 * It gives mass to all integers, so samples may leave the range of the data.
 * @throws ArgumentError if there are more parts than dimensions at the last scale, or fewer than two, or no scale
 * @see DGM §3.2.4, Listings 3.3-3.6; Integer Discrete Flows (Hoogeboom et al., 2019)
 *
 * @example
 * ```ts
 * const model = idf({ dims: 64, key });
 * ```
 */
export function idf(options: IdfOptions): Flow {
  const own = ['dims', 'parts', 'couplings', 'scales', 'hidden', 'activation', 'rezero', 'base'];
  checkFlowOptions('idf', options, own);
  const { dims, parts = 2, couplings = 8, scales = 1 } = options;
  checkInteger('idf', 'dims', dims, { min: 2 });
  checkInteger('idf', 'couplings', couplings);
  checkInteger('idf', 'scales', scales, { min: 1, max: 1 + Math.floor(Math.log2(dims)) });
  checkInteger('idf', 'parts', parts, { min: 2, max: Math.ceil(dims / 2 ** (scales - 1)) });
  const model = disposeOnThrow(() => scale({ ...options, source: 'DGM §3.2.4, Listings 3.3-3.6' }, scales));
  return record(model, 'idf', arguments);
}

/** The couplings of one scale, over what comes after it. */
function scale({ source, ...options }: IdfOptions & { readonly source?: string }, left: number): Flow {
  const { dims, parts = 2, couplings = 8 } = options;
  const sizes = Array.from(
    { length: parts },
    (_, part) => Math.floor(((part + 1) * dims) / parts) - Math.floor((part * dims) / parts),
  );
  const layers = Array.from({ length: couplings }, (_, index): Bijector[] => [
    Permutation.reverse(dims),
    coupling(options, { sizes, key: options.key.fold(index) }),
  ]);
  return flow({
    layers: layers.flat(),
    base: left === 1 ? lastBase(options) : withFactorOut(options, left),
    eventShape: [dims],
    contextSize: options.contextSize,
    source,
  });
}

/** Listing 3.4 starts its log-scales at 1. */
const INITIAL_SCALE = Math.E;

function lastBase({ dims, base }: IdfOptions): Distribution | ConditionalDistribution {
  return base ?? learnedBase(integerLogistic({ shape: [dims], scale: INITIAL_SCALE }));
}

/** The first half goes to the next scale; the second half is factored out, given the first. */
function withFactorOut(options: IdfOptions, left: number): ConditionalDistribution {
  const { dims, hidden = [256, 256], activation = 'leakyRelu', contextSize = 0 } = options;
  const kept = Math.ceil(dims / 2);
  const key = options.key.fold('scale');
  const network = mlp([kept + contextSize, ...hidden, 2 * (dims - kept)], {
    key: key.fold('dropped'),
    activation,
  });
  return factorOut({
    sizes: [kept, dims - kept],
    kept: scale({ ...options, dims: kept, key }, left - 1),
    dropped: conditional(network, integerLogistic({ shape: [dims - kept], scale: INITIAL_SCALE })),
  });
}

/** The classic coupling changes only the second half, as in Eq. 3.36; a coupling with more parts changes all of them. */
function coupling(
  { dims, hidden = [256, 256], activation = 'leakyRelu', rezero = false, contextSize = 0 }: IdfOptions,
  { sizes, key }: { sizes: readonly number[]; key: Key },
): IntegerCoupling {
  const networks = sizes.map((size, part) => {
    if (sizes.length === 2 && part === 0) return undefined;
    const plain = mlp([dims - size + contextSize, ...hidden, size], { key: key.fold(part), activation });
    return rezero ? fromZero(plain) : plain;
  });
  return new IntegerCoupling({ parts: sizes, networks });
}
