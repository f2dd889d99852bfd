import { checkInteger, disposeOnThrow } from '@dgm/core';
import type { Bijector } from '@dgm/core';
import { flow, type Flow } from '../flow';
import { record } from '../record';
import { Planar } from '../sylvester/planar';
import { Sylvester, type SylvesterOptions } from '../sylvester/sylvester';
import { checkFlowOptions, withPreprocessing, type VectorFlowOptions } from './options';

export interface PlanarFlowOptions extends VectorFlowOptions {
  /**
   * The number of layers.
   * @defaultValue 8
   */
  readonly layers?: number;
}

/**
 * A sequence of planar layers. Sampling is fast, which posteriors need.
 * @see Variational Inference with Normalizing Flows (Rezende and Mohamed, 2015)
 *
 * @example
 * ```ts
 * const model = planarFlow({ dims: 2, layers: 8, key });
 * ```
 */
export function planarFlow(options: PlanarFlowOptions): Flow {
  checkFlowOptions('planarFlow', options, ['dims', 'layers', 'base', 'preprocessing']);
  const model = stack('planarFlow', options, {
    layer: (index) => {
      const { dims, contextSize = 0, key } = options;
      return new Planar({ dims, contextSize, key: key.fold(index) });
    },
    layers: options.layers ?? 8,
    source: 'Rezende and Mohamed, 2015',
  });
  return record(model, 'planarFlow', arguments);
}

export interface SylvesterFlowOptions extends PlanarFlowOptions {
  /** @defaultValue `'orthogonal'` */
  readonly form?: SylvesterOptions['form'];
  /**
   * M, for the orthogonal form.
   * @defaultValue D
   */
  readonly columns?: number;
  /**
   * The number of Householder reflections.
   * @defaultValue D
   */
  readonly reflections?: number;
}

/**
 * A sequence of Sylvester layers. Layers of triangular form alternate between the identity and the reversal.
 * @see DGM §4.4.2.2; Sylvester Normalizing Flows (van den Berg et al., 2018)
 *
 * @example
 * ```ts
 * const model = sylvesterFlow({ dims: 16, layers: 4, columns: 8, key });
 * ```
 */
export function sylvesterFlow(options: SylvesterFlowOptions): Flow {
  const own = ['dims', 'layers', 'form', 'columns', 'reflections', 'base', 'preprocessing'];
  checkFlowOptions('sylvesterFlow', options, own);
  const { dims, contextSize = 0, form = 'orthogonal', columns, reflections, key } = options;
  const model = stack('sylvesterFlow', options, {
    layer: (index) =>
      new Sylvester({
        dims,
        contextSize,
        form,
        ...(columns !== undefined && { columns }),
        ...(reflections !== undefined && { reflections }),
        reversed: index % 2 === 1,
        key: key.fold(index),
      }),
    layers: options.layers ?? 4,
    source: 'DGM §4.4.2.2; van den Berg et al., 2018',
  });
  return record(model, 'sylvesterFlow', arguments);
}

function stack(
  where: string,
  { contextSize, base, preprocessing }: PlanarFlowOptions,
  { layer, layers, source }: { layer: (index: number) => Bijector; layers: number; source: string },
): Flow {
  checkInteger(where, 'layers', layers);
  return disposeOnThrow(() => {
    const parts = Array.from({ length: layers }, (_, index) => layer(index));
    return flow({ layers: withPreprocessing(parts, preprocessing), contextSize, base, source });
  });
}
