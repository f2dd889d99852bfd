import {
  ActivationLayer,
  BaseModule,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  Dense,
  Dropout,
  Embedding,
  LayerNorm,
  Residual,
  type SampleOptions,
  Sequential,
  singleObjective,
  type CallOptions,
  type Engine,
  type GenerativeModel,
  type Key,
  type Objective,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { Conditionals } from '../table/conditionals';
import { drawTable } from '../table/draw';
import type { AnyOrderQueries, RowModel } from '../table/row-model';
import {
  categoryConstants,
  categoryLogits,
  categoryLogProb,
  initialNumberOutputs,
  numberColumns,
  numberConstants,
  numberLogProb,
  type CategoryConstants,
  type NumberConstants,
} from './column-likelihoods';
import { layoutOf, type NetworkLayout } from './layout';
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
export class AnyOrderNetwork extends BaseModule implements GenerativeModel<MaskedRows>, RowModel {
  readonly kind = 'any-order';
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

  /** The distributions of cells given any others of their rows, on an engine. The caller disposes of them. */
  queries(engine: Engine): AnyOrderQueries {
    return new Conditionals(this, engine);
  }

  /**
   * Rows drawn column by column, in the order of the table.
   * @returns `[n, D]`: values in units of the schema, indices of levels; NaN where missing
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('AnyOrderNetwork.sample', { key, n, options });
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
  readonly #constants: CategoryConstants;

  constructor(group: NetworkLayout['categories'], options: HeadOptions) {
    const { codecs, indices } = group;
    super(codecs.length, indices, options, () => new Float32Array(codecs.length * indices));
    this.#constants = categoryConstants(group, (name, values, shape) => this.constant(name, values, shape));
  }

  logProb(hidden: Tensor, { rows, indices, weights }: Targets): Scalar {
    const cells = categoryLogProb(this.outputsAt(hidden, rows), indices, this.#constants);
    return tf.sum(tf.mul(weights, cells));
  }

  column(hidden: Tensor, group: Tensor1D): Tensor {
    const outputs = this.outputsOf(hidden, group);
    const absent = tf.gather(this.#constants.absent, group);
    return tf.reshape(categoryLogits(outputs, { absent }), [hidden.shape[0]!, outputs.shape[2]!]);
  }
}

class NumberHead extends GroupHead {
  readonly #constants: NumberConstants;

  constructor(
    group: NetworkLayout['numbers'],
    { components, ...options }: HeadOptions & { readonly components: number },
  ) {
    const { codecs, indices } = group;
    super(codecs.length, indices + 3 * components, options, () => initialNumberOutputs(group, components));
    this.#constants = numberConstants(group, (name, values, shape) => this.constant(name, values, shape));
  }

  logProb(hidden: Tensor, { rows, weights, ...cells }: NumberTargets): Scalar {
    return tf.sum(tf.mul(weights, numberLogProb(this.outputsAt(hidden, rows), cells, this.#constants)));
  }

  column(hidden: Tensor, group: Tensor1D): Tensor {
    const outputs = this.outputsOf(hidden, group);
    const of = (constant: Tensor) => tf.gather(constant, group);
    const { absent, edges, minScale } = this.#constants;
    const constants = { absent: of(absent), edges: of(edges), minScale: of(minScale) };
    return tf.reshape(numberColumns(outputs, constants), [hidden.shape[0]!, outputs.shape[2]!]);
  }
}
