import {
  BaseModule,
  checkContext,
  checkInteger,
  checkOptions,
  checkShape,
  logSumExp,
  singleObjective,
  splitBatch,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  ConditionedBatch,
  Distribution,
  DistributionHead,
  Key,
  LikelihoodModel,
  Objective,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { ReconnectedMade } from '../networks/reconnected-made';
import { AutoregressiveDistribution } from './autoregressive-distribution';
import { AutoregressiveModel } from './autoregressive-model';
import type { ArmSampleOptions } from './autoregressive-model';
import type { AutoregressiveNetwork } from './network';
import { inverseOrder } from './order';

/** One way to connect the units: an order of the variables, and masks that keep to it. */
export interface Connection {
  readonly order: Int32Array;
  /** The degrees of the units of each layer, from the input to the output. */
  readonly degrees: readonly (readonly number[])[];
}

export interface MadeEnsembleParts {
  readonly shape: Shape;
  readonly likelihood: DistributionHead;
  /** The weights that all members share; the model owns them. */
  readonly weights: ReconnectedMade;
  readonly connections: readonly Connection[];
  readonly numVariables: number;
  readonly contextSize: number;
}

/**
 * MADE with several masks that share their weights, and with as many orders: the mixture
 * $p(x) = \frac{1}{M} \sum_m p_m(x)$ of M autoregressive models. Each sums to 1, and so does their mean: the likelihood is
 * exact, that of the mixture.
 *
 * A training step takes one of the masks at random: its loss is the mean over masks of $-\ln p_m(x)$, which is not below that
 * of the mixture. Validation takes the mixture.
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), §4.2-4.3
 */
export class MadeEnsemble
  extends BaseModule
  implements LikelihoodModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, ConditionalDistribution
{
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  /** A model for each mask. They borrow the weights of the ensemble. */
  readonly members: readonly AutoregressiveModel[];
  readonly #weights: ReconnectedMade;
  readonly #connections: readonly Connection[];
  readonly #head: DistributionHead;

  constructor({ shape, likelihood, weights, connections, numVariables, contextSize }: MadeEnsembleParts) {
    super();
    this.eventShape = shape;
    this.levels = likelihood.levels;
    this.contextSize = contextSize;
    this.#weights = this.child('weights', weights);
    this.#connections = connections;
    this.#head = likelihood;
    const sizes = { numVariables, contextSize, numParameters: likelihood.numParameters };
    this.members = connections.map((connection) => {
      const network = new Member(weights, connection, sizes);
      return new AutoregressiveModel({ shape, likelihood, network, order: connection.order });
    });
  }

  /**
   * Log-likelihood of each example under the mixture in nats, `[n]`.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  logProb(batch: Tensor | ConditionedBatch): Tensor {
    const { x, context } = splitBatch(batch);
    return this.#logProb(x, context, 'logProb');
  }

  /**
   * The distribution of x given a context, `[n, contextSize]`. It borrows the context.
   * @throws ShapeError if the context is not what the model was made for
   */
  given(context?: Tensor): Distribution {
    checkContext('MadeEnsemble.given', context, { contextSize: this.contextSize });
    return new AutoregressiveDistribution(
      {
        eventShape: this.eventShape,
        space: this.#head.space,
        logProbGiven: (x, c) => this.#logProb(x, c, 'logProb'),
        sampleGiven: (key, n, c) => this.sample(key, n, c === undefined ? {} : { context: c }),
      },
      context,
    );
  }

  /** Each example from one of the members, which the key chooses: `[n, ...shape]`. */
  sample(key: Key, n: number, options: Omit<ArmSampleOptions, 'given'> = {}): Tensor {
    checkOptions('MadeEnsemble.sample', options, ['method', 'context', 'temperature', 'topK']);
    const { context, ...others } = options;
    checkContext('MadeEnsemble.sample', context, { rows: n, contextSize: this.contextSize });
    checkInteger('MadeEnsemble.sample', 'n', n, { min: 0 });
    if (n === 0) return tf.zeros([0, ...this.eventShape]);
    const dice = key.fold('member').generator();
    const choices = Array.from({ length: n }, () => dice.below(this.members.length));
    return tf.tidy(() => {
      const places: number[] = [];
      const parts = this.members.flatMap((member, index) => {
        const mine = choices.flatMap((choice, place) => (choice === index ? [place] : []));
        if (mine.length === 0) return [];
        places.push(...mine);
        const own = context && { context: tf.gather(context, tf.tensor1d(mine, 'int32')) };
        return [member.sample(key.fold(index), mine.length, { ...others, ...own })];
      });
      return tf.gather(tf.concat(parts, 0), tf.tensor1d(inverseOrder(Int32Array.from(places)), 'int32'));
    });
  }

  /** One objective: the negative log-likelihood in nats per example, under one mask in training. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return singleObjective<Tensor | ConditionedBatch>(this, {
      name: 'negative-log-likelihood',
      loss: (batch, key, { training }) => {
        const { x, context } = splitBatch(batch);
        const logProb = training ? this.#logProbOfOne(x, context, key) : this.#logProb(x, context, 'loss');
        return { total: tf.neg(tf.mean<Scalar>(logProb)) };
      },
    });
  }

  #check(x: Tensor, context: Tensor | undefined, method: string): void {
    checkShape(`MadeEnsemble.${method}`, 'x', x, ['n', ...this.eventShape]);
    checkContext(`MadeEnsemble.${method}`, context, { rows: x.shape[0]!, contextSize: this.contextSize });
  }

  #logProb(x: Tensor, context: Tensor | undefined, method: string): Tensor {
    this.#check(x, context, method);
    return tf.tidy(() => {
      const each = this.members.map((member) => member.logProb(context === undefined ? x : { x, context }));
      return tf.sub(logSumExp(tf.stack(each), { axis: 0 }), Math.log(each.length));
    });
  }

  /** Under a mask that the key chooses by a tensor, so that a captured step chooses anew each time. */
  #logProbOfOne(x: Tensor, context: Tensor | undefined, key: Key): Tensor {
    this.#check(x, context, 'loss');
    const count = this.members.length;
    const choice = tf.cast(tf.floor(key.fold('mask').uniform([1], { max: count })), 'int32');
    const degrees = this.#connections[0]!.degrees.map((_, layer) => {
      const table = tf.tensor2d(this.#connections.map((connection) => [...connection.degrees[layer]!]));
      return tf.reshape(tf.gather(table, choice), [-1]);
    });
    const [n, variables] = [x.shape[0]!, this.members[0]!.numVariables];
    const rows = [n * variables];
    const entries = tf.reshape(x, [n, variables, ...this.#head.eventShape]);
    const parameters = this.#weights.conditionals(entries, degrees, context);
    const distribution = this.#head.distribution(tf.reshape(parameters, [...rows, this.#head.numParameters]));
    const logProb = distribution.logProb(tf.reshape(entries, [...rows, ...this.#head.eventShape]));
    return tf.sum(tf.reshape(logProb, [n, variables]), 1);
  }
}

/** The shared weights under one mask, with the variables in its order. It owns nothing. */
class Member extends BaseModule implements AutoregressiveNetwork {
  readonly numParameters: number;
  readonly contextSize: number;
  readonly numVariables: number;
  readonly #weights: ReconnectedMade;
  readonly #connection: Connection;

  constructor(
    weights: ReconnectedMade,
    connection: Connection,
    sizes: Pick<AutoregressiveNetwork, 'numParameters' | 'contextSize'> & { readonly numVariables: number },
  ) {
    super();
    this.#weights = weights;
    this.#connection = connection;
    this.numParameters = sizes.numParameters;
    this.contextSize = sizes.contextSize;
    this.numVariables = sizes.numVariables;
  }

  conditionals(x: Tensor, { context }: CallOptions = {}): Tensor {
    const { order, degrees } = this.#connection;
    return tf.tidy(() => {
      const entries = tf.gather(x, tf.tensor1d(inverseOrder(order), 'int32'), 1);
      const layers = degrees.map((ofLayer) => tf.tensor1d([...ofLayer]));
      const parameters = this.#weights.conditionals(entries, layers, context);
      return tf.gather(parameters, tf.tensor1d(order, 'int32'), 1);
    });
  }
}
