import { checkInteger, disposeOnThrow } from '@dgm/core';
import type { Bijector } from '@dgm/core';
import { flow, type Flow } from '../flow';
import { ActNormFlow } from '../linear/normalization';
import { record } from '../record';
import { contractiveDenseNet, contractiveMlp, type Contraction } from '../residual/contraction';
import type {
  ContractionOptions,
  ContractiveDenseNetOptions,
  ContractiveMlpOptions,
} from '../residual/contraction';
import { InvertibleResidual, type InvertibleResidualOptions } from '../residual/invertible-residual';
import { checkFlowOptions, withPreprocessing, type CommonOptions } from './options';

interface BlockOptions extends Pick<CommonOptions, 'base' | 'preprocessing'> {
  /**
   * The number of residual blocks.
   * @defaultValue 8
   */
  readonly blocks?: number;
  /** The log-determinant of training, as {@link InvertibleResidual} takes it. */
  readonly logDet?: InvertibleResidualOptions['logDet'];
}

export interface ResidualFlowOptions extends ContractiveMlpOptions, BlockOptions {}

/**
 * Invertible residual blocks, with activation normalization around each.
 *
 * `logProb` is exact, at the cost of D forward passes. In training the log-determinant is exact up to 16 dimensions,
 * and an unbiased estimate beyond; `logDet` overrides this.
 * @see DGM §3.1.7; Residual Flows for Invertible Generative Modeling (Chen et al., 2019)
 *
 * @example
 * ```ts
 * const model = residualFlow({ dims: 8, key });
 * ```
 */
export function residualFlow(options: ResidualFlowOptions): Flow {
  checkFlowOptions('residualFlow', options, [...BLOCK_OPTIONS, 'hidden']);
  return record(blockFlow('residualFlow', options, contractiveMlp), 'residualFlow', arguments);
}

export interface DenseFlowOptions extends ContractiveDenseNetOptions, BlockOptions {}

/**
 * {@link residualFlow} with densely connected networks.
 * @see DGM §3.1.7, Eq. 3.25-3.30; Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021)
 *
 * @example
 * ```ts
 * const model = denseFlow({ dims: 8, key });
 * ```
 */
export function denseFlow(options: DenseFlowOptions): Flow {
  checkFlowOptions('denseFlow', options, [...BLOCK_OPTIONS, 'depth', 'growth']);
  return record(blockFlow('denseFlow', options, contractiveDenseNet), 'denseFlow', arguments);
}

const BLOCK_OPTIONS = ['dims', 'lipschitz', 'activation', 'blocks', 'logDet', 'base', 'preprocessing'];

const SOURCES = { residualFlow: 'Chen et al., 2019', denseFlow: 'Perugachi-Diaz et al., 2021' };

function blockFlow<Network extends ContractionOptions>(
  where: keyof typeof SOURCES,
  { blocks = 8, logDet, base, preprocessing, ...rest }: BlockOptions & Network,
  contraction: (network: Network) => Contraction,
): Flow {
  const network = rest as unknown as Network;
  const { dims, key, contextSize } = network;
  checkInteger(where, 'blocks', blocks);
  return disposeOnThrow(() => {
    const parts = Array.from({ length: blocks }, (_, index): Bijector[] => [
      new InvertibleResidual({
        contraction: contraction({ ...network, key: key.fold(index) }),
        ...(logDet !== undefined && { logDet }),
      }),
      new ActNormFlow({ features: dims }),
    ]);
    return flow({
      layers: withPreprocessing([new ActNormFlow({ features: dims }), ...parts.flat()], preprocessing),
      contextSize,
      base,
      source: `DGM §3.1.7; ${SOURCES[where]}`,
    });
  });
}
