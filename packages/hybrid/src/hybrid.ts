import {
  asLayer,
  BaseModule,
  categoricalHead,
  checkGiven,
  checkInteger,
  checkKey,
  checkOneOf,
  checkOptions,
  checkSampling,
  checkShape,
  checkThat,
  checkWeight,
  childCall,
  disposeOnThrow,
  formatShape,
  labelledBatch,
  logSoftmax,
  sameShape,
  ShapeError,
  sizeOf,
  trainable,
  UnsupportedError,
  weightAt,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionedBatch,
  Distribution,
  DistributionHead,
  EnergyModel,
  Key,
  Layer,
  LikelihoodModel,
  LossOptions,
  NetworkLike,
  Objective,
  PartitionEstimate,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkSomeLabel } from './check-labels';
import { record } from './record';
import type { HybridWeights } from './weights';

/** A model of $p(x)$: an exact likelihood, a bound on it, or an energy, whose likelihood lacks a constant. */
export type DensityModel = LikelihoodModel | BoundModel | EnergyModel;

/** What p(y|x) sees of an example, `[n, ...features]`. It returns a tensor of its own and may read the density model. */
export type Features = (x: Tensor, call: CallOptions) => Tensor;

export interface HybridOptions<D extends DensityModel = DensityModel> {
  /** $p(x)$. It becomes a child. Layers that start from data are initialized by the caller. */
  readonly density: D;
  /** Maps the features to the parameters of $p(y|x)$: logits `[n, K]` for K classes. It becomes a child. */
  readonly classifier: NetworkLike;
  /**
   * What the classifier sees. Features of the density model share its parameters: `'encode'` is `density.encode(x)`, the latents of a
   * flow or the mean of the posterior of a VAE; a layer is a trunk that the density model has as well, such as the first part of the
   * encoder of a VAE. It becomes a child. Their gradient flows into the density model, unless a function of one's own ends in
   * `stopGradient`; a model file can hold `'encode'` and layers but no function.
   * @defaultValue x itself: two models without common parameters
   */
  readonly features?: 'encode' | Layer | Features;
  /** The number of classes, K. Give either `classes` or `target`. */
  readonly classes?: number;
  /** The family of $p(y|x)$ for other targets, such as `normalHead({ shape: [1] })` for regression. */
  readonly target?: DistributionHead;
  /**
   * The weights of the two terms in training; reported likelihoods have none.
   * @defaultValue `{ classification: 1, density: 1 }`, the joint likelihood
   */
  readonly weights?: HybridWeights;
}

/**
 * A hybrid model $p(x, y) = p(y | x)\, p(x)$: it predicts, and says how likely it is that the data have such an example.
 *
 * Its batches are `{ x, context: y }`: one-hot classes `[n, K]` from `classContext({ classes })`, with rows of zeros for
 * examples without a label (`unknown: 'zeros'`), or targets `[n, size]`.
 * As a model of x alone it takes any examples, so `evaluate` gives the likelihood of x.
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws UnsupportedError if the density model has more than one objective
 * @see DGM §5.1-5.2, Eq. 5.1-5.9
 * @example
 * ```ts
 * const density = realNvp({ dims: 64, key: key.fold('density') });
 * const model = hybrid({
 *   density,
 *   features: 'encode',
 *   classifier: mlp([64, 10], { key: key.fold('classifier') }),
 *   classes: 10,
 *   weights: densityWeight(1 / 64),
 * });
 * ```
 */
export function hybrid(options: HybridOptions<LikelihoodModel>): ExactHybrid;
export function hybrid(options: HybridOptions<BoundModel>): BoundHybrid;
export function hybrid(options: HybridOptions<EnergyModel>): EnergyHybrid;
export function hybrid(options: HybridOptions): ExactHybrid | BoundHybrid | EnergyHybrid {
  checkOptions('hybrid', options, ['density', 'classifier', 'features', 'classes', 'target', 'weights']);
  checkGiven('hybrid', 'density', options.density, 'to be a model with a likelihood, a bound or an energy');
  const { density, ...others } = options;
  const { contextSize = 0 } = density as { readonly contextSize?: number };
  checkThat('hybrid', 'density', contextSize === 0, {
    expected: 'to be a model of x alone',
    actual: `one with a context of ${contextSize} numbers`,
    remedy: 'a model of x given its class is for generativeClassifier',
  });
  const model = disposeOnThrow(() => {
    if (density.likelihoodKind === 'exact') return new ExactHybrid({ density, ...others });
    if (density.likelihoodKind === 'lower-bound') return new BoundHybrid({ density, ...others });
    if (density.likelihoodKind === 'unnormalized') return new EnergyHybrid({ density, ...others });
    throw new UnsupportedError({
      where: 'hybrid',
      argument: 'density',
      expected: 'to have an exact likelihood, a bound or an energy',
      actual: `likelihood "${String((density as { likelihoodKind?: unknown }).likelihoodKind)}"`,
    });
  });
  return record(model, 'hybrid', arguments);
}

/** Features as a function. */
function featuresOf(features: NonNullable<HybridOptions['features']>, density: DensityModel): Features {
  if (typeof features === 'function') return features;
  if (typeof features === 'string') {
    checkOneOf('hybrid', 'features', features, ['encode']);
    return encodingOf(density);
  }
  checkThat(
    'hybrid',
    'features',
    typeof features?.apply === 'function' && typeof features.parameters === 'function',
    {
      expected: "to be 'encode', a layer or a function",
      actual: features === null ? 'null' : typeof features,
    },
  );
  return (x, call) => features.apply(x, call);
}

/** $z = f(x)$ of a flow; the mean of $q(z|x)$ of a VAE. */
function encodingOf(density: DensityModel): Features {
  const { encode } = density as { encode?(x: Tensor): Tensor | Distribution };
  checkThat('hybrid', 'features', encode !== undefined, {
    expected: 'to be a function for a density model without encode',
    actual: '"encode"',
  });
  return (x) => {
    const code = encode.call(density, x);
    return code instanceof tf.Tensor ? code : code.mean();
  };
}

/** What the two kinds of {@link hybrid} have in common. */
export abstract class Hybrid<D extends DensityModel = DensityModel> extends BaseModule {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly isDequantized: boolean;
  /** The width of y: the number of classes, or the size of the target. */
  readonly contextSize: number;
  /** $p(x)$. */
  readonly density: D;
  readonly #classifier: Layer;
  readonly #features: Features;
  readonly #trunk: Layer | undefined;
  readonly #target: Target;
  readonly #weights: HybridWeights;

  constructor(options: HybridOptions<D>) {
    super();
    const { density, classifier, features = (x: Tensor) => tf.clone(x) } = options;
    const { weights = { classification: 1, density: 1 } } = options;
    checkGiven('hybrid', 'classifier', classifier, 'to be a network');
    checkOptions('hybrid', weights, ['classification', 'density'], 'weights');
    checkWeight('hybrid', 'weights.classification', weights.classification);
    checkWeight('hybrid', 'weights.density', weights.density);
    this.#target = targetOf(options);
    this.density = this.child('density', density);
    this.#classifier = this.child('classifier', asLayer(classifier));
    this.#features = featuresOf(features, density);
    if (typeof features === 'object') this.#trunk = this.child('features', features);
    this.#weights = weights;
    this.eventShape = density.eventShape;
    this.levels = density.levels;
    this.isDequantized = density.isDequantized ?? false;
    this.contextSize = this.#target.size;
    soleObjective(density);
  }

  /**
   * Logits of $p(y|x)$, `[n, K]`.
   * @throws UnsupportedError for a hybrid with another target than classes
   */
  classify(x: Tensor, call: CallOptions = {}): Tensor {
    if (!this.#target.isClass) {
      throw new UnsupportedError({
        where: 'Hybrid.classify',
        argument: 'target',
        expected: 'to be classes',
        actual: 'a distribution of other targets',
        remedy: 'call predict(x)',
      });
    }
    return this.#parameters(x, call, 'Hybrid.classify');
  }

  /** $p(y|x)$, with a batch of n. It borrows tensors that are made here, so call it within `tf.tidy`. */
  predict(x: Tensor, call: CallOptions = {}): Distribution {
    return this.#target.head.distribution(this.#parameters(x, call, 'Hybrid.predict'));
  }

  /** Draws of $p(x)$, `[n, ...event]`. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('Hybrid.sample', { key, n, options });
    return this.density.sample(key, n);
  }

  /**
   * $-w_y \ln p(y|x) - w_x \ln p(x)$, the first term for labelled examples only; both are means over all examples of the
   * batch. What the density model adds to its own loss counts as part of $-\ln p(x)$.
   */
  objectives(): readonly Objective<ConditionedBatch>[] {
    const density = soleObjective(this.density);
    return [
      {
        name: 'hybrid',
        parameters: [...new Set([...density.parameters, ...this.#discriminative()])],
        ...(density.prepare && {
          prepare: ({ x }, key, options) => density.prepare!(x, key.fold('density'), options),
        }),
        loss: (batch, key, options) => tf.tidy(() => this.#loss(density, batch, { key, options })),
        checkLabels: checkSomeLabel,
        ...(density.afterUpdate && { afterUpdate: () => density.afterUpdate!() }),
      },
    ];
  }

  /** The parameters of $p(y|x)$, apart from those that a function of features reads. */
  #discriminative(): readonly Variable[] {
    const modules = [this.#classifier, ...(this.#trunk ? [this.#trunk] : [])];
    return modules.flatMap((module) => [...trainable(module).values()]);
  }

  #loss(
    objective: Objective,
    batch: ConditionedBatch,
    { key, options }: { readonly key: Key; readonly options: LossOptions },
  ): { total: Scalar } & Record<string, Scalar> {
    const { x, context: y } = labelledBatch('Hybrid.loss', batch, this);
    const density = objective.loss(x, key.fold('density'), options).total; // -ln p(x)
    const weighted = tf.mul<Scalar>(weightAt(this.#weights.density, options), density);
    const call = { training: options.training, key: key.fold('classifier') };
    const parameters = this.#parameters(x, call, 'Hybrid.loss');
    const classification = tf.neg(tf.mean<Scalar>(this.#target.logProb(parameters, y))); // -ln p(y|x)
    return {
      total: tf.add(tf.mul(weightAt(this.#weights.classification, options), classification), weighted),
      density,
      classification,
    };
  }

  #parameters(x: Tensor, call: CallOptions, where: string): Tensor {
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    const parameters = tf.tidy(() => {
      const features: unknown = this.#features(x, childCall(call, 'features'));
      checkThat(where, 'features', features instanceof tf.Tensor, {
        expected: 'to return a tensor',
        actual: typeof features,
      });
      return this.#classifier.apply(features, childCall(call, 'classifier'));
    });
    const expected: Shape = [x.shape[0]!, this.#target.head.numParameters];
    if (sameShape(parameters.shape, expected)) return parameters;
    const actual = formatShape(parameters.shape);
    parameters.dispose();
    throw new ShapeError({
      where,
      argument: 'classifier',
      expected: `to return ${formatShape(expected)}`,
      actual,
    });
  }
}

/** A hybrid whose p(x) is exact. */
export class ExactHybrid
  extends Hybrid<LikelihoodModel>
  implements LikelihoodModel<ConditionedBatch, Tensor>
{
  readonly likelihoodKind = 'exact';

  /** $\ln p(x)$ of each example in nats, `[n]`. */
  logProb(x: Tensor, key?: Key): Tensor {
    return this.density.logProb(x, key);
  }

  /** $\ln p(x, y) = \ln p(x) + \ln p(y|x)$ of each example and every class in nats, `[n, K]`. */
  jointLogProb(x: Tensor): Tensor {
    return tf.tidy(() => tf.add(tf.expandDims(this.logProb(x), 1), logSoftmax(this.classify(x))));
  }
}

/** A hybrid with a bound on p(x). */
export class BoundHybrid extends Hybrid<BoundModel> implements BoundModel<ConditionedBatch, Tensor> {
  readonly likelihoodKind = 'lower-bound';
  /** That of the density model, where it has one. */
  declare readonly logWeights?: (x: Tensor, key: Key, numSamples: number) => Tensor;

  constructor(options: HybridOptions<BoundModel>) {
    super(options);
    const { density } = options;
    if (density.logWeights) this.logWeights = (x, key, count) => density.logWeights!(x, key, count);
  }

  /** The density model's bound on $\ln p(x)$ in nats, `[n]`. */
  elbo(x: Tensor, key: Key): Tensor {
    checkKey('Hybrid.elbo', key);
    return this.density.elbo(x, key);
  }
}

/**
 * A hybrid whose p(x) lacks a constant: a joint energy-based model, if the energy is $-\ln \sum_k e^{l_k}$ of the logits.
 * @see Your Classifier is Secretly an Energy Based Model (Grathwohl et al., 2020), §4
 */
export class EnergyHybrid extends Hybrid<EnergyModel> implements EnergyModel<ConditionedBatch, Tensor> {
  readonly likelihoodKind = 'unnormalized';
  /** That of the density model, where it has one. */
  declare readonly partition?: (key: Key) => Promise<PartitionEstimate>;

  constructor(options: HybridOptions<EnergyModel>) {
    super(options);
    const { density } = options;
    if (density.partition) this.partition = (key) => density.partition!(key);
  }

  /** $-\ln p(x)$ of each example but for a constant, in nats, `[n]`. */
  energy(x: Tensor): Tensor {
    return this.density.energy(x);
  }

  /** $E(x, y) = E(x) - \ln p(y|x)$ of each example and every class in nats, `[n, K]`. */
  jointEnergy(x: Tensor): Tensor {
    return tf.tidy(() => tf.sub(tf.expandDims(this.energy(x), 1), logSoftmax(this.classify(x))));
  }
}

/** What y is. */
interface Target {
  readonly isClass: boolean;
  readonly size: number;
  readonly head: DistributionHead;
  /** $\ln p(y|x)$ of each example, `[n]`; 0 for a class that is not known. */
  logProb(parameters: Tensor, y: Tensor): Tensor;
}

function targetOf({ classes, target }: HybridOptions): Target {
  checkThat('hybrid', 'classes', (classes === undefined) !== (target === undefined), {
    expected: 'to be given if and only if target is not',
    actual: classes === undefined ? 'neither' : 'both',
  });
  if (target !== undefined) {
    checkThat('hybrid', 'target', typeof target?.distribution === 'function', {
      expected: 'to be a family of distributions, such as normalHead({ shape: [1] })',
      actual: typeof target,
    });
    return {
      isClass: false,
      size: sizeOf(target.eventShape),
      head: target,
      logProb: (parameters, y) =>
        target.distribution(parameters).logProb(tf.reshape(y, [y.shape[0]!, ...target.eventShape])),
    };
  }
  checkInteger('hybrid', 'classes', classes, { min: 2 });
  return {
    isClass: true,
    size: classes!,
    head: categoricalHead({ shape: [], levels: classes! }),
    // y is a row of zeros where the class is not known.
    logProb: (logits, y) => tf.sum(tf.mul(y, logSoftmax(logits)), 1),
  };
}

/** The objective of a model that has one. */
function soleObjective(density: DensityModel): Objective {
  const objectives = density.objectives() as readonly Objective[];
  if (objectives.length === 1) return objectives[0]!;
  throw new UnsupportedError({
    where: 'hybrid',
    argument: 'density',
    expected: 'to have one objective',
    actual: objectives.map(({ name }) => name).join(', ') || 'none',
  });
}
