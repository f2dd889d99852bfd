import { checkInteger, checkKey, checkNumber, checkOptions } from '@dgm/core';
import type { Bijector, ConditionalDistribution, Distribution, Key } from '@dgm/core';

/** Options of every flow factory. */
export interface CommonOptions {
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * The width of the context that the model is conditioned on.
   * @defaultValue 0, an unconditional model
   */
  readonly contextSize?: number;
  /**
   * $\pi(z)$, fixed or learned.
   * @defaultValue the standard normal
   */
  readonly base?: Distribution | ConditionalDistribution;
  /** The last layer before the data, for example {@link logitPreprocessing}. */
  readonly preprocessing?: Bijector;
}

/** Options of every factory of a flow of vectors. */
export interface VectorFlowOptions extends CommonOptions {
  /** D, the length of an event. */
  readonly dims: number;
}

interface Checked extends CommonOptions {
  readonly dims?: number;
  readonly hidden?: number | readonly number[];
  readonly dropout?: number;
}

/**
 * Checks the names of all options and the values of the shared ones.
 * @param own - the names of the factory's other options
 * @throws ArgumentError naming `where`
 */
export function checkFlowOptions(where: string, options: Checked, own: readonly string[]): void {
  checkOptions(where, options, ['key', 'contextSize', ...own]);
  checkKey(where, options.key);
  if (own.includes('dims')) checkInteger(where, 'dims', options.dims);
  const { contextSize = 0, hidden = [], dropout = 0 } = options;
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
  [hidden].flat().forEach((units) => checkInteger(where, 'hidden', units));
  checkNumber(where, 'dropout', dropout, { min: 0, below: 1 });
}

export function withPreprocessing(
  layers: readonly Bijector[],
  preprocessing: Bijector | undefined,
): readonly Bijector[] {
  return preprocessing === undefined ? layers : [...layers, preprocessing];
}
