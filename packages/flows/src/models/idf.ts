import { ArgumentError, mlp, Permutation } from '@dgm/core';
import type { Activation, ConditionalDistribution, Distribution, Key } from '@dgm/core';
import { learnedBase } from '../base/learned-base';
import type { ChainPart } from '../chain';
import { rezero as fromZero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { IntegerCoupling } from '../integer/integer-coupling';
import { integerLogistic } from '../integer/integer-logistic';

export interface IdfOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** How many parts a coupling has: 2 in the classic one, 4 in the book's second; 2 unless given. */
  readonly parts?: number;
  /** The number of couplings; 8 unless given. */
  readonly couplings?: number;
  /** Hidden units of each network; `[256, 256]` unless given. */
  readonly hidden?: readonly number[];
  /** `leakyRelu` unless given. */
  readonly activation?: Activation;
  /** Whether each network is multiplied by a number that starts at 0, inside of the rounding; no unless told otherwise. */
  readonly rezero?: boolean;
  /** $\pi(z)$ over integers; learned discretized logistic distributions unless given. */
  readonly base?: Distribution | ConditionalDistribution;
}

/**
 * An integer discrete flow: couplings of integers, each followed by a reversal, over a learned base. Its likelihood is
 * exact, a probability.
 *
 * Its mass lies on all integers, also on those that no datum can be: samples may leave the range of the data.
 * @throws ArgumentError if there are more parts than dimensions, or fewer than two
 * @see DGM §3.2.4, Listings 3.3-3.6; Integer Discrete Flows (Hoogeboom et al., 2019)
 */
export function idf(options: IdfOptions): Flow {
  const { dims, parts = 2, couplings = 8 } = options;
  if (!(Number.isInteger(parts) && parts >= 2 && parts <= dims)) {
    throw new ArgumentError({
      where: 'idf',
      argument: 'parts',
      expected: `to be an integer from 2 to ${dims}`,
      actual: String(parts),
    });
  }
  const sizes = Array.from(
    { length: parts },
    (_, part) => Math.floor(((part + 1) * dims) / parts) - Math.floor((part * dims) / parts),
  );
  const layers = Array.from({ length: couplings }, (_, index): ChainPart[] => [
    Permutation.reverse(dims),
    coupling(options, { sizes, key: options.key.fold(index) }),
  ]);
  return flow({
    layers: layers.flat(),
    base: options.base ?? learnedBase(integerLogistic({ shape: [dims] })),
    eventShape: [dims],
    source: 'DGM §3.2.4, Listings 3.3-3.6',
  });
}

/** The classic coupling changes the second half alone, as in Eq. 3.32; one of more parts changes them all. */
function coupling(
  { dims, hidden = [256, 256], activation = 'leakyRelu', rezero = false }: IdfOptions,
  { sizes, key }: { sizes: readonly number[]; key: Key },
): IntegerCoupling {
  const networks = sizes.map((size, part) => {
    if (sizes.length === 2 && part === 0) return undefined;
    const plain = mlp([dims - size, ...hidden, size], { key: key.fold(part), activation });
    return rezero ? fromZero(plain) : plain;
  });
  return new IntegerCoupling({ parts: sizes, networks });
}
