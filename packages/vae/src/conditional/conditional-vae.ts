import {
  checkContext,
  checkInteger,
  checkOptions,
  checkSampling,
  checkThat,
  formatShape,
  isModule,
  leadingShape,
  sameShape,
  ShapeError,
  singleObjective,
} from '@dgm/core';
import type { BoundModel, ConditionedBatch, Distribution, Key, Objective, SampleOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logImportanceWeights } from '../elbo';
import { networkCalls, outsideTraining } from '../objectives/objective';
import type { AmortizedModel, NetworkCalls } from '../objectives/objective';
import { record } from '../record';
import { BaseVae, VAE_OPTIONS } from '../vae';
import type { VaeOptions } from '../vae';

/** The options of {@link vae}, whose networks also get the context, and the options of the context. */
export interface ConditionalVaeOptions extends VaeOptions {
  /** The width of the context. */
  readonly contextSize: number;
  /**
   * The distribution, with events of shape `[contextSize]`, that `sample` draws contexts from if it is given none. By
   * default a context is required.
   */
  readonly contexts?: Distribution;
}

/**
 * A variational auto-encoder of x given a context c, such as a class or any vector:
 * $\ln p(x|c) \ge \mathbb{E}_{q(z|x,c)}[\ln p(x|z, c) + \ln p(z|c) - \ln q(z|x, c)]$.
 *
 * The encoder maps x, flattened and concatenated with its context, `[n, size of x + contextSize]`, to the parameters
 * of the posterior. The decoder maps z, concatenated with its context, to the parameters of the likelihood. A learned
 * prior gets the context unless its own `contextSize` is 0. The model is trained and evaluated on batches
 * `{ x, context }`, which the option `batch` of `fit` and `evaluate` makes.
 *
 * @throws ArgumentError if an option is unknown, missing, or does not fit the others
 * @see Learning Structured Output Representation using Deep Conditional Generative Models (Sohn et al., 2015), Eq. 4
 * @example
 * ```ts
 * const model = conditionalVae({
 *   contextSize: 10,
 *   encoder: mlp([64 + 10, 128, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8 + 10, 128, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * await fit(model, glyphs(), { batch: classContext({ classes: 10 }), key, optimizer: adam(), batchSize: 64, epochs: 20 });
 * const sevens = model.sample(key, 16, { context: oneHot(tf.fill([16], 7), { depth: 10 }) });
 * ```
 */
export function conditionalVae(options: ConditionalVaeOptions): ConditionalVae {
  return record(new ConditionalVae(options), 'conditionalVae', arguments);
}

/** The class of {@link conditionalVae}. */
export class ConditionalVae extends BaseVae implements BoundModel<ConditionedBatch, ConditionedBatch> {
  readonly contextSize: number;
  readonly #contexts: Distribution | undefined;

  constructor(options: ConditionalVaeOptions) {
    const where = 'conditionalVae';
    checkOptions(where, options, [...VAE_OPTIONS, 'contextSize', 'contexts']);
    const { contextSize, contexts } = options;
    checkInteger(where, 'contextSize', contextSize);
    if (contexts !== undefined) checkContexts(contexts, contextSize);
    super(where, options);
    this.contextSize = contextSize;
    this.#contexts = contexts;
  }

  /**
   * The latent-variable model of x given one context per row. It borrows the contexts: call this inside `tf.tidy`.
   *
   * `decode` also takes K copies of the rows, `[K * n, ...latent]`, as importance sampling does.
   * @param context - `[n, contextSize]`
   * @param calls - call options of the networks, whose `training` flag may change them
   * @throws ShapeError if a context has another width, or there is not one for each row
   */
  given(context: Tensor, calls: NetworkCalls = outsideTraining): AmortizedModel {
    checkContext('ConditionalVae.given', context, this);
    const n = context.shape[0]!;
    const beside = (x: Tensor): Tensor => {
      leadingShape(x.shape, this.eventShape, 'ConditionalVae.encode', 'x');
      checkContext('ConditionalVae.encode', context, { rows: x.shape[0]!, contextSize: this.contextSize });
      return besideContext(x, context);
    };
    return {
      encode: (x) => this.posterior.given(beside(x), calls('encoder')),
      encodeDetached: (x) => this.detachedPosterior.given(beside(x), calls('encoder')),
      decode: (z) => {
        const [rows] = leadingShape(z.shape, this.latentShape, 'ConditionalVae.decode', 'z');
        if (rows! % n !== 0 || n === 0) {
          checkContext('ConditionalVae.decode', context, { rows: rows!, contextSize: this.contextSize });
        }
        return this.decoder.given(besideContext(z, context), calls('decoder'));
      },
      prior: () => this.#priorGiven(context, calls),
    };
  }

  /** The bound on $\ln p(x|c)$ with one draw of z, in nats, `[n]`. */
  elbo({ x, context }: ConditionedBatch, key: Key): Tensor {
    return tf.tidy(() => this.boundOf(this.given(context), x, key));
  }

  /** Logarithms of K importance weights of each example, in nats, `[K, n]`; memory grows with K times n. */
  logWeights({ x, context }: ConditionedBatch, key: Key, numSamples: number): Tensor {
    return tf.tidy(() => logImportanceWeights(this.given(context), x, key, numSamples));
  }

  /**
   * z from the prior, then x from the likelihood; `[n, ...event]`.
   * @param options - `context`: `[n, contextSize]`, drawn from `contexts` by default
   * @throws ShapeError if there is not one context of the right width for each example
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    const [contextSize, drawsContext] = [this.contextSize, this.#contexts !== undefined];
    checkSampling('ConditionalVae.sample', { key, n, options, contextSize, drawsContext });
    return tf.tidy(() => {
      const context = options.context ?? this.#contexts!.sample(key.fold('context'), [n]);
      const model = this.given(context);
      const prior = model.prior();
      const z = prior.sample(key.fold('z'), prior.batchShape.length === 0 ? [n] : []);
      return model.decode(z).sample(key.fold('x'));
    });
  }

  /** One objective: minus the ELBO in nats per example with its terms, or the objective of the options. */
  objectives(): readonly Objective<ConditionedBatch>[] {
    return singleObjective<ConditionedBatch>(this, {
      name: this.objective.name,
      loss: ({ x, context }, key, options) =>
        this.objective.loss(this.given(context, networkCalls(options, key)), x, key.fold('z'), options),
    });
  }

  #priorGiven(context: Tensor, calls: NetworkCalls): Distribution {
    if (!isModule(this.latentPrior)) return this.latentPrior;
    const isUnconditional = (this.latentPrior as { readonly contextSize?: number }).contextSize === 0;
    return this.latentPrior.given(isUnconditional ? undefined : context, calls('prior'));
  }
}

/** Concatenates flattened values with their contexts; K copies of the rows get K copies of the contexts. */
export function besideContext(values: Tensor, context: Tensor): Tensor {
  const [rows, n] = [values.shape[0]!, context.shape[0]!];
  const contexts = rows === n ? context : tf.tile(context, [rows / n, 1]);
  return tf.concat([tf.reshape(values, [rows, -1]), contexts], 1);
}

function checkContexts({ eventShape, batchShape }: Distribution, contextSize: number): void {
  checkThat('conditionalVae', 'contexts', sameShape(eventShape, [contextSize]) && batchShape.length === 0, {
    error: ShapeError,
    expected: `with an event of shape ${formatShape([contextSize])} and no batch`,
    actual: `event ${formatShape(eventShape)}, batch ${formatShape(batchShape)}`,
    remedy: 'give the width of a context as contextSize',
  });
}
