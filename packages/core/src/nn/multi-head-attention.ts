import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { UnsupportedError } from '../errors/dgm-error';
import { softmax } from '../ops/log-sum-exp';
import { checkKey, type Key } from '../random/key';
import { checkInteger, checkOptions, checkShape, checkThat } from '../check/check';
import { uniformByFanIn, xavierUniform } from './initial-values';
import { BaseLayer } from './layer';
import { rotate } from './rotate';
import type { StateOptions, Step, StepLayer } from './step-layer';

export interface MultiHeadAttentionOptions {
  /** The size of a position's vector. */
  readonly features: number;
  /** How many heads share the features; a divisor of `features`. */
  readonly heads: number;
  /** Whether a position sees only itself and those before it. @defaultValue false */
  readonly causal?: boolean;
  /** Whether queries and keys are turned by their positions (rotary positions). @defaultValue false */
  readonly rotary?: boolean;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** Keys and values of the positions seen so far, each `[n, heads, length, features / heads]`. */
export type AttentionState = KeysAndValues | AttentionWindow;

type KeysAndValues = { readonly keys: Tensor; readonly values: Tensor };

/** The last positions, of which those that came before the first are hidden. Keys are not turned yet: they move at each step. */
type AttentionWindow = KeysAndValues & { readonly hidden: Tensor };

/** Added to a score that must not count. Its exponential is 0 exactly, and so are all gradients through it. */
const HIDDEN = -1e9;

/**
 * Self-attention with several heads: maps `[n, length, features]` to the same shape.
 *
 * $$y = \mathrm{concat}_h\!\left(\mathrm{softmax}\!\left(\frac{Q_h K_h^\top}{\sqrt{d}} + M\right) V_h\right) W + b$$
 *
 * with queries, keys and values affine in x, $d = \text{features} / \text{heads}$, and a mask M that hides later
 * positions if `causal`. With `rotary`, scores know how far apart two positions are: queries and keys are turned by angles
 * that grow with the position. Initial values are PyTorch's: Xavier-uniform projections, biases 0.
 * @see Attention Is All You Need (Vaswani et al., 2017), §3.2. RoFormer (Su et al., 2021), §3.2
 *
 * @example
 * ```ts
 * const layer = new MultiHeadAttention({ features: 32, heads: 4, causal: true, key });
 * layer.apply(tf.zeros([4, 10, 32])); // [4, 10, 32]
 * ```
 */
export class MultiHeadAttention extends BaseLayer implements StepLayer<AttentionState> {
  readonly features: number;
  readonly heads: number;
  readonly causal: boolean;
  readonly rotary: boolean;
  /** Queries, keys and values, `[features, 3 * features]`. */
  readonly inputKernel: Variable;
  readonly inputBias: Variable;
  /** `[features, features]` */
  readonly outputKernel: Variable;
  readonly outputBias: Variable;

  constructor({
    features,
    heads,
    causal = false,
    rotary = false,
    key,
    ...unknown
  }: MultiHeadAttentionOptions) {
    super();
    record(this, 'MultiHeadAttention', arguments);
    checkOptions('MultiHeadAttention', unknown, ['features', 'heads', 'causal', 'rotary', 'key']);
    checkKey('MultiHeadAttention', key);
    checkInteger('MultiHeadAttention', 'features', features);
    checkInteger('MultiHeadAttention', 'heads', heads);
    checkThat('MultiHeadAttention', 'heads', features % heads === 0, {
      expected: `to divide the ${features} features`,
      actual: String(heads),
    });
    checkThat('MultiHeadAttention', 'features', !rotary || (features / heads) % 2 === 0, {
      expected: 'to be an even number for each head, for rotary positions',
      actual: String(features / heads),
    });
    this.features = features;
    this.heads = heads;
    this.causal = causal;
    this.rotary = rotary;
    const input = xavierUniform(key.fold('input'), [features, 3 * features], features, 3 * features);
    this.inputKernel = this.parameter('inputKernel', input);
    this.inputBias = this.parameter('inputBias', tf.zeros([3 * features]));
    const output = uniformByFanIn(key.fold('output'), [features, features], features);
    this.outputKernel = this.parameter('outputKernel', output);
    this.outputBias = this.parameter('outputBias', tf.zeros([features]));
  }

  initialState(n: number, { capacity }: StateOptions = {}): AttentionState {
    const shape = [n, this.heads, capacity ?? 0, this.features / this.heads];
    const nothing = { keys: tf.zeros(shape), values: tf.zeros(shape) };
    return capacity === undefined ? nothing : { ...nothing, hidden: tf.fill([capacity], HIDDEN) };
  }

  /**
   * The output at one more position, with the keys and values of earlier ones kept in the state.
   * @throws {@link UnsupportedError} if the attention is not causal: then later positions change earlier outputs.
   */
  step(x: Tensor, state: AttentionState): Step<AttentionState> {
    checkShape('MultiHeadAttention.step', 'x', x, ['n', this.features]);
    if (!this.causal) {
      throw new UnsupportedError({
        where: 'MultiHeadAttention.step',
        expected: 'causal attention',
        actual: 'attention to later positions too',
        remedy: 'make the layer with causal: true, or call apply with the whole sequence',
      });
    }
    return tf.tidy(() => {
      const position = tf.expandDims(x, 1);
      const { output, state: after } =
        'hidden' in state ? this.#slide(position, state) : this.#grow(position, state);
      return { output, state: after };
    });
  }

  protected override validate(x: Tensor): void {
    checkShape('MultiHeadAttention.apply', 'x', x, ['n', 'length', this.features]);
  }

  protected forward(x: Tensor): Tensor {
    const { queries, keys, values } = this.#project(x);
    const mask = this.causal ? futureMask(x.shape[1]!) : undefined;
    return this.#attend(this.#placed(queries), { keys: this.#placed(keys), values }, mask);
  }

  #grow(x: Tensor, state: KeysAndValues): Step<KeysAndValues> {
    const position = state.keys.shape[2]!;
    const { queries, keys, values } = this.#project(x);
    const seen = {
      keys: tf.concat([state.keys, this.#placed(keys, position)], 2),
      values: tf.concat([state.values, values], 2),
    };
    return { output: tf.squeeze(this.#attend(this.#placed(queries, position), seen), [1]), state: seen };
  }

  #slide(x: Tensor, state: AttentionWindow): Step<AttentionWindow> {
    const { queries, keys, values } = this.#project(x);
    const seen = {
      keys: append(state.keys, keys, 2),
      values: append(state.values, values, 2),
      hidden: append(state.hidden, tf.zeros([1]), 0),
    };
    // Only distances of positions matter, so they may be counted from the start of the window.
    const last = this.#placed(queries, seen.hidden.size - 1);
    const output = this.#attend(last, { ...seen, keys: this.#placed(seen.keys) }, seen.hidden);
    return { output: tf.squeeze(output, [1]), state: seen };
  }

  /** Queries, keys and values, each `[n, heads, length, features / heads]`. */
  #project(x: Tensor): KeysAndValues & { readonly queries: Tensor } {
    const [n, length] = x.shape as [number, number];
    const rows = tf.reshape(x, [n * length, this.features]);
    const all = tf.add(tf.matMul(rows, this.inputKernel), this.inputBias);
    const size = this.features / this.heads;
    const byHead = tf.transpose(tf.reshape(all, [n, length, 3, this.heads, size]), [2, 0, 3, 1, 4]);
    const [queries, keys, values] = tf.unstack(byHead, 0);
    return { queries: queries!, keys: keys!, values: values! };
  }

  /** Queries or keys that know their positions, where those are rotary. */
  #placed(vectors: Tensor, first = 0): Tensor {
    return this.rotary ? rotate(vectors, { first }) : vectors;
  }

  #attend(queries: Tensor, { keys, values }: KeysAndValues, mask?: Tensor): Tensor {
    const [n, heads, length, size] = queries.shape as [number, number, number, number];
    const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size));
    const weights = softmax(mask === undefined ? scores : tf.add(scores, mask));
    const together = tf.transpose(tf.matMul(weights, values), [0, 2, 1, 3]);
    const rows = tf.reshape(together, [n * length, heads * size]);
    const y = tf.add(tf.matMul(rows, this.outputKernel), this.outputBias);
    return tf.reshape(y, [n, length, this.features]);
  }
}

/** Moves one entry in at the end of an axis, and the first one out. */
function append(window: Tensor, entry: Tensor, axis: number): Tensor {
  const begin = window.shape.map((_, index) => Number(index === axis));
  return tf.concat([tf.slice(window, begin), entry], axis);
}

/** `[length, length]`: 0 where a row's position may see a column's, else {@link HIDDEN}. */
function futureMask(length: number): Tensor {
  const values = Float32Array.from({ length: length * length }, (_, index) =>
    index % length > Math.floor(index / length) ? HIDDEN : 0,
  );
  return tf.tensor(values, [length, length]);
}
