import { checkInteger, checkOneOf, disposeOnThrow, Dropout, mlp, Permutation, Sequential } from '@dgm/core';
import type { Bijector, Layer } from '@dgm/core';
import { Coupling } from '../coupling/coupling';
import { halfMask } from '../coupling/masks';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/normalization';
import { record } from '../record';
import { rationalQuadraticSpline } from '../transformers/rational-quadratic-spline';
import type { RationalQuadraticSplineOptions } from '../transformers/rational-quadratic-spline';
import type { Transformer } from '../transformers/transformer';
import {
  AUTOREGRESSIVE_OPTIONS,
  autoregressiveFlow,
  autoregressiveLayer,
  type AutoregressiveFlowOptions,
} from './autoregressive-flows';
import { checkFlowOptions, withPreprocessing } from './options';

export interface NeuralSplineFlowOptions extends AutoregressiveFlowOptions {
  /**
   * Coupling layers, which are fast in both directions, or autoregressive layers.
   * @defaultValue `'coupling'`
   */
  readonly kind?: 'coupling' | 'autoregressive';
  /**
   * Bins and interval.
   * @defaultValue 8 on [-4, 4]
   */
  readonly spline?: RationalQuadraticSplineOptions;
}

/**
 * A flow whose layers are rational-quadratic splines, with reversals between them.
 * @see Neural Spline Flows (Durkan et al., 2019), §3: RQ-NSF (C) and RQ-NSF (AR)
 *
 * @example
 * ```ts
 * const model = neuralSplineFlow({ dims: 8, layers: 4, hidden: [64], key });
 * ```
 */
export function neuralSplineFlow(options: NeuralSplineFlowOptions): Flow {
  checkFlowOptions('neuralSplineFlow', options, [...AUTOREGRESSIVE_OPTIONS, 'kind', 'spline']);
  const { dims, kind = 'coupling', layers = 5, actNorm = false, contextSize, base, preprocessing } = options;
  checkOneOf('neuralSplineFlow', 'kind', kind, ['coupling', 'autoregressive']);
  checkInteger('neuralSplineFlow', 'layers', layers);
  const transformer = rationalQuadraticSpline(options.spline);
  const source = 'Durkan et al., 2019';
  if (kind === 'autoregressive') {
    const model = autoregressiveFlow('neuralSplineFlow', options, { fast: 'density', transformer, source });
    return record(model, 'neuralSplineFlow', arguments);
  }
  const model = disposeOnThrow(() => {
    const parts = Array.from({ length: layers }, (_, index): Bijector[] => [
      Permutation.reverse(dims),
      ...(actNorm ? [new ActNormFlow({ features: dims })] : []),
      splineLayer({ ...options, key: options.key.fold(index) }, transformer),
    ]);
    return flow({ layers: withPreprocessing(parts.flat(), preprocessing), contextSize, base, source });
  });
  return record(model, 'neuralSplineFlow', arguments);
}

function splineLayer(options: NeuralSplineFlowOptions, transformer: Transformer): Bijector {
  const { dims, key, hidden = [64, 64], activation = 'relu', dropout = 0, contextSize = 0 } = options;
  // There are no halves of a vector of length 1: its map depends on the context alone.
  if (dims === 1) return autoregressiveLayer(options, { fast: 'density', transformer });
  const kept = Math.ceil(dims / 2);
  const outputs = (dims - kept) * transformer.numParameters;
  const sizes = [kept + contextSize, ...hidden];
  const body = mlp(sizes, { key: key.fold('body'), activation, outputActivation: activation });
  const head = mlp([sizes.at(-1)!, outputs], { key: key.fold('head') });
  const network: Layer = new Sequential(
    dropout === 0 ? [body, head] : [body, new Dropout({ rate: dropout }), head],
  );
  return new Coupling({ mask: halfMask(dims), network, transformer });
}
