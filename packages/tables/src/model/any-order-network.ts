import {
  ActivationLayer,
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  clip,
  Dense,
  Dropout,
  Embedding,
  LayerNorm,
  log1mExp,
  logAddExp,
  logSoftmax,
  logSumExp,
  oneHot,
  relu,
  Residual,
  Sequential,
  sigmoid,
  singleObjective,
  softplus,
  type CallOptions,
  type GenerativeModel,
  type Key,
  type Objective,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { drawTable } from '../table/draw';
import { FLAT_DENSITY, layoutOf, UNIFORM_SHARE, type NetworkLayout } from './layout';
import type { MaskedRows, NumberTargets, SeenRows, Targets } from './masks';
import type { TableCodec } from '../codec/table-codec';

export interface NetworkOptions {
  /** The size of the hidden layers. */
  readonly hidden: number;
  /** The number of residual blocks. */
  readonly blocks: number;
  /** The size of a cell's vector. @defaultValue 16 */
  readonly features?: number;
  /** The number of logistic components inside the bins of a number. @defaultValue 4 */
  readonly components?: number;
  /** @defaultValue 0 */
  readonly dropout?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** Added to the mass of each bin under the mixture. */
const LEAST_MASS = 1e-7;
/** The logit of an index that a column does not have. Lower ones make the softmax of ONNX Runtime slow. */
const ABSENT = -40;

/**
 * A masked network of the rows of a table: of any cells that it sees, it gives the distribution of each other cell. So one
 * network has all conditionals, and an order of the columns makes them a joint distribution.
 *
 * A category has a softmax over its levels. A number $g$ on a grid has one over bins, whose logits are those of the network
 * plus the log-mass of a mixture of logistics $F$, and that mixture inside its bin:
 *
 * $$ p(g) = (1 - \epsilon) \, p(b) \, \frac{F(g + \tfrac12) - F(g - \tfrac12)}{F(b_+) - F(b_-)} + \frac{\epsilon}{N}, \qquad
 *    p(b) = \operatorname{softmax}_b \bigl( \ell_b + \ln (F(b_+) - F(b_-)) \bigr), $$
 *
 * with $\epsilon = 10^{-4}$ over the $N$ values of the column, missing included. The masses of all values sum to 1.
 */
export class AnyOrderNetwork extends BaseModule implements GenerativeModel<MaskedRows> {
  readonly eventShape: readonly [columns: number];
  readonly likelihoodKind = 'exact';
  readonly layout: NetworkLayout;
  /** The number of logistic components inside the bins of a number. */
  readonly components: number;
  readonly #embedding: Embedding;
  readonly #trunk: Sequential;
  readonly #numbers: NumberHead | undefined;
  readonly #categories: CategoryHead | undefined;

  constructor(
    readonly codec: TableCodec,
    options: NetworkOptions,
  ) {
    super();
    const { hidden, blocks, features = 16, components = 4, dropout = 0, key, ...unknown } = options;
    checkOptions('AnyOrderNetwork', unknown, [
      'hidden',
      'blocks',
      'features',
      'components',
      'dropout',
      'key',
    ]);
    checkInteger('AnyOrderNetwork', 'hidden', hidden);
    checkInteger('AnyOrderNetwork', 'blocks', blocks, { min: 0, max: 1000 });
    checkInteger('AnyOrderNetwork', 'components', components);
    checkNumber('AnyOrderNetwork', 'dropout', dropout, { min: 0, below: 1 });
    record(this, 'AnyOrderNetwork', [codec, options]);
    this.components = components;
    this.layout = layoutOf(codec);
    const { width, vectors, numbers, categories } = this.layout;
    this.eventShape = [width];
    this.#embedding = this.child(
      'embedding',
      new Embedding({ values: vectors, features, key: key.fold('embedding') }),
    );
    const dense = (name: string | number, inputs: number) =>
      new Dense({ inputs, outputs: hidden, key: key.fold(name) });
    const block = (index: number) =>
      new Residual({
        body: new Sequential([
          new LayerNorm({ features: hidden }),
          dense(2 * index, hidden),
          new ActivationLayer('swish'),
          ...(dropout > 0 ? [new Dropout({ rate: dropout })] : []),
          dense(2 * index + 1, hidden),
        ]),
      });
    this.#trunk = this.child(
      'trunk',
      new Sequential([
        dense('input', width * (features + 2)),
        ...Array.from({ length: blocks }, (_, index) => block(index)),
        new LayerNorm({ features: hidden }),
      ]),
    );
    if (numbers.columns.length > 0) {
      this.#numbers = this.child(
        'numbers',
        new NumberHead(numbers, { hidden, components, key: key.fold('numbers') }),
      );
    }
    if (categories.columns.length > 0) {
      this.#categories = this.child(
        'categories',
        new CategoryHead(categories, { hidden, key: key.fold('categories') }),
      );
    }
  }

  /**
   * One number for each row that sums up what the network sees of it.
   * @returns `[n, hidden]`
   */
  hiddenState({ codes, features }: SeenRows, call: CallOptions = {}): Tensor {
    return tf.tidy(() => {
      const [n] = codes.shape;
      const vectors = tf.reshape(this.#embedding.apply(codes), [
        n,
        this.layout.width * this.#embedding.features,
      ]);
      return this.#trunk.apply(tf.concat([vectors, features], 1), call);
    });
  }

  /**
   * The distributions of one column of numbers, as it follows from what is seen of each row.
   * @param group - int32 `[1]`, the column's place among those of numbers
   * @returns `[n, indices + 3 components]`: log-probabilities of the bins and of missing; then log-weights, means and scales
   */
  numberColumn(seen: SeenRows, group: Tensor1D): Tensor {
    return tf.tidy(() => this.#numbers!.column(this.hiddenState(seen), group));
  }

  /**
   * The distributions of one column of categories, as it follows from what is seen of each row.
   * @param group - int32 `[1]`, the column's place among those of categories
   * @returns `[n, indices]`: log-probabilities
   */
  categoryColumn(seen: SeenRows, group: Tensor1D): Tensor {
    return tf.tidy(() => this.#categories!.column(this.hiddenState(seen), group));
  }

  /**
   * The mean over the rows of $-\sum_j w_j \ln p(x_j \mid \text{seen})$, in nats: an estimate of $-\ln p(x)$ over random orders.
   */
  loss({ seen, numbers, categories }: MaskedRows, call: CallOptions = {}): Scalar {
    return tf.tidy(() => {
      const hidden = this.hiddenState(seen, call);
      const terms = [
        ...(numbers ? [this.#numbers!.logProb(hidden, numbers)] : []),
        ...(categories ? [this.#categories!.logProb(hidden, categories)] : []),
      ];
      return tf.neg(tf.div(tf.addN(terms), hidden.shape[0]!)) as Scalar;
    });
  }

  /**
   * Rows drawn column by column, in the order of the table.
   * @returns `[n, D]`: values in units of the schema, indices of levels; NaN where missing
   */
  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => {
      const values = drawTable(this, key, n);
      const rows = new Float32Array(n * values.length);
      values.forEach((column, at) =>
        column.forEach((value, row) => (rows[row * values.length + at] = value)),
      );
      return tf.tensor2d(rows, [n, values.length]);
    });
  }

  objectives(): readonly Objective<MaskedRows>[] {
    return singleObjective(this, {
      name: 'nll',
      loss: (batch: MaskedRows, key, { training }) => ({ total: this.loss(batch, { training, key }) }),
    });
  }
}

interface HeadOptions {
  readonly hidden: number;
  readonly key: Key;
}

/** One affine map for each column of a group, `[C, hidden, outputs]`. */
abstract class GroupHead extends BaseModule {
  protected readonly kernel: Variable;
  protected readonly bias: Variable;

  constructor(
    protected readonly columns: number,
    outputs: number,
    { hidden, key }: HeadOptions,
    initialBias: () => Float32Array,
  ) {
    super();
    // First, as it refuses a size that a damaged model file asks for.
    const small = tf.tidy(() => tf.mul(key.normal([columns, hidden, outputs]), 0.01));
    this.kernel = this.parameter('kernel', small);
    this.bias = this.parameter('bias', tf.tensor(initialBias(), [columns, 1, outputs]));
  }

  /** Numbers that are not learned. */
  protected constant(name: string, values: Float32Array, shape: number[]): Variable {
    return this.parameter(name, tf.tensor(values, shape), { trainable: false });
  }

  /** The outputs of each column for its own rows: `[C, Q, outputs]`. */
  protected outputsAt(hidden: Tensor, rows: Tensor): Tensor {
    const [columns, room] = rows.shape as [number, number];
    const gathered = tf.gather(hidden, tf.reshape(rows, [columns * room]));
    const states = tf.reshape(gathered, [columns, room, hidden.shape[1]!]);
    return tf.add(tf.matMul(states, this.kernel), this.bias);
  }

  /** The outputs of one column for all rows: `[1, n, outputs]`. */
  protected outputsOf(hidden: Tensor, group: Tensor1D): Tensor {
    const kernel = tf.gather(this.kernel, group);
    const states = tf.reshape(hidden, [1, ...hidden.shape]);
    return tf.add(tf.matMul(states, kernel), tf.gather(this.bias, group));
  }
}

class CategoryHead extends GroupHead {
  /** `[C, 1, indices]`: what is added to the logits; {@link ABSENT} for an index that a column does not have. */
  readonly #absent: Variable;
  /** `[C, 1]`: the uniform part of a probability. */
  readonly #uniform: Variable;
  readonly #indices: number;

  constructor({ codecs, indices }: NetworkLayout['categories'], options: HeadOptions) {
    super(codecs.length, indices, options, () => new Float32Array(codecs.length * indices));
    this.#indices = indices;
    const absent = absence(
      codecs.map(({ levels, hasMissing, state }) => ({
        last: levels,
        extra: [...(state.hasOther ? [levels] : []), ...(hasMissing ? [levels + 1] : [])],
      })),
      indices,
    );
    this.#absent = this.constant('absent', absent, [codecs.length, 1, indices]);
    const uniform = Float32Array.from(codecs, (codec) => Math.log(UNIFORM_SHARE / codec.indices));
    this.#uniform = this.constant('uniform', uniform, [codecs.length, 1]);
  }

  logProb(hidden: Tensor, { rows, indices, weights }: Targets): Scalar {
    const logits = tf.add(this.outputsAt(hidden, rows), this.#absent);
    const chosen = tf.sum(tf.mul(logSoftmax(logits), oneHot(indices, { depth: this.#indices })), -1);
    return tf.sum(tf.mul(weights, withUniform(chosen, this.#uniform)));
  }

  column(hidden: Tensor, group: Tensor1D): Tensor {
    const logits = tf.add(this.outputsOf(hidden, group), tf.gather(this.#absent, group));
    return tf.reshape(logSoftmax(logits), [hidden.shape[0]!, this.#indices]);
  }
}

class NumberHead extends GroupHead {
  readonly #absent: Variable;
  readonly #uniform: Variable;
  /** `[C, 1, 1, indices]`: the edges of the bins on the axis; a column with fewer repeats its last. */
  readonly #edges: Variable;
  /** `[C, 1, 1]` */
  readonly #minScale: Variable;
  readonly #indices: number;
  readonly #components: number;

  constructor(
    { codecs, indices }: NetworkLayout['numbers'],
    { components, ...options }: HeadOptions & { readonly components: number },
  ) {
    const outputs = indices + 3 * components;
    super(codecs.length, outputs, options, () => {
      const bias = new Float32Array(codecs.length * outputs);
      codecs.forEach((_, column) => {
        const at = column * outputs + indices + components;
        // Components side by side, of the width of the data.
        for (let k = 0; k < components; k++)
          bias[at + k] = components > 1 ? -1.5 + (3 * k) / (components - 1) : 0;
        bias.fill(-0.5, at + components, at + 2 * components);
      });
      return bias;
    });
    const columns = codecs.length;
    this.#indices = indices;
    this.#components = components;
    const absent = absence(
      codecs.map(({ bins, hasMissing }) => ({ last: bins, extra: hasMissing ? [indices - 1] : [] })),
      indices,
    );
    this.#absent = this.constant('absent', absent, [columns, 1, indices]);
    const uniform = Float32Array.from(codecs, ({ support }) => Math.log(UNIFORM_SHARE / (support + 1)));
    this.#uniform = this.constant('uniform', uniform, [columns, 1]);
    const edges = new Float32Array(columns * indices);
    codecs.forEach((codec, column) => {
      for (let at = 0; at < indices; at++)
        edges[column * indices + at] = codec.edges[Math.min(at, codec.bins)]!;
    });
    this.#edges = this.constant('edges', edges, [columns, 1, 1, indices]);
    const minScale = Float32Array.from(codecs, (codec) => codec.minScale);
    this.#minScale = this.constant('minScale', minScale, [columns, 1, 1]);
  }

  logProb(hidden: Tensor, targets: NumberTargets): Scalar {
    const { rows, indices, weights, low, width, binLow, binWidth } = targets;
    const outputs = this.outputsAt(hidden, rows);
    const { logWeights, means, scales } = this.#mixture(outputs, this.#minScale);
    const logBins = this.#logBins(outputs, { logWeights, means, scales }, this.#absent, this.#edges);
    const chosen = tf.sum(tf.mul(logBins, oneHot(indices, { depth: this.#indices })), -1);
    const inside = tf.sub(
      logMass({ logWeights, means, scales }, low, width),
      logMass({ logWeights, means, scales }, binLow, binWidth),
    );
    return tf.sum(tf.mul(weights, withUniform(tf.add(chosen, inside), this.#uniform)));
  }

  column(hidden: Tensor, group: Tensor1D): Tensor {
    const n = hidden.shape[0]!;
    const of = (constant: Variable) => tf.gather(constant, group);
    const outputs = this.outputsOf(hidden, group);
    const mixture = this.#mixture(outputs, of(this.#minScale));
    const logBins = this.#logBins(outputs, mixture, of(this.#absent), of(this.#edges));
    const parts = [logBins, mixture.logWeights, mixture.means, mixture.scales];
    return tf.reshape(tf.concat(parts, -1), [n, this.#indices + 3 * this.#components]);
  }

  #mixture(outputs: Tensor, minScale: Tensor): MixtureOfLogistics {
    const [columns, room] = outputs.shape as [number, number, number];
    const part = (index: number) =>
      tf.slice(outputs, [0, 0, this.#indices + index * this.#components], [columns, room, this.#components]);
    return {
      logWeights: logSoftmax(part(0)),
      means: part(1),
      scales: tf.add(tf.exp(clip(part(2), { min: -12, max: 3 })), minScale),
    };
  }

  /** $\ln p(b)$, `[C, Q, indices]`. */
  #logBins(
    outputs: Tensor,
    { logWeights, means, scales }: MixtureOfLogistics,
    absent: Tensor,
    edges: Tensor,
  ): Tensor {
    const [columns, room, components] = means.shape as [number, number, number];
    const size = this.#indices;
    const apart = (x: Tensor) => tf.reshape(x, [columns, room, components, 1]);
    // [C, Q, K, indices], and the mixture's distribution function at the edges: [C, Q, indices].
    const places = tf.div(tf.sub(edges, apart(means)), apart(scales));
    const weights = tf.reshape(tf.exp(logWeights), [columns * room, 1, components]);
    const below = tf.matMul(weights, tf.reshape(sigmoid(places), [columns * room, components, size]));
    const cdf = tf.reshape(below, [columns, room, size]);
    const bins = size - 1;
    const masses = tf.sub(
      tf.slice(cdf, [0, 0, 1], [columns, room, bins]),
      tf.slice(cdf, [0, 0, 0], [columns, room, bins]),
    );
    const logMasses = tf.log(tf.add(relu(masses), LEAST_MASS));
    // The last index is that of missing, which has no mass under the mixture.
    const padded = tf.pad(logMasses, [
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
    const own = tf.slice(outputs, [0, 0, 0], [columns, room, size]);
    return logSoftmax(tf.addN([own, padded, tf.broadcastTo(absent, own.shape)]));
  }
}

interface MixtureOfLogistics {
  /** `[C, Q, K]` each. */
  readonly logWeights: Tensor;
  readonly means: Tensor;
  readonly scales: Tensor;
}

/**
 * The log-mass of a mixture of logistics from `low` to `low + width`, with a small uniform part. With
 * $a = (\text{low} - \mu) / s$ and $d = \text{width} / s$ a component has
 * $\ln (\sigma(a + d) - \sigma(a)) = \ln \sigma(a + d) + \ln \sigma(-a) + \ln (1 - e^{-d})$, exact in both tails.
 */
function logMass({ logWeights, means, scales }: MixtureOfLogistics, low: Tensor, width: Tensor): Tensor {
  const a = tf.div(tf.sub(tf.expandDims(low, -1), means), scales);
  const d = tf.div(tf.expandDims(width, -1), scales);
  const component = tf.sub(log1mExp(tf.neg(d)), tf.add(softplus(tf.neg(tf.add(a, d))), softplus(a)));
  const flat = tf.log(tf.mul(width, FLAT_DENSITY));
  return logAddExp(logSumExp(tf.add(logWeights, component), { axis: -1 }), flat);
}

/** $\ln ((1 - \epsilon) p + \epsilon / N)$ */
function withUniform(logProb: Tensor, logUniform: Tensor): Tensor {
  return logAddExp(tf.add(logProb, Math.log1p(-UNIFORM_SHARE)), logUniform);
}

/** For each column and index what is added to its logit. */
function absence(
  columns: readonly { readonly last: number; readonly extra: readonly number[] }[],
  indices: number,
): Float32Array {
  const absent = new Float32Array(columns.length * indices).fill(ABSENT);
  columns.forEach(({ last, extra }, column) => {
    absent.fill(0, column * indices, column * indices + last);
    for (const index of extra) absent[column * indices + index] = 0;
  });
  return absent;
}
