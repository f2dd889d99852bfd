import { checkInteger, disposeOnThrow, mlp, Permutation } from '@dgm/core';
import type { Activation, Bijector } from '@dgm/core';
import { Coupling } from '../coupling/coupling';
import { interleaved } from '../coupling/interleaved';
import { halfMask } from '../coupling/masks';
import { rezero as fromZero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { record } from '../record';
import { affine } from '../transformers/affine';
import { autoregressiveLayer } from './autoregressive-flows';
import { checkFlowOptions, withPreprocessing, type VectorFlowOptions } from './options';

export interface RealNvpOptions extends VectorFlowOptions {
  /**
   * The number of couplings.
   * @defaultValue 8
   */
  readonly couplings?: number;
  /**
   * Hidden units of each network.
   * @defaultValue `[256, 256]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `leakyRelu` */
  readonly activation?: Activation;
  /**
   * Log-scales are bounded to plus and minus this value.
   * @defaultValue 1
   */
  readonly maxLogScale?: number;
  /**
   * Whether each network is multiplied by a number that starts at 0.
   * @defaultValue false
   */
  readonly rezero?: boolean;
}

/**
 * RealNVP as the book builds it: affine couplings of halves, each followed by a reversal, with one network for the
 * log-scale and one for the shift.
 * @see DGM §3.1.5, Listings 3.1, 3.2; Density Estimation Using Real NVP (Dinh et al., 2017)
 *
 * @example
 * ```ts
 * const model = realNvp({ dims: 8, couplings: 6, hidden: [64], key });
 * ```
 */
export function realNvp(options: RealNvpOptions): Flow {
  const own = ['dims', 'couplings', 'hidden', 'activation', 'maxLogScale', 'rezero', 'base', 'preprocessing'];
  checkFlowOptions('realNvp', options, own);
  const { dims, couplings = 8, contextSize, base, preprocessing } = options;
  checkInteger('realNvp', 'couplings', couplings);
  const model = disposeOnThrow(() => {
    const layers = Array.from({ length: couplings }, (_, index): Bijector[] => [
      Permutation.reverse(dims),
      affineLayer({ ...options, key: options.key.fold(index) }),
    ]);
    return flow({
      layers: withPreprocessing(layers.flat(), preprocessing),
      contextSize,
      base,
      source: 'DGM §3.1.5, Listings 3.1, 3.2',
    });
  });
  return record(model, 'realNvp', arguments);
}

function affineLayer({
  dims,
  key,
  contextSize = 0,
  hidden = [256, 256],
  activation = 'leakyRelu',
  maxLogScale = 1,
  rezero = false,
}: RealNvpOptions): Bijector {
  const transformer = affine({ maxLogScale });
  // There are no halves of a vector of length 1: its map depends on the context alone.
  if (dims === 1) {
    return autoregressiveLayer(
      { dims, key, contextSize, hidden, activation },
      { fast: 'density', transformer },
    );
  }
  const kept = Math.ceil(dims / 2);
  const network = (name: string) => {
    const plain = mlp([kept + contextSize, ...hidden, dims - kept], { key: key.fold(name), activation });
    return rezero ? fromZero(plain) : plain;
  };
  return new Coupling({
    mask: halfMask(dims),
    network: interleaved({ logScale: network('logScale'), shift: network('shift') }),
    transformer,
  });
}
