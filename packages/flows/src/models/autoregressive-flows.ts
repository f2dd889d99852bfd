import { checkInteger, disposeOnThrow, Permutation } from '@dgm/core';
import type { Activation, Bijector } from '@dgm/core';
import { Autoregressive } from '../autoregressive/autoregressive';
import { maskedNetwork } from '../autoregressive/masked-network';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/normalization';
import { record } from '../record';
import { affine } from '../transformers/affine';
import type { Transformer } from '../transformers/transformer';
import { checkFlowOptions, withPreprocessing, type VectorFlowOptions } from './options';

export interface AutoregressiveFlowOptions extends VectorFlowOptions {
  /**
   * The number of autoregressive layers.
   * @defaultValue 5
   */
  readonly layers?: number;
  /**
   * Hidden units of each masked network.
   * @defaultValue `[64, 64]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `relu` */
  readonly activation?: Activation;
  /**
   * The fraction of hidden units that dropout sets to 0 in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
  /**
   * Whether activation normalization follows each layer in the direction of the latents, false by default. If true,
   * call `initialize` with a batch of data before training.
   */
  readonly actNorm?: boolean;
}

/**
 * A masked autoregressive flow: affine autoregressive layers with reversals between them. The density takes one pass;
 * sampling takes one pass per dimension and layer.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), §3
 *
 * @example
 * ```ts
 * const model = maf({ dims: 8, hidden: [64], key });
 * ```
 */
export function maf(options: AutoregressiveFlowOptions): Flow {
  checkFlowOptions('maf', options, AUTOREGRESSIVE_OPTIONS);
  const model = autoregressiveFlow('maf', options, {
    fast: 'density',
    transformer: affine({ maxLogScale: 3 }),
    source: 'Papamakarios et al., 2017',
  });
  return record(model, 'maf', arguments);
}

/**
 * An inverse autoregressive flow: affine autoregressive layers with reversals between them. Sampling takes one pass.
 * The density of given data takes one pass per dimension and layer; the density of its own draws comes with sampling
 * (`given().sampleAndLogProb`).
 * @see Improved Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016); DGM §4.4.2
 *
 * @example
 * ```ts
 * const model = iaf({ dims: 8, hidden: [64], key });
 * ```
 */
export function iaf(options: AutoregressiveFlowOptions): Flow {
  checkFlowOptions('iaf', options, AUTOREGRESSIVE_OPTIONS);
  const model = autoregressiveFlow('iaf', options, {
    fast: 'sampling',
    transformer: affine({ maxLogScale: 3 }),
    source: 'Kingma et al., 2016',
  });
  return record(model, 'iaf', arguments);
}

/** The names of {@link AutoregressiveFlowOptions}, without those of all factories. */
export const AUTOREGRESSIVE_OPTIONS: readonly string[] = [
  'dims',
  'layers',
  'hidden',
  'activation',
  'dropout',
  'actNorm',
  'base',
  'preprocessing',
];

interface LayerKind {
  readonly fast: 'density' | 'sampling';
  readonly transformer: Transformer;
}

/** Autoregressive layers with reversals between them. */
export function autoregressiveFlow(
  where: string,
  options: AutoregressiveFlowOptions,
  { source, ...kind }: LayerKind & { readonly source: string },
): Flow {
  const { dims, layers = 5, actNorm = false, contextSize, base, preprocessing } = options;
  checkInteger(where, 'layers', layers);
  return disposeOnThrow(() => {
    const parts = Array.from({ length: layers }, (_, index): Bijector[] => [
      ...(index === 0 ? [] : [Permutation.reverse(dims)]),
      ...(actNorm ? [new ActNormFlow({ features: dims })] : []),
      autoregressiveLayer({ ...options, key: options.key.fold(index) }, kind),
    ]);
    return flow({ layers: withPreprocessing(parts.flat(), preprocessing), contextSize, base, source });
  });
}

/** A layer with the natural order of the elements; the network of a vector of length 1 sees the context only. */
export function autoregressiveLayer(
  {
    dims,
    hidden = [64, 64],
    activation = 'relu',
    dropout = 0,
    contextSize = 0,
    key,
  }: Omit<AutoregressiveFlowOptions, 'layers' | 'actNorm' | 'base' | 'preprocessing'>,
  { fast, transformer }: LayerKind,
): Autoregressive {
  const groups = Array.from({ length: dims }, (_, index) => index);
  const { numParameters } = transformer;
  const network = maskedNetwork({ groups, numParameters, hidden, key, activation, contextSize, dropout });
  return new Autoregressive({ groups, network, transformer, fast });
}
