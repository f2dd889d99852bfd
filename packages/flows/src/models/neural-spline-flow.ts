import { Dropout, mlp, Permutation, Sequential } from '@dgm/core';
import type { Key, Layer } from '@dgm/core';
import type { ChainPart } from '../chain';
import { Coupling } from '../coupling/coupling';
import { halfMask } from '../coupling/masks';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/act-norm-flow';
import { rationalQuadraticSpline } from '../transformers/rational-quadratic-spline';
import type { RationalQuadraticSplineOptions } from '../transformers/rational-quadratic-spline';
import type { Transformer } from '../transformers/transformer';
import { autoregressiveFlow, type AutoregressiveFlowOptions } from './autoregressive-flows';

export interface NeuralSplineFlowOptions extends AutoregressiveFlowOptions {
  /** Layers of halves, quick both ways, or autoregressive ones; `'coupling'` unless given. */
  readonly kind?: 'coupling' | 'autoregressive';
  /** Bins and interval; 8 on [-4, 4] unless given. */
  readonly spline?: RationalQuadraticSplineOptions;
}

/**
 * A flow whose layers are rational-quadratic splines, with reversals between them.
 * @see Neural Spline Flows (Durkan et al., 2019), §3: RQ-NSF (C) and RQ-NSF (AR)
 */
export function neuralSplineFlow(options: NeuralSplineFlowOptions): Flow {
  const transformer = rationalQuadraticSpline(options.spline);
  const source = 'Durkan et al., 2019';
  if (options.kind === 'autoregressive') {
    return autoregressiveFlow(options, { fast: 'density', transformer, source });
  }
  const { dims, layers = 5, actNorm = false, base, preprocessing } = options;
  const parts = Array.from({ length: layers }, (_, index): ChainPart[] => [
    Permutation.reverse(dims),
    ...(actNorm ? [new ActNormFlow({ features: dims })] : []),
    splineCoupling(options, { transformer, key: options.key.fold(index) }),
  ]);
  return flow({
    layers: [...parts.flat(), ...(preprocessing === undefined ? [] : [preprocessing])],
    ...(base === undefined ? {} : { base }),
    source,
  });
}

function splineCoupling(
  { dims, hidden = [64, 64], activation = 'relu', dropout = 0, context = 0 }: NeuralSplineFlowOptions,
  { transformer, key }: { transformer: Transformer; key: Key },
): Coupling {
  const kept = Math.ceil(dims / 2);
  const outputs = (dims - kept) * transformer.numParameters;
  const sizes = [kept + context, ...hidden];
  const body = mlp(sizes, { key: key.fold('body'), activation, outputActivation: activation });
  const head = mlp([sizes.at(-1)!, outputs], { key: key.fold('head') });
  const network: Layer = new Sequential(
    dropout === 0 ? [body, head] : [body, new Dropout({ rate: dropout }), head],
  );
  return new Coupling({ mask: halfMask(dims), network, transformer });
}
