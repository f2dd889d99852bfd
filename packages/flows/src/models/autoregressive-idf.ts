import { checkInteger, disposeOnThrow, mlp, Permutation, Sequential } from '@dgm/core';
import type { Bijector, Key } from '@dgm/core';
import { maskedNetwork } from '../autoregressive/masked-network';
import { autoregressiveBase } from '../base/autoregressive-base';
import { rezero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { IntegerCoupling } from '../integer/integer-coupling';
import { integerLogisticMixture } from '../integer/integer-logistic';
import { centred, gentle } from '../integer/integer-networks';
import { record } from '../record';
import { checkFlowOptions, type VectorFlowOptions } from './options';

export interface AutoregressiveIdfOptions extends Omit<VectorFlowOptions, 'base' | 'preprocessing'> {
  /** The number of values that an entry can take: integers from 0 to `levels - 1`. Latents may be any integers. */
  readonly levels: number;
  /**
   * The number of couplings.
   * @defaultValue 1
   */
  readonly couplings?: number;
  /**
   * Hidden units of each coupling's network.
   * @defaultValue `[128]`
   */
  readonly hidden?: readonly number[];
  /**
   * Hidden units of the base's masked network.
   * @defaultValue `[256]`
   */
  readonly baseHidden?: readonly number[];
  /**
   * The number of logistic components per latent.
   * @defaultValue 8
   */
  readonly components?: number;
  /**
   * The fraction of the base's hidden units that dropout sets to 0 in training.
   * @defaultValue 0.2
   */
  readonly dropout?: number;
}

/**
 * An integer discrete flow whose base is autoregressive: bipartite couplings that start as the identity, over
 * mixtures of discretized logistic distributions whose parameters depend on earlier latents. Its likelihood is exact;
 * sampling takes one pass per dimension.
 * @see DGM §3.1.6 and 3.2.5 for learned bases; Integer Discrete Flows (Hoogeboom et al., 2019), §4.2
 *
 * @example
 * ```ts
 * const model = autoregressiveIdf({ dims: 64, levels: 17, key });
 * ```
 */
export function autoregressiveIdf(options: AutoregressiveIdfOptions): Flow {
  const own = ['dims', 'levels', 'couplings', 'hidden', 'baseHidden', 'components', 'dropout'];
  checkFlowOptions('autoregressiveIdf', options, own);
  const { dims, levels, couplings = 1, baseHidden = [], key, contextSize } = options;
  checkInteger('autoregressiveIdf', 'dims', dims, { min: 2 });
  checkInteger('autoregressiveIdf', 'levels', levels, { min: 2 });
  checkInteger('autoregressiveIdf', 'couplings', couplings, { min: 0 });
  baseHidden.forEach((units) => checkInteger('autoregressiveIdf', 'baseHidden', units));
  const model = disposeOnThrow(() => {
    const layers = Array.from({ length: couplings }, (_, index): Bijector[] => [
      Permutation.reverse(dims),
      gentleCoupling(options, key.fold(index)),
    ]);
    return flow({
      layers: layers.flat(),
      eventShape: [dims],
      contextSize,
      base: mixtureBase(options, key.fold('base')),
      source: 'Hoogeboom et al., 2019',
    });
  });
  return record(model, 'autoregressiveIdf', arguments);
}

/** The network's outputs are scaled down and start at 0. */
function gentleCoupling(
  { dims, levels, hidden = [128], contextSize = 0 }: AutoregressiveIdfOptions,
  key: Key,
): IntegerCoupling {
  const kept = Math.ceil(dims / 2);
  const network = new Sequential([
    centred(levels, contextSize),
    mlp([kept + contextSize, ...hidden, dims - kept], { key }),
    gentle(),
  ]);
  return new IntegerCoupling({ parts: [kept, dims - kept], networks: [undefined, rezero(network)] });
}

function mixtureBase(
  {
    dims,
    levels,
    baseHidden = [256],
    components = 8,
    dropout = 0.2,
    contextSize = 0,
  }: AutoregressiveIdfOptions,
  key: Key,
) {
  const groups = Array.from({ length: dims }, (_, index) => index);
  const head = integerLogisticMixture({
    shape: [1],
    components,
    center: (levels - 1) / 2,
    spread: levels / components,
    scale: 0.5,
    background: { share: 0.01, scale: levels / 4 },
  });
  const masked = maskedNetwork({
    groups,
    numParameters: head.numParameters,
    hidden: baseHidden,
    key,
    dropout,
    contextSize,
  });
  return autoregressiveBase({
    groups,
    head,
    network: new Sequential([centred(levels, contextSize), masked]),
  });
}
