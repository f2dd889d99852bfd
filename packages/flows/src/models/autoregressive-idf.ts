import { mlp, Permutation, Sequential } from '@dgm/core';
import type { Key } from '@dgm/core';
import { maskedNetwork } from '../autoregressive/masked-network';
import { autoregressiveBase } from '../base/autoregressive-base';
import type { ChainPart } from '../chain';
import { rezero } from '../coupling/rezero';
import { flow, type Flow } from '../flow';
import { IntegerCoupling } from '../integer/integer-coupling';
import { integerLogisticMixture } from '../integer/integer-logistic';
import { centred, gentle } from '../integer/integer-networks';

export interface AutoregressiveIdfOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** The number of values that data have: 0 to `levels - 1`. Latents may be any integers. */
  readonly levels: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** The number of couplings; 1 unless given. */
  readonly couplings?: number;
  /** Hidden units of each coupling's network; `[128]` unless given. */
  readonly hidden?: readonly number[];
  /** Hidden units of the base's masked network; `[256]` unless given. */
  readonly baseHidden?: readonly number[];
  /** Logistic distributions of each latent; 8 unless given. */
  readonly components?: number;
  /** The share of the base's hidden units that are left out in training; 0.2 unless given. */
  readonly dropout?: number;
}

/**
 * An integer discrete flow whose base is autoregressive: bipartite couplings that start as the identity, over mixtures of
 * discretized logistic distributions whose parameters depend on earlier latents. Its likelihood is exact; drawing takes a
 * pass for each dimension.
 * @see DGM §3.1.6 and 3.2.5 for learned bases; Integer Discrete Flows (Hoogeboom et al., 2019), §4.2
 */
export function autoregressiveIdf(options: AutoregressiveIdfOptions): Flow {
  const { dims, couplings = 1, key } = options;
  const layers = Array.from({ length: couplings }, (_, index): ChainPart[] => [
    Permutation.reverse(dims),
    gentleCoupling(options, key.fold(index)),
  ]);
  return flow({
    layers: layers.flat(),
    eventShape: [dims],
    base: mixtureBase(options, key.fold('base')),
    source: 'Hoogeboom et al., 2019',
  });
}

/** The network's outputs are scaled down, and start at 0. */
function gentleCoupling(
  { dims, levels, hidden = [128] }: AutoregressiveIdfOptions,
  key: Key,
): IntegerCoupling {
  const kept = Math.ceil(dims / 2);
  const network = new Sequential([centred(levels), mlp([kept, ...hidden, dims - kept], { key }), gentle()]);
  return new IntegerCoupling({ parts: [kept, dims - kept], networks: [undefined, rezero(network)] });
}

function mixtureBase(
  { dims, levels, baseHidden = [256], components = 8, dropout = 0.2 }: AutoregressiveIdfOptions,
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
  });
  return autoregressiveBase({ groups, head, network: new Sequential([centred(levels), masked]) });
}
