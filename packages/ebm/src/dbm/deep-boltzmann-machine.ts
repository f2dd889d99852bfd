import {
  BaseModule,
  checkGiven,
  checkInteger,
  checkKey,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  runSamplingLoop,
  sigmoid,
  softplus,
  sumLastAxes,
  trainable,
} from '@dgm/core';
import type {
  EnergyModel,
  Key,
  LoopSampledModel,
  Objective,
  PartitionEstimate,
  Prepared,
  SampleOptions,
  SamplingLoop,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkTrainingExamples } from '../check';
import type { AnnealedPath } from '../partition/annealed-importance-sampling';
import { isFewBits, logSumOverBits, partitionOf } from '../partition/enumerate';
import { parametersOf } from '../rbm/hidden-layer';
import type { Rbm } from '../rbm/rbm';
import { checkVisible, dot, drawBits, type VisibleUnits } from '../rbm/units';
import { build } from '../record';

export interface DeepBoltzmannMachineOptions {
  /** What the visible units are: `bernoulliUnits({ shape: [64] })`. */
  readonly visible: VisibleUnits;
  /** The numbers of hidden bits: of the layer next to the visible units, and of the one above it. */
  readonly hidden: readonly [first: number, second: number];
  /** Randomness for the initial weights and chains. */
  readonly key: Key;
  /**
   * Examples, `[n, ...shape]`, whose means the visible biases start from. The model of these means is also where annealed
   * importance sampling starts. Borrowed.
   * @defaultValue fields of 0
   */
  readonly examples?: Tensor;
  /** Chains that go on from training step to training step. They are part of the model and are saved with it. @defaultValue 100 */
  readonly chains?: number;
  /** Gibbs steps of the chains in a training step. @defaultValue 5 */
  readonly steps?: number;
  /** Mean-field updates of both hidden layers for an example. @defaultValue 10 */
  readonly meanFieldSteps?: number;
  /** $\lambda$ of the penalty $\frac{\lambda}{2} (\|W_1\|^2 + \|W_2\|^2)$. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Gibbs steps of `sample`. @defaultValue 500 */
  readonly sampleSteps?: number;
}

const OPTIONS: readonly (keyof DeepBoltzmannMachineOptions)[] = [
  'visible',
  'hidden',
  'key',
  'examples',
  'chains',
  'steps',
  'meanFieldSteps',
  'weightDecay',
  'sampleSteps',
];

/** The standard deviation of initial weights. */
const INITIAL_SCALE = 0.01;

/**
 * A deep Boltzmann machine of two hidden layers: visible units x with statistics t(x), and bits $h_1$ and $h_2$, with the energy
 *
 * $$E(x, h_1, h_2) = e(t) - b^\top t - c_1^\top h_1 - c_2^\top h_2 - t^\top W_1 h_1 - h_1^\top W_2 h_2$$
 *
 * Its gradient is a mean over the hidden units given the data, for which independent bits are fitted to each example (mean field),
 * minus one over the model, for which there are persistent chains. Train an {@link rbm} first and let the machine start from it by
 * `startFrom`: from weights near 0 both layers, it often learns to use the first only.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @throws {@link ShapeError} for examples of another shape.
 * @see Deep Boltzmann Machines (Salakhutdinov and Hinton, 2009); DGM §6.6
 *
 * @example
 * ```ts
 * const visible = bernoulliUnits({ shape: [64] });
 * const first = rbm({ visible, hidden: 200, key, examples, steps: 10, chains: 100 });
 * await fit(first, data, { key, optimizer, batchSize: 50, epochs: 300 });
 * const model = deepBoltzmannMachine({ visible, hidden: [200, 50], key, examples });
 * model.startFrom(first, { key });
 * await fit(model, data, { key, optimizer, batchSize: 50, epochs: 150 });
 * ```
 */
export function deepBoltzmannMachine(options: DeepBoltzmannMachineOptions): DeepBoltzmannMachine {
  return build(() => new DeepBoltzmannMachine(options), 'deepBoltzmannMachine', arguments);
}

/** Made by {@link deepBoltzmannMachine}. */
export class DeepBoltzmannMachine extends BaseModule implements EnergyModel, LoopSampledModel {
  readonly likelihoodKind = 'unnormalized';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly #visible: VisibleUnits;
  readonly #sizes: readonly [first: number, second: number];
  readonly #steps: number;
  readonly #meanFieldSteps: number;
  readonly #weightDecay: number;
  readonly #sampleSteps: number;
  readonly #visibleBias: Variable;
  readonly #firstWeights: Variable;
  readonly #firstBias: Variable;
  readonly #secondWeights: Variable;
  readonly #secondBias: Variable;
  /** Of the model without weights that annealed importance sampling starts from. */
  readonly #baseBias: Variable;
  /** The first hidden layer of the persistent chains. */
  readonly #chains: Variable;

  constructor(options: DeepBoltzmannMachineOptions) {
    super();
    const where = 'deepBoltzmannMachine';
    checkOptions(where, options, OPTIONS);
    const { visible, hidden, key, examples, chains = 100, steps = 5, meanFieldSteps = 10 } = options;
    const { weightDecay = 0, sampleSteps = 500 } = options;
    checkVisible(where, visible);
    this.#sizes = checkedSizes(where, hidden);
    checkKey(where, key);
    checkInteger(where, 'chains', chains);
    checkInteger(where, 'steps', steps);
    checkInteger(where, 'meanFieldSteps', meanFieldSteps);
    checkNumber(where, 'weightDecay', weightDecay, { min: 0 });
    checkInteger(where, 'sampleSteps', sampleSteps);
    if (examples !== undefined) checkTrainingExamples(where, examples, visible.shape);
    this.eventShape = visible.shape;
    this.levels = visible.levels;
    this.#visible = visible;
    this.#steps = steps;
    this.#meanFieldSteps = meanFieldSteps;
    this.#weightDecay = weightDecay;
    this.#sampleSteps = sampleSteps;
    const [first, second] = this.#sizes;
    const weights = (name: string, rows: number, columns: number): Variable =>
      this.parameter(
        name,
        tf.tidy(() => tf.mul(INITIAL_SCALE, key.fold(name).normal([rows, columns]))),
      );
    const bias = tf.tidy(() =>
      examples === undefined ? tf.zeros([visible.size]) : visible.fieldsOf(visible.encode(examples)),
    );
    this.#visibleBias = this.parameter('visibleBias', tf.clone(bias));
    this.#firstWeights = weights('firstWeights', visible.size, first);
    this.#firstBias = this.parameter('firstBias', tf.zeros([first]));
    this.#secondWeights = weights('secondWeights', first, second);
    this.#secondBias = this.parameter('secondBias', tf.zeros([second]));
    this.#baseBias = this.parameter('baseBias', bias, { trainable: false });
    const initial = key.fold('chains').bernoulli([chains, first], 0.5);
    this.#chains = this.parameter('chains', initial, { trainable: false });
  }

  /**
   * Takes over the weights and biases of a trained RBM as those of the visible units and the first layer, and moves the chains to
   * its law. While the weights of the second layer are near 0, x has the law that it has under the RBM.
   *
   * @param rbm - of the same visible units, with as many hidden bits as the first layer has. Borrowed.
   * @throws {@link ShapeError} for an RBM of other sizes.
   * @throws {@link ArgumentError} for one whose hidden units are no bits.
   */
  startFrom(rbm: Rbm, options: { readonly key: Key }): void {
    const where = 'DeepBoltzmannMachine.startFrom';
    checkOptions(where, options, ['key']);
    checkKey(where, options.key);
    const from = parametersOf(where, rbm);
    checkShape(where, 'the weights of rbm', from.weights, [this.#visible.size, this.#sizes[0]]);
    tf.tidy(() => {
      this.#firstWeights.assign(from.weights);
      this.#visibleBias.assign(from.visibleBias);
      this.#firstBias.assign(from.hiddenBias);
      this.#baseBias.assign(from.baseBias);
      const x = rbm.sample(options.key.fold('visible'), this.#chains.shape[0]!);
      this.#chains.assign(drawBits(rbm.hiddenLogits(x), options.key.fold('first')));
    });
  }

  /**
   * The free energy $F(x) = -\ln \sum_{h_1, h_2} e^{-E(x, h_1, h_2)}$, nats, `[n]`. For a first layer of at most 20 units it is a sum
   * over their states. For more it is the bound of mean field from above, so that likelihoods are bounded from below:
   *
   * $$F(x) \le e(t) - b^\top t - \sum_j \ln(1 + e^{(c_1 + W_1^\top t + W_2 q)_j}) - c_2^\top q - H(q)$$
   *
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  energy(x: Tensor): Tensor {
    return tf.tidy(() => {
      const t = this.#encode(x, 'energy');
      if (!isFewBits(this.#sizes[0])) return this.#boundedEnergy(t, this.#secondFields(t));
      const fields = this.#fromBelow(t);
      const logSum = logSumOverBits('DeepBoltzmannMachine.energy', this.#sizes[0], (states) =>
        tf.add(tf.matMul(fields, states, false, true), tf.expandDims(this.#massAbove(states), 0)),
      );
      return tf.sub(this.#visibleEnergy(t), logSum);
    });
  }

  /**
   * The bound of mean field on the free energy, whatever the size of the first layer, nats, `[n]`.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   * @see Deep Boltzmann Machines (Salakhutdinov and Hinton, 2009), Eq. 9
   */
  meanFieldEnergy(x: Tensor): Tensor {
    return tf.tidy(() => {
      const t = this.#encode(x, 'meanFieldEnergy');
      return this.#boundedEnergy(t, this.#secondFields(t));
    });
  }

  /**
   * The energy of all units together, $E(x, h_1, h_2)$, nats, `[n]`.
   * @param x - `[n, ...shape]`
   * @param hidden - bits, `[n, size]` of each layer
   * @throws {@link ShapeError} for another shape.
   */
  jointEnergy(x: Tensor, hidden: readonly [first: Tensor, second: Tensor]): Tensor {
    const where = 'DeepBoltzmannMachine.jointEnergy';
    checkGiven(where, 'hidden', hidden, 'to be the states of both layers');
    return tf.tidy(() => {
      const t = this.#encode(x, 'jointEnergy');
      const [h1, h2] = hidden;
      checkShape(where, 'hidden[0]', h1, [x.shape[0]!, this.#sizes[0]]);
      checkShape(where, 'hidden[1]', h2, [x.shape[0]!, this.#sizes[1]]);
      const fields = tf.add(this.#fromBelow(t), tf.matMul(h2, this.#secondWeights, false, true));
      return tf.sub(
        this.#visibleEnergy(t),
        tf.add(sumLastAxes(tf.mul(h1, fields), 1), dot(h2, this.#secondBias)),
      );
    });
  }

  /**
   * The means of both hidden layers given x by mean field, `[n, size]` each: features of the examples.
   * @param x - `[n, ...shape]`
   * @throws {@link ShapeError} if `x` has another shape.
   */
  meanField(x: Tensor): readonly [first: Tensor, second: Tensor] {
    return tf.tidy(() => {
      const t = this.#encode(x, 'meanField');
      const second = sigmoid(this.#secondFields(t));
      return [sigmoid(this.#firstFields(this.#fromBelow(t), second)), second] as [Tensor, Tensor];
    });
  }

  /**
   * $\ln Z$ by a sum over the states of the first layer, a differentiable scalar in nats.
   * @throws {@link UnsupportedError} for more than 20 units.
   */
  logPartition(): Scalar {
    return logSumOverBits('DeepBoltzmannMachine.logPartition', this.#sizes[0], (states) =>
      tf.add(dot(states, this.#firstBias), tf.add(this.#massBelow(states), this.#massAbove(states))),
    ) as Scalar;
  }

  /** $\ln Z$: exact for a first layer of at most 20 units, otherwise by annealed importance sampling. */
  async partition(key: Key): Promise<PartitionEstimate> {
    checkKey('DeepBoltzmannMachine.partition', key);
    return partitionOf(this, { key, isExact: isFewBits(this.#sizes[0]) });
  }

  /**
   * The path from the model of the visible units' means to this machine, over the states of the first layer, `[n, size]`:
   *
   * $$\ln f_\beta(h_1) = \beta c_1^\top h_1 + A(b_0 + \beta (b - b_0 + W_1 h_1)) + \sum_k \ln(1 + e^{\beta (c_2 + W_2^\top h_1)_k})$$
   *
   * in which A is that of the visible units.
   *
   * @see Deep Boltzmann Machines (Salakhutdinov and Hinton, 2009), §3.3
   */
  annealedPath(): AnnealedPath {
    const below = (h1: Tensor, beta: Scalar): Tensor => {
      const change = tf.sub(this.#visibleFields(h1), this.#baseBias);
      return tf.add(this.#baseBias, tf.mul(beta, change));
    };
    const logMass = (h1: Tensor, beta: Scalar): Tensor => {
      const above = sumLastAxes(softplus(tf.mul(beta, this.#fromFirst(h1))), 1);
      const ofBias = tf.mul(beta, dot(h1, this.#firstBias));
      return tf.add(ofBias, tf.add(this.#visible.logNormalizer(below(h1, beta)), above));
    };
    const [first, second] = this.#sizes;
    return {
      logBasePartition: () =>
        tf.tidy(() => {
          const ofVisible = tf.squeeze(this.#visible.logNormalizer(tf.expandDims(this.#baseBias, 0)));
          return tf.add(ofVisible, (first + second) * Math.LN2);
        }),
      draw: (key, n) => key.bernoulli([n, first], 0.5),
      logRatio: (h1, { from, to }) =>
        tf.tidy(() => {
          checkShape('DeepBoltzmannMachine.annealedPath', 'the first layer', h1, ['n', first]);
          return tf.sub(logMass(h1, to), logMass(h1, from));
        }),
      move: (h1, beta, key) =>
        tf.tidy(() => {
          const t = this.#visible.draw(below(h1, beta), key.fold('visible'));
          const h2 = drawBits(tf.mul(beta, this.#fromFirst(h1)), key.fold('second'));
          const fields = this.#firstFields(this.#fromBelow(t), h2);
          return drawBits(tf.mul(beta, fields), key.fold('first'));
        }),
    };
  }

  /** `[n, ...shape]`, after `sampleSteps` Gibbs steps from the model of the visible units' means. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('DeepBoltzmannMachine.sample', { key, n, options });
    return runSamplingLoop(this.samplingLoop(n), key);
  }

  samplingLoop(n: number): SamplingLoop {
    checkInteger('DeepBoltzmannMachine.sample', 'n', n, { min: 0 });
    const start = (key: Key) => {
      const fields = tf.tile(tf.expandDims(this.#baseBias, 0), [n, 1]);
      const second = key.fold('second').bernoulli([n, this.#sizes[1]], 0.5);
      return { statistics: this.#visible.draw(fields, key.fold('visible')), second };
    };
    return {
      steps: this.#sampleSteps,
      inputs: {},
      start: (_, key) => tf.tidy(() => start(key)),
      next: ({ statistics, second }, _, key) =>
        tf.tidy(() => this.#outward(this.#inward(statistics!, second!, key), key)),
      finish: ({ statistics }) => this.#visible.decode(statistics!),
    };
  }

  /**
   * The gradient of $\mathbb E_{data}[E_q(x)] - \mathbb E[F(\tilde h_1)]$, in which $E_q$ is the bound of mean field with the fitted q
   * held constant, $\tilde h_1$ are the states of the chains, and $F(h_1)$ is the free energy of the first layer.
   */
  objectives(): readonly Objective[] {
    return [
      {
        name: 'contrastive',
        parameters: [...trainable(this).values()],
        prepare: (x, key, { training }) => this.#prepare(x, key, training),
        loss: (x, _, { prepared }) =>
          tf.tidy(() => {
            const t = this.#encode(x, 'objectives');
            const { negatives, secondFields } = prepared!;
            const data = tf.mean<Scalar>(this.#boundedEnergy(t, secondFields!));
            const model = tf.mean<Scalar>(this.#firstFreeEnergy(negatives!));
            const squares = [this.#firstWeights, this.#secondWeights].map((w) => tf.sum(tf.square(w)));
            const decay = tf.mul(0.5 * this.#weightDecay, tf.addN(squares));
            return { total: tf.add<Scalar>(tf.sub(data, model), decay), data, model };
          }),
      },
    ];
  }

  #prepare(x: Tensor, key: Key, training: boolean): Prepared {
    return tf.tidy(() => {
      const secondFields = this.#secondFields(this.#encode(x, 'objectives'));
      let negatives: Tensor = this.#chains;
      for (let step = 0; step < this.#steps; step++) {
        const { statistics, second } = this.#outward(negatives, key.fold(step));
        negatives = this.#inward(statistics, second, key.fold(step));
      }
      if (training) this.#chains.assign(negatives);
      return { negatives, secondFields };
    });
  }

  /** $h_1 \sim p(h_1 \mid x, h_2)$. */
  #inward(t: Tensor, h2: Tensor, key: Key): Tensor {
    return drawBits(this.#firstFields(this.#fromBelow(t), h2), key.fold('first'));
  }

  /** $x \sim p(x \mid h_1)$ and $h_2 \sim p(h_2 \mid h_1)$. */
  #outward(h1: Tensor, key: Key): { statistics: Tensor; second: Tensor } {
    return {
      statistics: this.#visible.draw(this.#visibleFields(h1), key.fold('visible')),
      second: drawBits(this.#fromFirst(h1), key.fold('second')),
    };
  }

  /** The fields of the second layer after the updates of mean field, $f_2 = c_2 + W_2^\top \sigma(f_1)$. */
  #secondFields(t: Tensor): Tensor {
    const below = this.#fromBelow(t);
    let fields = tf.tile(tf.expandDims(this.#secondBias, 0), [t.shape[0]!, 1]);
    for (let step = 0; step < this.#meanFieldSteps; step++) {
      fields = this.#fromFirst(sigmoid(this.#firstFields(below, sigmoid(fields))));
    }
    return fields;
  }

  /** The bound of mean field on F(x) for means of the second layer of $q = \sigma(f_2)$; those of the first are the best for them. */
  #boundedEnergy(t: Tensor, secondFields: Tensor): Tensor {
    const q = sigmoid(secondFields);
    const ofFirst = sumLastAxes(softplus(this.#firstFields(this.#fromBelow(t), q)), 1);
    const entropy = sumLastAxes(tf.sub(softplus(secondFields), tf.mul(secondFields, q)), 1);
    return tf.sub(this.#visibleEnergy(t), tf.addN([ofFirst, dot(q, this.#secondBias), entropy]));
  }

  /** $e(t) - b^\top t$. */
  #visibleEnergy(t: Tensor): Tensor {
    return tf.sub(this.#visible.baseEnergy(t), dot(t, this.#visibleBias));
  }

  /** $-\ln \sum_{h_2} \int e^{-E(x, h_1, h_2)} dx$. */
  #firstFreeEnergy(h1: Tensor): Tensor {
    return tf.neg(tf.addN([dot(h1, this.#firstBias), this.#massBelow(h1), this.#massAbove(h1)]));
  }

  /** $A(b + W_1 h_1)$. */
  #massBelow(h1: Tensor): Tensor {
    return this.#visible.logNormalizer(this.#visibleFields(h1));
  }

  /** $\sum_k \ln(1 + e^{(c_2 + W_2^\top h_1)_k})$. */
  #massAbove(h1: Tensor): Tensor {
    return sumLastAxes(softplus(this.#fromFirst(h1)), 1);
  }

  /** $c_1 + W_1^\top t$. */
  #fromBelow(t: Tensor): Tensor {
    return tf.add(tf.matMul(t, this.#firstWeights), this.#firstBias);
  }

  #firstFields(fromBelow: Tensor, h2: Tensor): Tensor {
    return tf.add(fromBelow, tf.matMul(h2, this.#secondWeights, false, true));
  }

  /** $c_2 + W_2^\top h_1$. */
  #fromFirst(h1: Tensor): Tensor {
    return tf.add(tf.matMul(h1, this.#secondWeights), this.#secondBias);
  }

  #visibleFields(h1: Tensor): Tensor {
    return tf.add(tf.matMul(h1, this.#firstWeights, false, true), this.#visibleBias);
  }

  #encode(x: Tensor, method: string): Tensor {
    checkShape(`DeepBoltzmannMachine.${method}`, 'x', x, ['n', ...this.eventShape]);
    return this.#visible.encode(x);
  }
}

function checkedSizes(where: string, hidden: readonly [number, number]): readonly [number, number] {
  checkThat(where, 'hidden', Array.isArray(hidden) && hidden.length === 2, {
    expected: 'to be the sizes of two layers, such as [200, 50]',
    actual: JSON.stringify(hidden) ?? 'undefined',
  });
  const [first, second] = hidden as readonly [number, number];
  checkInteger(where, 'hidden[0]', first);
  checkInteger(where, 'hidden[1]', second);
  return [first, second];
}
