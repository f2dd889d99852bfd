import { ArgumentError, checkMethods, checkThat } from '@dgm/core';
import type { Key } from '@dgm/core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** What an objective sees of a model. */
export interface EnergyFunction {
  /** E(x), nats, `[n, ...shape]` to `[n]`. */
  energy(x: Tensor): Tensor;
  /** A scalar that is learned with the energy, for an objective that `learnsPartition`. */
  readonly learnedPartition?: Tensor;
  /** $\ln p(x_d \mid x_{-d})$ of each entry, nats, `[n, D]`, of a model that has them without D energies. */
  conditionals?(x: Tensor): Tensor;
  /** $\ln Z$ by a sum over all states, a differentiable scalar, for an objective that `sumsStates`. */
  logPartition?(): Scalar;
}

/**
 * A way to learn an energy from examples that needs no chain: a loss with its minimum at $E(x) = -\ln p(x) + const$. It is made by
 * {@link implicitScoreMatching}, {@link denoisingScoreMatching}, {@link noiseContrastiveEstimation} or {@link energyDiscrepancy} for real
 * numbers, by {@link pseudoLikelihood} or {@link minimumProbabilityFlow} for bits, and by {@link maximumLikelihood} for models of few
 * units.
 */
export interface EnergyObjective {
  readonly name: string;
  /** What examples are: 0 or 1, real numbers, or what the model takes. */
  readonly data: 'bits' | 'reals' | 'any';
  /** Whether the model is to have a learned $\ln Z$, its parameter `logPartition`. @defaultValue false */
  readonly learnsPartition?: boolean;
  /** Whether the loss differentiates the energy by x: the network then needs right second derivatives. @defaultValue false */
  readonly usesScore?: boolean;
  /** Whether the loss takes the `conditionals` of a model, whatever its values are. @defaultValue false */
  readonly takesConditionals?: boolean;
  /** Whether the loss has $\ln Z$ as a sum over all states: the model then needs few units. @defaultValue false */
  readonly sumsStates?: boolean;
  /** `total`, to be minimized, and other terms, averaged over the examples `[n, ...shape]`. The caller owns the scalars. */
  loss(model: EnergyFunction, x: Tensor, key: Key): { total: Scalar } & Record<string, Scalar>;
}

/** @throws ArgumentError for what is no objective, or one of other data; `example` names one */
export function checkObjective(
  where: string,
  objective: EnergyObjective,
  { data, example }: { readonly data: 'bits' | 'integers' | 'reals'; readonly example: string },
): void {
  checkMethods(where, 'objective', objective, {
    methods: ['loss'],
    expected: `to be one such as ${example}`,
  });
  if (objective.data === data || objective.data === 'any') return;
  checkThat(where, 'objective', data === 'integers' && objective.takesConditionals, {
    expected: `to be one for ${data}, such as ${example}`,
    actual: `${objective.name}, for ${objective.data}`,
  });
}

/** @throws ArgumentError for options of chains, which an objective makes useless */
export function checkUnused<T>(where: string, options: T, names: readonly (keyof T & string)[]): void {
  for (const argument of names) {
    if (options[argument] === undefined) continue;
    throw new ArgumentError({
      where,
      argument,
      expected: 'to be left out with an objective, which has no chains',
      actual: String(options[argument]),
    });
  }
}
