import type { ConditionalDistribution, Distribution, Key } from '@dgm/core';
import { flow, type Flow } from '../flow';
import { Planar } from '../sylvester/planar';
import { Sylvester, type SylvesterOptions } from '../sylvester/sylvester';

export interface PlanarFlowOptions {
  /** D, the length of an event. */
  readonly dims: number;
  readonly key: Key;
  /** The number of layers; 8 unless given. */
  readonly layers?: number;
  /** The length of the context; none unless given. */
  readonly context?: number;
  /** The standard normal unless given. */
  readonly base?: Distribution | ConditionalDistribution;
}

/**
 * Planar layers, one after the other: quick to draw from, which is what posteriors want.
 * @see Variational Inference with Normalizing Flows (Rezende and Mohamed, 2015)
 */
export function planarFlow({ layers = 8, base, key, ...options }: PlanarFlowOptions): Flow {
  return flow({
    layers: Array.from({ length: layers }, (_, index) => new Planar({ ...options, key: key.fold(index) })),
    ...(base === undefined ? {} : { base }),
    source: 'Rezende and Mohamed, 2015',
  });
}

export interface SylvesterFlowOptions extends PlanarFlowOptions {
  /** `'orthogonal'` unless given. */
  readonly form?: SylvesterOptions['form'];
  /** M, for the orthogonal form; D unless given. */
  readonly columns?: number;
  /** The number of Householder reflections; D unless given. */
  readonly reflections?: number;
}

/**
 * Sylvester layers, one after the other; those of triangular form alternate between the identity and the reversal.
 * @see DGM §4.4.2.2; Sylvester Normalizing Flows (van den Berg et al., 2018)
 */
export function sylvesterFlow({
  layers = 4,
  base,
  key,
  form = 'orthogonal',
  ...options
}: SylvesterFlowOptions): Flow {
  const parts = Array.from(
    { length: layers },
    (_, index) => new Sylvester({ ...options, form, reversed: index % 2 === 1, key: key.fold(index) }),
  );
  return flow({
    layers: parts,
    ...(base === undefined ? {} : { base }),
    source: 'DGM §4.4.2.2; van den Berg et al., 2018',
  });
}
