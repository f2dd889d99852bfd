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
  disposeOnThrow,
  labelledBatch,
  logSoftmax,
  logSumExp,
  oneHot,
  selectByMask,
  singleObjective,
  UnsupportedError,
} from '@dgm/core';
import type {
  BoundModel,
  CallOptions,
  ConditionalDistribution,
  ConditionedBatch,
  Key,
  LikelihoodKind,
  LikelihoodModel,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkSomeLabel } from './check-labels';
import { record } from './record';

/** A model of $p(x | y)$ with an exact likelihood, such as a flow or an autoregressive model with a `contextSize`. */
export interface ConditionalModel
  extends LikelihoodModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>, ConditionalDistribution {
  readonly contextSize: number;
}

/** A model of $p(x | y)$ with a bound on its likelihood, such as a VAE or a diffusion model with a `contextSize`. */
export interface ConditionalBoundModel extends BoundModel<
  Tensor | ConditionedBatch,
  Tensor | ConditionedBatch
> {
  readonly contextSize: number;
}

export interface GenerativeClassifierOptions<
  C extends ConditionalModel | ConditionalBoundModel = ConditionalModel | ConditionalBoundModel,
> {
  /** $p(x | y)$ with the one-hot class as its context, so its `contextSize` is the number of classes. It becomes a child. */
  readonly conditional: C;
  /** The number of classes, K. */
  readonly classes: number;
  /**
   * $p(y)$: K positive numbers that sum to 1.
   * @defaultValue equally probable classes
   */
  readonly classProbabilities?: readonly number[];
  /**
   * The weight of $-\ln p(y|x)$ of a labelled example in training, for an exact likelihood. Above 0, each training step
   * evaluates all classes.
   * @defaultValue 0, maximum likelihood of $p(x, y)$
   */
  readonly classification?: number;
  /**
   * Whether examples without a label, which have a row of zeros as a context, are trained on $-\ln p(x)$, which has to be exact.
   * Each training step then evaluates all classes.
   * @defaultValue false: they are left out
   */
  readonly unlabelled?: boolean;
}

/**
 * A generative classifier: one model of classes and examples, $p(x, y) = p(y)\, p(x | y)$.
 *
 * The likelihood of an example without its class is exact, $p(x) = \sum_y p(y)\, p(x|y)$, and the classifier is Bayes'
 * rule. There is no weight between the two to choose. With a bound on $p(x|y)$ in place of the likelihood, both are bounds.
 * Its batches are those of `classContext({ classes })`.
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @see DGM §5.5; On Discriminative vs. Generative Classifiers (Ng and Jordan, 2001)
 * @example
 * ```ts
 * const model = generativeClassifier({ classes: 10, conditional: realNvp({ dims: 64, contextSize: 10, key }) });
 * const batch = classContext({ classes: 10 });
 * await fit(model, data, { key, batch, optimizer, batchSize: 50, epochs: 10 });
 * const { nats } = await evaluate(model, data.test, { key }); // of p(x), without the labels
 * ```
 */
export function generativeClassifier(
  options: GenerativeClassifierOptions<ConditionalModel>,
): GenerativeClassifier;
export function generativeClassifier(
  options: GenerativeClassifierOptions<ConditionalBoundModel>,
): BoundGenerativeClassifier;
export function generativeClassifier(
  options: GenerativeClassifierOptions,
): GenerativeClassifier | BoundGenerativeClassifier {
  checkOptions('generativeClassifier', options, [
    ...['conditional', 'classes', 'classProbabilities'],
    ...['classification', 'unlabelled'],
  ]);
  const { conditional } = options;
  checkGiven('generativeClassifier', 'conditional', conditional, 'to be a model of x given its class');
  const model = disposeOnThrow(() =>
    isBound(conditional)
      ? new BoundGenerativeClassifier({ ...options, conditional })
      : new GenerativeClassifier({ ...options, conditional }),
  );
  return record(model, 'generativeClassifier', arguments);
}

const isBound = (model: ConditionalModel | ConditionalBoundModel): model is ConditionalBoundModel =>
  model.likelihoodKind === 'lower-bound';

/** What the two kinds of {@link generativeClassifier} have in common. */
abstract class BaseGenerativeClassifier<
  C extends ConditionalModel | ConditionalBoundModel,
> extends BaseModule {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  /** The number of classes, K. */
  readonly contextSize: number;
  protected readonly conditional: C;
  /** $\ln p(y)$. */
  protected readonly logPrior: readonly number[];

  constructor({ conditional, classes, classProbabilities }: GenerativeClassifierOptions<C>) {
    super();
    const where = 'generativeClassifier';
    checkInteger(where, 'classes', classes, { min: 2 });
    const { likelihoodKind } = conditional as { readonly likelihoodKind: LikelihoodKind };
    checkThat(
      where,
      'conditional',
      conditional.contextSize === classes && (likelihoodKind === 'exact' || likelihoodKind === 'lower-bound'),
      {
        expected: `to have a likelihood, or a bound on it, and a context of ${classes} numbers, one for each class`,
        actual: `likelihood "${likelihoodKind}", contextSize ${conditional.contextSize}`,
        remedy: `pass contextSize: ${classes} to the function that makes it`,
      },
    );
    checkThat(where, 'conditional', likelihoodKind !== 'exact' || 'given' in conditional, {
      expected: 'to have a method given(context), the model of x given its class',
      actual: 'none',
    });
    this.logPrior = logProbabilities(where, classProbabilities, classes);
    this.conditional = this.child('conditional', conditional);
    this.eventShape = conditional.eventShape;
    this.levels = conditional.levels;
    this.contextSize = classes;
  }

  /**
   * Ancestral sampling: y, then x; `[n, ...event]`.
   * @param options - `context`: the classes, one-hot, `[n, K]`; draws of $p(y)$ by default
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    const { contextSize } = this;
    checkSampling('GenerativeClassifier.sample', { key, n, options, contextSize, drawsContext: true });
    const { context } = options;
    if (context !== undefined) return this.conditional.sample(key, n, { context });
    return tf.tidy(() => {
      const y = key.fold('class').categorical(tf.tensor1d([...this.logPrior]), [n]);
      return this.conditional.sample(key, n, { context: oneHot(y, { depth: this.contextSize }) });
    });
  }
}

/** What {@link generativeClassifier} makes of a model with an exact likelihood. */
export class GenerativeClassifier
  extends BaseGenerativeClassifier<ConditionalModel>
  implements LikelihoodModel<ConditionedBatch, Tensor>
{
  readonly likelihoodKind = 'exact';
  readonly #classification: number;
  readonly #unlabelled: boolean;

  constructor(options: GenerativeClassifierOptions<ConditionalModel>) {
    super(options);
    const { classification = 0, unlabelled = false } = options;
    checkNumber('generativeClassifier', 'classification', classification, { min: 0 });
    this.#classification = classification;
    this.#unlabelled = unlabelled;
  }

  /**
   * $\ln p(x) = \ln \sum_y p(y)\, p(x | y)$ of each example in nats, `[n]`.
   * @param x - `[n, ...event]`
   */
  logProb(x: Tensor): Tensor {
    return tf.tidy(() => logSumExp(this.jointLogProb(x), { axis: 1 }));
  }

  /**
   * $\ln p(x, y) = \ln p(y) + \ln p(x | y)$ of each example and every class in nats, `[n, K]`.
   * @param x - `[n, ...event]`
   */
  jointLogProb(x: Tensor, call: Omit<CallOptions, 'context'> = {}): Tensor {
    checkShape('GenerativeClassifier.jointLogProb', 'x', x, ['n', ...this.eventShape]);
    const [n, K] = [x.shape[0]!, this.contextSize];
    if (n === 0) return tf.zeros([0, K]);
    return tf.tidy(() => {
      const every = tf.tile(tf.expandDims(x, 1), [1, K, ...this.eventShape.map(() => 1)]);
      const classes = oneHot(tf.tile(tf.range(0, K), [n]), { depth: K });
      const given = this.conditional.given(classes, call);
      const logProb = given.logProb(tf.reshape(every, [n * K, ...this.eventShape]));
      return tf.add(tf.reshape(logProb, [n, K]), tf.tensor1d([...this.logPrior]));
    });
  }

  /** Logits of $p(y | x)$, `[n, K]`: `jointLogProb`, since $p(y|x) \propto p(x, y)$. */
  classify(x: Tensor): Tensor {
    return this.jointLogProb(x);
  }

  /**
   * $-\ln p(x, y) - \alpha \ln p(y | x)$ of a labelled example; with `unlabelled`, $-\ln p(x)$ of one without a label; with the `classification`
   * weight $\alpha$.
   */
  objectives(): readonly Objective<ConditionedBatch>[] {
    return singleObjective<ConditionedBatch>(this, {
      name: 'joint-likelihood',
      loss: (batch, key, { training }) => {
        const { x, context: y } = labelledBatch('GenerativeClassifier.loss', batch, this);
        const call = { training, key };
        return this.#classification > 0 || this.#unlabelled
          ? this.#lossOverClasses(x, y, call)
          : { total: minusMean(this.#labelledLogProb(x, y, call)) };
      },
      ...(!this.#unlabelled && { checkLabels: checkSomeLabel }),
    });
  }

  /** $\ln p(y) + \ln p(x | y)$ of the given classes alone, `[n]`; 0 where there is no label. */
  #labelledLogProb(x: Tensor, y: Tensor, call: CallOptions): Tensor {
    const logPrior = tf.sum(tf.mul(y, tf.tensor1d([...this.logPrior])), 1);
    const isKnown = tf.greater(tf.sum(y, 1), 0);
    return selectByMask(isKnown, tf.add(logPrior, this.conditional.given(y, call).logProb(x)), 0);
  }

  #lossOverClasses(x: Tensor, y: Tensor, call: CallOptions): { total: Scalar } & Record<string, Scalar> {
    const joint = this.jointLogProb(x, call); // ln p(x, y)
    const marginal = logSumExp(joint, { axis: 1 }); // ln p(x)
    const isKnown = tf.sum(y, 1); // y is 0 where there is no label
    const ofLabel = tf.sum(tf.mul(y, joint), 1);
    const logLikelihood = tf.add(ofLabel, tf.mul(tf.sub(1, isKnown), marginal));
    const likelihood = minusMean(logLikelihood);
    const classification = minusMean(tf.sub(ofLabel, tf.mul(isKnown, marginal))); // ln p(y|x)
    return {
      total: tf.add(likelihood, tf.mul(this.#classification, classification)),
      likelihood,
      classification,
    };
  }
}

/**
 * What {@link generativeClassifier} makes of a model with a bound: a diffusion classifier, for one.
 *
 * Bounds are estimates from draws, and those of all classes share their draws, so that the noise cancels between classes.
 * @see Your Diffusion Model is Secretly a Zero-Shot Classifier (Li et al., 2023), §3.2-3.3
 */
export class BoundGenerativeClassifier
  extends BaseGenerativeClassifier<ConditionalBoundModel>
  implements BoundModel<ConditionedBatch, Tensor>
{
  readonly likelihoodKind = 'lower-bound';
  readonly isDequantized: boolean;

  constructor(options: GenerativeClassifierOptions<ConditionalBoundModel>) {
    super(options);
    for (const option of ['classification', 'unlabelled'] as const) {
      if (options[option] === undefined) continue;
      throw new UnsupportedError({
        where: 'generativeClassifier',
        argument: option,
        expected: 'to be left out for a model with a bound',
        actual: String(options[option]),
      });
    }
    this.isDequantized = options.conditional.isDequantized ?? false;
  }

  /**
   * The bound $b(x, y) \le \ln p(x, y)$ of each example and every class, the mean of `numSamples` draws, in nats, `[n, K]`.
   * @param x - `[n, ...event]`
   */
  jointBounds(x: Tensor, key: Key, numSamples = 1): Tensor {
    const where = 'GenerativeClassifier.jointBounds';
    checkShape(where, 'x', x, ['n', ...this.eventShape]);
    checkKey(where, key);
    checkInteger(where, 'numSamples', numSamples);
    const [n, K] = [x.shape[0]!, this.contextSize];
    if (n === 0) return tf.zeros([0, K]);
    return tf.tidy(() => {
      const bounds = this.logPrior.map((logProb, label) => {
        const context = oneHot(tf.fill([n], label), { depth: K });
        const draws = Array.from({ length: numSamples }, (_, draw) =>
          this.conditional.elbo({ x, context }, key.fold(draw)),
        );
        return tf.add(logProb, tf.div(tf.addN(draws), numSamples));
      });
      return tf.stack(bounds, 1);
    });
  }

  /** Logits of $p(y | x)$ by the bounds in place of the likelihoods, `[n, K]`: more draws make them surer. */
  classify(x: Tensor, key: Key, numSamples = 1): Tensor {
    return this.jointBounds(x, key, numSamples);
  }

  /**
   * A bound on $\ln p(x)$ in nats, `[n]`, with $q(y|x) \propto e^{b(x, y)}$ from other draws than the bounds:
   * $\sum_y q(y|x)\, [b(x, y) - \ln q(y|x)]$; -Infinity for an example that no class can have.
   */
  elbo(x: Tensor, key: Key): Tensor {
    checkKey('GenerativeClassifier.elbo', key);
    return tf.tidy(() => {
      const logits = this.classify(x, key.fold('class'));
      const isPossible = tf.greater(tf.max(logits, 1, true), -Infinity);
      const logQ = logSoftmax(selectByMask(isPossible, logits, 0));
      const terms = tf.mul(tf.exp(logQ), tf.sub(this.jointBounds(x, key.fold('bound')), logQ));
      // A class without weight adds nothing, whatever its bound is.
      return tf.sum(selectByMask(tf.greater(tf.exp(logQ), 0), terms, 0), 1);
    });
  }

  /** Those of the conditional model, on labelled examples. */
  objectives(): readonly Objective<ConditionedBatch>[] {
    return this.conditional.objectives().map((each) => ({ ...each, checkLabels: checkSomeLabel }));
  }
}

const minusMean = (x: Tensor): Scalar => tf.neg(tf.mean<Scalar>(x));

function logProbabilities(where: string, given: readonly number[] | undefined, classes: number): number[] {
  const probabilities = Array.from(given ?? Array.from({ length: classes }, () => 1 / classes));
  const sum = probabilities.reduce((total, probability) => total + probability, 0);
  checkThat(
    where,
    'classProbabilities',
    probabilities.length === classes && probabilities.every((value) => value > 0) && Math.abs(sum - 1) < 1e-6,
    { expected: `to be ${classes} positive numbers that sum to 1`, actual: `[${probabilities.join(', ')}]` },
  );
  return probabilities.map((probability) => Math.log(probability));
}
