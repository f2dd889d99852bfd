import {
  asLayer,
  BaseModule,
  checkContext,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampling,
  checkShape,
  childCall,
  gatherExamples,
  splitBatch,
  trainable,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionedBatch,
  Examples,
  GenerativeModel,
  Key,
  Layer,
  LossOptions,
  MakeBatch,
  NetworkLike,
  Objective,
  Prepared,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { checkOutput, checkScores, checkVectors, scoresOf, trialShape } from '../networks';
import { record } from '../record';
import { Adversary, ADVERSARY_OPTIONS, totalOf } from './adversary';
import type { AdversaryOptions, Terms } from './adversary';

export interface CycleGanOptions extends AdversaryOptions {
  /** The width of a source. */
  readonly contextSize: number;
  /** F, from sources `[n, contextSize]` to examples `[n, ...event]`. */
  readonly generator: NetworkLike;
  /** B, from examples `[n, ...event]` back to sources `[n, contextSize]`. */
  readonly inverse: NetworkLike;
  /** The critic of examples, from `[n, ...event]` to one score each, `[n, 1]`. */
  readonly critic: NetworkLike;
  /** The critic of sources, from `[n, contextSize]` to one score each, `[n, 1]`. */
  readonly sourceCritic: NetworkLike;
  /** $\lambda$, of the cycle error. @defaultValue 10 */
  readonly weight?: number;
}

/**
 * Translates between two sets of vectors of real numbers without pairs: a GAN of examples given sources, a GAN of sources given
 * examples, and a penalty of what is lost on the way there and back,
 *
 * $$\lambda\, (\mathbb{E}_s[|B(F(s)) - s|] + \mathbb{E}_x[|F(B(x)) - x|])$$
 *
 * as means over the entries. It is trained on batches `{ x, context }` of examples and of sources that do not belong together,
 * which `batch: unpairedContext(sources)` of `fit` makes. Which pairs it finds depends on the shapes of the two distributions: where
 * they have symmetries, any of several is right.
 *
 * The objectives are `critic`, of both critics, and `generator`, of both generators.
 *
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @throws ShapeError if the networks do not fit each other
 * @throws UnsupportedError if there are penalties and a critic has no right second derivative
 * @see Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al., 2017), Eq. 1-3; DGM §7.4
 * @example
 * ```ts
 * const model = cycleGan({
 *   contextSize: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   inverse: mlp([2, 64, 2], { key: key.fold('inverse') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   sourceCritic: mlp([2, 64, 1], { key: key.fold('source critic') }),
 * });
 * const sources = planeDataset(rings(), { key: key.fold('sources') });
 * const targets = planeDataset(twoMoons(), { key: key.fold('targets') });
 * const batch = unpairedContext(sources.train);
 * await fit(model, targets, { batch, key, optimizer: adam(), batchSize: 64, epochs: 100 });
 * const translated = model.sample(key, 2, { context: tf.tensor2d([[1, 0], [0, 1]]) });
 * ```
 */
export function cycleGan(options: CycleGanOptions): CycleGan {
  return record(new CycleGan(options), 'cycleGan', arguments);
}

/**
 * The option `batch` of `fit` for {@link cycleGan}: `{ x, context }`, with random rows of another set as contexts.
 * @param sources - vectors, `[contextSize]` each
 * @throws ArgumentError if there are no sources
 *
 * @example
 * ```ts
 * const sources = planeDataset(rings(), { key: key.fold('sources') });
 * const batch = unpairedContext(sources.train); // { x: [n, 2], context: [n, 2] }
 * ```
 */
export function unpairedContext(sources: Examples): MakeBatch<ConditionedBatch> {
  checkGiven('unpairedContext', 'sources', sources, 'to be examples');
  checkInteger('unpairedContext', 'sources.count', sources.count);
  return (examples, rows, { key }) => {
    const uniform = tf.tidy(() => key.fold('sources').uniform([rows.length]).dataSync());
    const others = Int32Array.from(uniform, (u) => Math.floor(u * sources.count));
    return { x: gatherExamples(examples, rows), context: gatherExamples(sources, others) };
  };
}

/** What {@link cycleGan} makes. */
export class CycleGan extends BaseModule implements GenerativeModel<ConditionedBatch> {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly contextSize: number;
  readonly generator: Layer;
  readonly inverse: Layer;
  readonly critic: Layer;
  readonly sourceCritic: Layer;
  readonly #weight: number;
  readonly #adversary: Adversary;

  constructor(options: CycleGanOptions) {
    super();
    const where = 'cycleGan';
    checkOptions(where, options, [
      ...['contextSize', 'generator', 'inverse', 'critic', 'sourceCritic', 'weight'],
      ...ADVERSARY_OPTIONS,
    ]);
    const { contextSize, generator, inverse, critic, sourceCritic, weight = 10 } = options;
    checkInteger(where, 'contextSize', contextSize);
    checkNumber(where, 'weight', weight, { min: 0 });
    for (const [name, network] of Object.entries({ generator, inverse, critic, sourceCritic }))
      checkGiven(where, name, network, 'to be a network');
    this.#adversary = new Adversary(where, options);
    this.#weight = weight;
    this.contextSize = contextSize;
    this.generator = this.child('generator', asLayer(generator));
    this.inverse = this.child('inverse', asLayer(inverse));
    this.critic = this.child('critic', asLayer(critic));
    this.sourceCritic = this.child('source-critic', asLayer(sourceCritic));
    this.eventShape = this.#checkNetworks(where);
  }

  /**
   * @param options - `context`, the sources, `[n, contextSize]`
   * @returns what they become, `[n, ...event]`
   * @throws ShapeError if there is not one source for each draw
   */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('CycleGan.sample', { key, n, options, contextSize: this.contextSize });
    return tf.tidy(() => this.#forth(options.context!, { key }));
  }

  /**
   * The sources of examples, `[n, contextSize]`.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  sourceOf(x: Tensor): Tensor {
    checkShape('CycleGan.sourceOf', 'x', x, ['n', ...this.eventShape]);
    return tf.tidy(() => this.#back(x, {}));
  }

  objectives(): readonly Objective<ConditionedBatch>[] {
    const critics = [this.critic, this.sourceCritic];
    return [
      {
        name: 'critic',
        parameters: critics.flatMap((each) => [...trainable(each).values()]),
        ...this.#adversary.schedule(critics),
        prepare: (batch, key, { training }) => this.#fakes(batch, { training, key }),
        loss: (batch, key, options) => this.#criticLoss(batch, key, options),
      },
      {
        name: 'generator',
        parameters: [this.generator, this.inverse].flatMap((each) => [...trainable(each).values()]),
        every: this.#adversary.criticSteps,
        loss: (batch, key, options) => this.#generatorLoss(batch, key, options),
      },
    ];
  }

  /** F(s) and B(x), which are constants to the critics. */
  #fakes(batch: ConditionedBatch, call: CallOptions): Prepared {
    return tf.tidy(() => {
      const { x, source } = this.#split(batch);
      return { fakes: this.#forth(source, call), sources: this.#back(x, call) };
    });
  }

  #criticLoss(batch: ConditionedBatch, key: Key, { training, prepared, lazy }: LossOptions): Terms {
    return tf.tidy(() => {
      const { x, source } = this.#split(batch);
      const terms = [
        { critic: this.critic, real: x, fake: prepared!['fakes']! },
        { critic: this.sourceCritic, real: source, fake: prepared!['sources']! },
      ].map(({ critic, ...seen }, index) => {
        const own = key.fold(index);
        const scores = scoresOf(critic, { training, key: own.fold('critic') });
        return this.#adversary.criticTerms(scores, seen, { key: own, lazy });
      });
      return totalOf(sumOf(terms));
    });
  }

  #generatorLoss(batch: ConditionedBatch, key: Key, { training }: LossOptions): Terms {
    return tf.tidy(() => {
      const { x, source } = this.#split(batch);
      const call = { training, key: key.fold('there') };
      const [fake, fakeSource] = [this.#forth(source, call), this.#back(x, call)];
      const losses = [
        { critic: this.critic, seen: { real: x, fake } },
        { critic: this.sourceCritic, seen: { real: source, fake: fakeSource } },
      ].map(({ critic, seen }, index) => {
        const scores = scoresOf(critic, { training, key: key.fold(index) });
        return this.#adversary.generatorLoss(scores, seen);
      });
      // |B(F(s)) - s| + |F(B(x)) - x|
      const again = { training, key: key.fold('back') };
      const cycle = tf.add(
        tf.mean(tf.abs(tf.sub(this.#back(fake, again), source))),
        tf.mean(tf.abs(tf.sub(this.#forth(fakeSource, again), x))),
      );
      return totalOf({
        loss: tf.addN(losses) as Scalar,
        cycle: tf.mul<Scalar>(this.#weight, cycle),
      });
    });
  }

  #split(batch: ConditionedBatch): { readonly x: Tensor; readonly source: Tensor } {
    const { x, context } = splitBatch(batch);
    checkShape('cycleGan.loss', 'x', x, ['n', ...this.eventShape]);
    checkContext('cycleGan.loss', context, { rows: x.shape[0]!, contextSize: this.contextSize });
    return { x, source: context! };
  }

  #forth(source: Tensor, call: CallOptions): Tensor {
    return this.generator.apply(source, childCall(call, 'generator'));
  }

  #back(x: Tensor, call: CallOptions): Tensor {
    return this.inverse.apply(x, childCall(call, 'inverse'));
  }

  /** Runs the networks once, to find out the shape of an example and what does not fit. */
  #checkNetworks(where: string): Shape {
    return trialShape((n) => {
      const x = this.generator.apply(tf.zeros([n, this.contextSize]));
      checkOutput(where, 'generator', x, { shape: '[n, ...event]' });
      const source = this.inverse.apply(x);
      checkVectors(where, 'inverse', source, this.contextSize);
      const critics = { critic: [this.critic, x], 'source critic': [this.sourceCritic, source] } as const;
      for (const [name, [critic, examples]] of Object.entries(critics)) {
        checkScores(where, name, critic.apply(examples));
        this.#adversary.checkCritic(`${where}: the ${name}`, scoresOf(critic, {}), examples);
      }
      return x;
    });
  }
}

/** The sums of terms of the same name. */
function sumOf(all: readonly Record<string, Scalar>[]): Record<string, Scalar> {
  const names = Object.keys(all[0]!);
  return Object.fromEntries(names.map((name) => [name, tf.addN(all.map((terms) => terms[name]!)) as Scalar]));
}
