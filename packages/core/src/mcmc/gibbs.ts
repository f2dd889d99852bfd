import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkOneOf, checkOptions, checkThat } from '../check/check';
import type { LoopTensors, SamplingLoop } from '../model/sampling-loop';
import type { Key } from '../random/key';

/** Variables that are drawn together, by the name of their block. */
type Blocks<B extends string> = Readonly<Record<B, Tensor>>;

/** Draws one block of variables given the values of all others, in the shape that the block has. The caller owns the draw. */
export type Conditional<B extends string> = (blocks: Blocks<B>, key: Key, inputs: LoopTensors) => Tensor;

export interface GibbsOptions<B extends string, Initial = Blocks<B>> {
  /**
   * The blocks to start from, `[n, ...]` each: borrowed tensors, or a function that draws them when the loop starts and whose
   * tensors the loop owns.
   */
  readonly initial: Initial;
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
 * // A restricted Boltzmann machine of 6 visible and 3 hidden units:
 * const w = key.fold('weights').normal([6, 3]);
 * const loop = gibbs({
 *   initial: { v: tf.zeros([100, 6]), h: tf.zeros([100, 3]) },
 *   conditionals: {
 *     h: ({ v }, key) => new Bernoulli(tf.matMul(v, w)).sample(key),
 *     v: ({ h }, key) => new Bernoulli(tf.matMul(h, w, false, true)).sample(key),
 *   },
 *   steps: 100,
 *   result: 'v',
 * });
 * const v = runSamplingLoop(loop, key); // [100, 6]
 * ```
 */
export function gibbs<B extends string>(options: GibbsOptions<B>): SamplingLoop;
// eslint-disable-next-line @typescript-eslint/unified-signatures -- From a union, TypeScript infers no names of blocks.
export function gibbs<B extends string>(options: GibbsOptions<B, (key: Key) => Blocks<B>>): SamplingLoop;
export function gibbs<B extends string>(
  options: GibbsOptions<B, Blocks<B> | ((key: Key) => Blocks<B>)>,
): SamplingLoop {
  const where = 'gibbs';
  const { initial, conditionals, steps, result, inputs = {}, ...unknown } = options;
  checkOptions(where, unknown, ['initial', 'conditionals', 'steps', 'result', 'inputs']);
  checkGiven(where, 'initial', initial, 'to be tensors by name, or a function that draws them');
  checkGiven(where, 'conditionals', conditionals, 'to be functions by the name of a block');
  checkInteger(where, 'steps', steps, { min: 0 });
  const order = Object.entries(conditionals) as [B, Conditional<B>][];
  const checkBlocks = (blocks: Blocks<B>): void => {
    const names = Object.keys(blocks);
    checkOneOf(where, 'result', result, names);
    for (const [block] of order) checkOneOf(where, 'a name of conditionals', block, names);
  };
  const sweep = (blocks: LoopTensors, given: LoopTensors, key: Key): LoopTensors =>
    tf.tidy(() => {
      const current = { ...blocks } as Record<B, Tensor>;
      for (const [block, draw] of order) current[block] = draw(current, key.fold(block), given);
      return owned(current);
    });
  const finish = (state: LoopTensors): Tensor => tf.clone(state[result]!);
  if (typeof initial === 'function') {
    const start = (_: LoopTensors, key: Key): LoopTensors =>
      tf.tidy(() => {
        const blocks = initial(key);
        checkBlocks(blocks);
        return owned(blocks);
      });
    return { steps, inputs, start, next: sweep, finish };
  }
  checkBlocks(initial);
  const names = Object.keys(initial);
  const clash = names.find((name) => name in inputs);
  checkThat(where, 'inputs', clash === undefined, {
    expected: 'to have other names than the blocks',
    actual: `"${clash}" in both`,
  });
  return {
    steps,
    inputs: { ...inputs, ...initial },
    start: (given) => tf.tidy(() => owned(Object.fromEntries(names.map((name) => [name, given[name]!])))),
    next: sweep,
    finish,
  };
}

/** Copies, which the caller owns: a block that kept its value is borrowed. */
function owned(blocks: Readonly<Record<string, Tensor>>): LoopTensors {
  return Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, tf.clone(block)]));
}
