import { BaseModule, standardNormal, Transformed } from '@dgm/core';
import type { Bijector, ConditionalDistribution, Distribution, Module, Shape } from '@dgm/core';

export interface FlowPriorOptions {
  /** The shape of z. */
  readonly shape: Shape;
  /** The learned change of variables, forward from the base to z. The prior owns it. */
  readonly flow: Bijector & Module;
  /** What the flow starts from; a standard normal unless given. */
  readonly base?: Distribution;
}

class FlowPrior extends BaseModule implements ConditionalDistribution {
  readonly #distribution: Distribution;

  constructor({ shape, flow, base = standardNormal(shape) }: FlowPriorOptions) {
    super();
    this.#distribution = new Transformed(base, this.child('flow', flow));
  }

  given(): Distribution {
    return this.#distribution;
  }
}

/**
 * A prior by change of variables: $\ln p_\lambda(z) = \ln \pi(f^{-1}(z)) + \ln |\det J_{f^{-1}}(z)|$.
 *
 * The log-determinant is that of the whole z and counts once. (The book's code adds it to each entry of z and then sums,
 * which counts it once for each dimension: an unnormalized prior that seems to win.) A flow that is a model of its own,
 * with `logProb` and `sample`, goes through `modelPrior`.
 * @see DGM §4.4.1.6, Listing 4.11
 */
export function flowPrior(options: FlowPriorOptions): ConditionalDistribution {
  return new FlowPrior(options);
}
