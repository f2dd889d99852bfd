import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkOneOf, checkOptions } from '../check/check';
import { ArgumentError } from '../errors/dgm-error';
import type { LoopTensors, SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';

/** Draws one block of variables given the values of all others, in the shape that the block has. The caller owns the draw. */
export type Conditional<B extends string> = (
  blocks: Readonly<Record<B, Tensor>>,
  key: Key,
  inputs: LoopTensors,
) => Tensor;

export interface GibbsOptions<B extends string> {
  /** The blocks to start from, `[n, ...]` each. Borrowed. */
  readonly initial: Readonly<Record<B, Tensor>>;
  /** How each block is drawn; a sweep takes them in this order. A block without one keeps its value. */
  readonly conditionals: Readonly<Partial<Record<NoInfer<B>, Conditional<NoInfer<B>>>>>;
  /** How many sweeps to make. */
  readonly steps: number;
  /** The block that holds the samples. */
  readonly result: NoInfer<B>;
  /** Further tensors that the conditionals read; a compiled sampler may be given others. Borrowed. */
  readonly inputs?: LoopTensors;
}

/**
 * Gibbs sampling: in each step every block is drawn anew given the others, $x_b \sim p(x_b \mid x_{-b})$.
 *
 * @returns a loop for `runSamplingLoop`, `compileSampler` or {@link drawsAlong}
 * @throws {@link ArgumentError} for a block without a name or a conditional of no block.
 * @see Stochastic Relaxation, Gibbs Distributions, and the Bayesian Restoration of Images (Geman and Geman, 1984)
 *
 * @example
 * ```ts
 * // A restricted Boltzmann machine:
 * const loop = gibbs({
 *   initial: { v, h },
 *   conditionals: {
 *     h: ({ v }, key) => new Bernoulli(hiddenLogits(v)).sample(key),
 *     v: ({ h }, key) => new Bernoulli(visibleLogits(h)).sample(key),
 *   },
 *   steps: 100,
 *   result: 'v',
 * });
 * ```
 */
export function gibbs<B extends string>(options: GibbsOptions<B>): SamplingLoop {
  const where = 'gibbs';
  const { initial, conditionals, steps, result, inputs = {}, ...unknown } = options;
  checkOptions(where, unknown, ['initial', 'conditionals', 'steps', 'result', 'inputs']);
  checkGiven(where, 'initial', initial, 'to be tensors by name');
  checkGiven(where, 'conditionals', conditionals, 'to be functions by the name of a block');
  checkInteger(where, 'steps', steps, { min: 0 });
  const blocks = Object.keys(initial) as B[];
  checkOneOf(where, 'result', result, blocks);
  const order = Object.entries(conditionals) as [B, Conditional<B>][];
  for (const [block] of order) checkOneOf(where, 'a name of conditionals', block, blocks);
  const clash = blocks.find((block) => block in inputs);
  if (clash !== undefined) {
    throw new ArgumentError({
      where,
      argument: 'inputs',
      expected: 'to have other names than the blocks',
      actual: `"${clash}" in both`,
    });
  }
  const pick = (tensors: LoopTensors): Record<B, Tensor> =>
    Object.fromEntries(blocks.map((block) => [block, tensors[block]!])) as Record<B, Tensor>;
  return {
    steps,
    inputs: { ...inputs, ...initial },
    start: (given) => tf.tidy(() => copies(pick(given))),
    next: (state, given, key) =>
      tf.tidy(() => {
        const current = pick(state);
        for (const [block, draw] of order) current[block] = draw(current, key.fold(block), given);
        return copies(current);
      }),
    finish: (state) => tf.clone(state[result]!),
  };
}

/** Tensors of their own: a block that kept its value is borrowed. */
function copies<B extends string>(blocks: Readonly<Record<B, Tensor>>): LoopTensors {
  return Object.fromEntries(Object.entries<Tensor>(blocks).map(([name, block]) => [name, tf.clone(block)]));
}
