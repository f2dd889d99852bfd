import { mlp, Permutation } from '@dgm/core';
import type { Activation, Bijector, Key } from '@dgm/core';
import type { ChainPart } from '../chain';
import { Coupling } from '../coupling/coupling';
import { interleaved } from '../coupling/interleaved';
import { halfMask } from '../coupling/masks';
import { rezero as fromZero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { affine } from '../transformers/affine';

export interface RealNvpOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** The number of couplings; 8 unless given. */
  readonly couplings?: number;
  /** Hidden units of each network; `[256, 256]` unless given. */
  readonly hidden?: readonly number[];
  /** `leakyRelu` unless given. */
  readonly activation?: Activation;
  /** Log-scales stay between plus and minus this; 1 unless given. */
  readonly maxLogScale?: number;
  /** Whether each network is multiplied by a number that starts at 0; no unless told otherwise. */
  readonly rezero?: boolean;
  /** The length of the context; none unless given. */
  readonly context?: number;
  /** What stands between the flow and the data, for example {@link logitPreprocessing}. */
  readonly preprocessing?: Bijector;
}

/**
 * RealNVP as the book builds it: affine couplings of halves, each followed by a reversal, with one network for the
 * log-scale and one for the shift.
 * @see DGM §3.1.5, Listings 3.1, 3.2; Density Estimation Using Real NVP (Dinh et al., 2017)
 */
export function realNvp(options: RealNvpOptions): Flow {
  const { dims, couplings = 8, preprocessing } = options;
  const layers = Array.from({ length: couplings }, (_, index): ChainPart[] => [
    Permutation.reverse(dims),
    affineCoupling(options, options.key.fold(index)),
  ]);
  return flow({
    layers: [...layers.flat(), ...(preprocessing === undefined ? [] : [preprocessing])],
    source: 'DGM §3.1.5, Listings 3.1, 3.2',
  });
}

function affineCoupling(
  {
    dims,
    context = 0,
    hidden = [256, 256],
    activation = 'leakyRelu',
    maxLogScale = 1,
    rezero = false,
  }: RealNvpOptions,
  key: Key,
): Coupling {
  const kept = Math.ceil(dims / 2);
  const network = (name: string) => {
    const plain = mlp([kept + context, ...hidden, dims - kept], { key: key.fold(name), activation });
    return rezero ? fromZero(plain) : plain;
  };
  return new Coupling({
    mask: halfMask(dims),
    network: interleaved({ logScale: network('logScale'), shift: network('shift') }),
    transformer: affine({ maxLogScale }),
  });
}
