import { checkInteger, disposeOnThrow, Independent, Sequential, Uniform } from '@dgm/core';
import type { Activation, Layer } from '@dgm/core';
import { Autoregressive } from '../autoregressive/autoregressive';
import { maskedNetwork } from '../autoregressive/masked-network';
import { dequantized, type DequantizedFlow } from '../dequantization/dequantized-flow';
import { flow } from '../flow';
import { centred } from '../integer/integer-networks';
import { record } from '../record';
import { linearSpline } from '../transformers/linear-spline';
import { checkFlowOptions, type VectorFlowOptions } from './options';

export interface HistogramFlowOptions extends Omit<VectorFlowOptions, 'base' | 'preprocessing'> {
  /** The number of values that an entry can take: integers from 0 to `levels - 1`. */
  readonly levels: number;
  /**
   * Hidden units of the masked network.
   * @defaultValue `[256]`
   */
  readonly hidden?: readonly number[];
  /** @defaultValue `relu` */
  readonly activation?: Activation;
  /**
   * The fraction of hidden units that dropout sets to 0 in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * A flow for integers with few levels: an autoregressive layer of linear splines with one bin per level, over a
 * uniform base. It can give each value any probability, and its density is flat within a cell, so uniform
 * dequantization loses little.
 *
 * The bound is nearly tight; the gap comes from networks that see the noise of earlier elements.
 * @see Neural Importance Sampling (Müller et al., 2019), §4.1, for the maps; Papamakarios et al., 2017, for the layer
 *
 * @example
 * ```ts
 * const model = histogramFlow({ dims: 64, levels: 17, key });
 * ```
 */
export function histogramFlow(options: HistogramFlowOptions): DequantizedFlow {
  checkFlowOptions('histogramFlow', options, ['dims', 'levels', 'hidden', 'activation', 'dropout']);
  const { dims, levels, contextSize } = options;
  checkInteger('histogramFlow', 'levels', levels, { min: 2 });
  const groups = Array.from({ length: dims }, (_, index) => index);
  const transformer = linearSpline({ bins: levels, minimum: 0, maximum: levels });
  const model = disposeOnThrow(() =>
    dequantized({
      levels,
      flow: flow({
        base: new Independent(new Uniform(0, levels, { shape: [dims] }), 1),
        layers: [
          new Autoregressive({ groups, network: networkOf(options, groups), transformer, fast: 'density' }),
        ],
        contextSize,
        source: 'Müller et al., 2019; Papamakarios et al., 2017',
      }),
    }),
  );
  return record(model, 'histogramFlow', arguments);
}

/** A masked network of data in [-1, 1]. */
function networkOf(
  { levels, key, hidden = [256], activation = 'relu', dropout = 0, contextSize = 0 }: HistogramFlowOptions,
  groups: readonly number[],
): Layer {
  return new Sequential([
    centred(levels, contextSize),
    maskedNetwork({ groups, numParameters: levels, hidden, key, activation, dropout, contextSize }),
  ]);
}
