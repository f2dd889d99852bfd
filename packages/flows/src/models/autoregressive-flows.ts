import { Permutation } from '@dgm/core';
import type { Activation, Bijector, ConditionalDistribution, Distribution, Key } from '@dgm/core';
import { Autoregressive } from '../autoregressive/autoregressive';
import { maskedNetwork } from '../autoregressive/masked-network';
import type { ChainPart } from '../chain';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/act-norm-flow';
import { affine } from '../transformers/affine';
import type { Transformer } from '../transformers/transformer';

export interface AutoregressiveFlowOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /** The number of autoregressive layers; 5 unless given. */
  readonly layers?: number;
  /** Hidden units of each masked network; `[64, 64]` unless given. */
  readonly hidden?: readonly number[];
  /** `relu` unless given. */
  readonly activation?: Activation;
  /** The share of hidden units that are left out in training; 0 unless given. */
  readonly dropout?: number;
  /**
   * Whether activation normalization follows each layer on the way to the latents; no unless told otherwise. Then call
   * `initialize` with a batch of data before training.
   */
  readonly actNorm?: boolean;
  /** The length of the context; none unless given. */
  readonly context?: number;
  /** The standard normal unless given. */
  readonly base?: Distribution | ConditionalDistribution;
  /** What stands between the flow and the data. */
  readonly preprocessing?: Bijector;
}

/**
 * A masked autoregressive flow: affine layers whose density takes one pass, with reversals between them. Drawing takes
 * a pass for each dimension and layer.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), §3
 */
export function maf(options: AutoregressiveFlowOptions): Flow {
  return autoregressiveFlow(options, {
    fast: 'density',
    transformer: affine({ maxLogScale: 3 }),
    source: 'Papamakarios et al., 2017',
  });
}

/**
 * An inverse autoregressive flow: affine layers that draw in one pass, with reversals between them. The density of given
 * data takes a pass for each dimension and layer; that of its own draws takes none (`given().sampleAndLogProb`).
 * @see Improved Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016); DGM §4.4.2
 */
export function iaf(options: AutoregressiveFlowOptions): Flow {
  return autoregressiveFlow(options, {
    fast: 'sampling',
    transformer: affine({ maxLogScale: 3 }),
    source: 'Kingma et al., 2016',
  });
}

/** Autoregressive layers with reversals between them. */
export function autoregressiveFlow(
  options: AutoregressiveFlowOptions,
  kind: { fast: 'density' | 'sampling'; transformer: Transformer; source: string },
): Flow {
  const { dims, layers = 5, actNorm = false, base, preprocessing } = options;
  const parts = Array.from({ length: layers }, (_, index): ChainPart[] => [
    ...(index === 0 ? [] : [Permutation.reverse(dims)]),
    ...(actNorm ? [new ActNormFlow({ features: dims })] : []),
    layerOf(options, { ...kind, key: options.key.fold(index) }),
  ]);
  return flow({
    layers: [...parts.flat(), ...(preprocessing === undefined ? [] : [preprocessing])],
    ...(base === undefined ? {} : { base }),
    source: kind.source,
  });
}

function layerOf(
  { dims, hidden = [64, 64], activation = 'relu', dropout = 0, context = 0 }: AutoregressiveFlowOptions,
  { fast, transformer, key }: { fast: 'density' | 'sampling'; transformer: Transformer; key: Key },
): Autoregressive {
  const groups = Array.from({ length: dims }, (_, index) => index);
  const network = maskedNetwork({
    groups,
    numParameters: transformer.numParameters,
    hidden,
    key,
    activation,
    context,
    dropout,
  });
  return new Autoregressive({ groups, network, transformer, fast });
}
