import type { Bijector, ConditionalDistribution, Distribution, Key } from '@dgm/core';
import type { ChainPart } from '../chain';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/act-norm-flow';
import { contractiveDenseNet, contractiveMlp, type Contraction } from '../residual/contraction';
import type { ContractiveDenseNetOptions, ContractiveMlpOptions } from '../residual/contraction';
import { InvertibleResidual, type InvertibleResidualOptions } from '../residual/invertible-residual';

interface BlockOptions {
  /** The number of residual blocks; 8 unless given. */
  readonly blocks?: number;
  /** The log-determinant of training, as {@link InvertibleResidual} takes it. */
  readonly logDet?: InvertibleResidualOptions['logDet'];
  /** The standard normal unless given. */
  readonly base?: Distribution | ConditionalDistribution;
  /** What stands between the flow and the data. */
  readonly preprocessing?: Bijector;
}

export interface ResidualFlowOptions extends ContractiveMlpOptions, BlockOptions {}

/**
 * Invertible residual blocks, with activation normalization around each.
 *
 * `logProb` is exact, at the cost of D forward passes. In training the log-determinant is exact up to 16 dimensions, and an
 * unbiased estimate beyond unless `logDet` says otherwise.
 * @see DGM §3.1.7; Residual Flows for Invertible Generative Modeling (Chen et al., 2019)
 */
export function residualFlow(options: ResidualFlowOptions): Flow {
  return blockFlow(options, 'Chen et al., 2019', (key) => contractiveMlp({ ...options, key }));
}

export interface DenseFlowOptions extends ContractiveDenseNetOptions, BlockOptions {}

/**
 * {@link residualFlow} with densely connected networks.
 * @see DGM §3.1.7, Eq. 3.25-3.30; Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021)
 */
export function denseFlow(options: DenseFlowOptions): Flow {
  return blockFlow(options, 'Perugachi-Diaz et al., 2021', (key) => contractiveDenseNet({ ...options, key }));
}

function blockFlow(
  { dims, key, blocks = 8, logDet, base, preprocessing }: BlockOptions & { dims: number; key: Key },
  source: string,
  contraction: (key: Key) => Contraction,
): Flow {
  const parts = Array.from({ length: blocks }, (_, index): ChainPart[] => [
    new InvertibleResidual({
      contraction: contraction(key.fold(index)),
      ...(logDet === undefined ? {} : { logDet }),
    }),
    new ActNormFlow({ features: dims }),
  ]);
  return flow({
    layers: [
      new ActNormFlow({ features: dims }),
      ...parts.flat(),
      ...(preprocessing === undefined ? [] : [preprocessing]),
    ],
    ...(base === undefined ? {} : { base }),
    source: `DGM §3.1.7; ${source}`,
  });
}
