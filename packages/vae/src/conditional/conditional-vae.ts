import {
  BaseModule,
  conditional,
  leadingShape,
  ShapeError,
  formatShape,
  standardNormal,
  trainable,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  GenerativeModel,
  Key,
  NetworkLike,
  Objective,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { elboTerms, logImportanceWeights } from '../elbo';
import type { LatentVariableModel } from '../elbo';

/** Examples and what they are conditioned on. */
export interface ConditionedExamples {
  /** `[n, ...event]` */
  readonly x: Tensor;
  /** `[n, contextSize]` */
  readonly context: Tensor;
}

export interface ConditionalVaeOptions {
  /** Maps x and its context, flat and side by side, to the parameters of the posterior. */
  readonly encoder: NetworkLike;
  /** Maps z and its context side by side to the parameters of the likelihood. */
  readonly decoder: NetworkLike;
  /** Over vectors z. */
  readonly posterior: DistributionHead;
  readonly likelihood: DistributionHead;
  /** $p(z|c)$ of contexts `[n, contextSize]`; the standard normal, whatever the context, unless given. */
  readonly prior?: ConditionalDistribution;
  /** What contexts are drawn from where `sample` is given none, event `[contextSize]`. */
  readonly contexts: Distribution;
}

/**
 * A variational auto-encoder of x given a context c, a class or any vector:
 * $\ln p(x|c) \ge \mathbb{E}_{q(z|x,c)}[\ln p(x|z, c) + \ln p(z|c) - \ln q(z|x, c)]$. It is trained on batches of
 * {@link ConditionedExamples}, which the option `batch` of `fit` makes.
 * @see Learning Structured Output Representation using Deep Conditional Generative Models (Sohn et al., 2015), Eq. 4
 */
export function conditionalVae(options: ConditionalVaeOptions): ConditionalVae {
  return new ConditionalVae(options);
}

/** What {@link conditionalVae} makes. */
export class ConditionalVae extends BaseModule implements GenerativeModel<ConditionedExamples> {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly latentShape: Shape;
  readonly #encoder: ConditionalDistribution;
  readonly #decoder: ConditionalDistribution;
  readonly #prior: ConditionalDistribution | undefined;
  readonly #contexts: Distribution;

  constructor({ encoder, decoder, posterior, likelihood, prior, contexts }: ConditionalVaeOptions) {
    super();
    this.eventShape = likelihood.eventShape;
    this.latentShape = posterior.eventShape;
    this.#encoder = this.child('encoder', conditional(encoder, posterior));
    this.#decoder = this.child('decoder', conditional(decoder, likelihood));
    this.#prior = prior && this.child('prior', prior);
    this.#contexts = contexts;
  }

  /**
   * The latent-variable model of x given these contexts, one for each row of what it is asked about (or of each copy of
   * the rows). It borrows them: call this inside of `tf.tidy`.
   * @param context - `[n, contextSize]`
   * @throws ShapeError if a context has another size
   */
  given(context: Tensor, call: (network: string) => CallOptions = () => ({})): LatentVariableModel {
    leadingShape(context.shape, this.#contexts.eventShape, 'ConditionalVae.given', 'context');
    const beside = (values: Tensor): Tensor => {
      const [rows, n] = [values.shape[0]!, context.shape[0]!];
      if (rows % n !== 0) {
        throw new ShapeError({
          where: 'ConditionalVae.given',
          argument: 'context',
          expected: `with a row for each of ${rows}`,
          actual: formatShape(context.shape),
        });
      }
      return tf.concat([tf.reshape(values, [rows, -1]), tf.tile(context, [rows / n, 1])], 1);
    };
    return {
      encode: (x) => this.#encoder.given(beside(x), call('encoder')),
      decode: (z) => this.#decoder.given(beside(z), call('decoder')),
      prior: () => this.#prior?.given(context, call('prior')) ?? standardNormal(this.latentShape),
    };
  }

  /** The bound on $\ln p(x|c)$ with one draw of z, in nats, `[n]`. */
  elbo({ x, context }: ConditionedExamples, key: Key): Tensor {
    return tf.tidy(() => {
      const { reconstruction, regularizer } = elboTerms(this.given(context), x, key);
      return tf.sub(reconstruction, regularizer);
    });
  }

  /** Importance-sampled $\ln p(x|c)$ of each example in nats, `[n]`; below the truth in expectation. */
  logLikelihood({ x, context }: ConditionedExamples, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => {
      const weights = logImportanceWeights(this.given(context), x, key, numSamples);
      return tf.sub(tf.logSumExp(weights, 0), Math.log(numSamples));
    });
  }

  /**
   * z from the prior, then x from the likelihood; `[n, ...event]`.
   * @param options - `context`: `[n, contextSize]`, instead of random ones
   */
  sample(key: Key, n: number, { context }: { readonly context?: Tensor } = {}): Tensor {
    return tf.tidy(() => {
      const model = this.given(context ?? this.#contexts.sample(key.fold('context'), [n]));
      const prior = model.prior();
      const z = prior.sample(key.fold('z'), prior.batchShape.length === 0 ? [n] : []);
      return model.decode(z).sample(key.fold('x'));
    });
  }

  /** Minus the bound, with its two terms. */
  objectives(): readonly Objective<ConditionedExamples>[] {
    const loss: Objective<ConditionedExamples>['loss'] = ({ x, context }, key, { training }) =>
      tf.tidy(() => {
        const model = this.given(context, (network) => ({ training, key: key.fold(network) }));
        const terms = elboTerms(model, x, key.fold('z'));
        const reconstruction = tf.neg(tf.mean<Scalar>(terms.reconstruction));
        const regularizer = tf.mean<Scalar>(terms.regularizer);
        return { total: tf.add<Scalar>(reconstruction, regularizer), reconstruction, regularizer };
      });
    return [{ name: 'elbo', parameters: [...trainable(this).values()], loss }];
  }
}
