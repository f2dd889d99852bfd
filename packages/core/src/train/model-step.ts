import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Variable } from '@tensorflow/tfjs-core';
import { checkGiven, checkInteger, checkNumber, checkThat, closest } from '../check/check';
import { ArgumentError } from '../errors/dgm-error';
import { disposeOnThrow } from '../model/build';
import { prepareLoss, type GenerativeModel, type Objective } from '../model/generative-model';
import type { Module } from '../model/module';
import type { StepInputs, StepProgram } from './engine';
import { ExponentialAverage } from './exponential-average';
import { clipByGlobalNorm, valueAndGradients } from './gradients';
import type { Optimizer, OptimizerFactory } from './optimizer';

/** The decay $\alpha$ of a moving average of weights, in (0, 1). */
export interface AverageOptions {
  readonly decay: number;
}

export interface StepOptions {
  /** One optimizer for all objectives, or one per objective by name. */
  readonly optimizer: OptimizerFactory | Readonly<Record<string, OptimizerFactory>>;
  /** Largest joint norm of an objective's gradients. */
  readonly clipNorm?: number | undefined;
  /**
   * Keeps a moving average of the weights, which validation and the final model use: of all weights, or of the
   * weights of some objectives by name (`{ generator: { decay: 0.999 } }`).
   */
  readonly ema?: AverageOptions | Readonly<Record<string, AverageOptions>> | undefined;
}

/** One objective with its optimizer. */
interface Player<B> {
  readonly objective: Objective<B>;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly factory: OptimizerFactory;
  readonly optimizer: Optimizer;
  readonly average: ExponentialAverage | undefined;
}

/** The action of an objective in a step: none, an update without its lazy terms, or an update with them. */
type Turn = 'none' | 'update' | 'lazy';

/**
 * The training step of a model: loss, gradients, clipping and update of each objective that is due, then the
 * averages. Owns the optimizers' slots and the averages, but not the model.
 */
export class ModelStep<B> implements StepProgram<B>, Module {
  readonly players: readonly Player<B>[];
  readonly state: ReadonlyMap<string, Variable>;
  readonly #clipNorm: number | undefined;

  constructor(model: GenerativeModel<B>, { optimizer, clipNorm, ema }: StepOptions) {
    const objectives = model.objectives();
    checkObjectives(objectives);
    checkGiven('fit', 'optimizer', optimizer, 'to be an optimizer such as adam()');
    const names = objectives.map(({ name }) => name);
    if (!isFactory(optimizer)) checkNames('optimizer', optimizer, names);
    if (ema !== undefined && !isAverage(ema)) checkNames('ema', ema, names);
    const averaged = new Set<Variable>();
    const plans = objectives.map((objective) => {
      const variables = pathsOf(model, objective);
      const average = isAverage(ema) ? ema : ema?.[objective.name];
      if (average) checkNumber('fit', 'ema.decay', average.decay, { above: 0, below: 1 });
      // A weight that two objectives train has one average.
      const own = new Map(average && [...variables].filter(([, variable]) => !averaged.has(variable)));
      own.forEach((variable) => averaged.add(variable));
      return { objective, variables, own, average, factory: factoryFor(objective.name, optimizer) };
    });
    this.players = disposeOnThrow(() =>
      plans.map(({ own, average, ...plan }) => ({
        ...plan,
        optimizer: plan.factory.create(plan.variables),
        average: average && new ExponentialAverage(own, average),
      })),
    );
    this.state = new Map([...prefixed('model', model.parameters()), ...this.parameters()]);
    this.#clipNorm = clipNorm;
  }

  /**
   * The variables of the step that do not belong to the model: `optimizer/<objective>/<slot>/<path>` and
   * `average/<path>`.
   */
  parameters(): ReadonlyMap<string, Variable> {
    const slots = this.players.flatMap(({ objective, optimizer }) =>
      prefixed(`optimizer/${objective.name}`, optimizer.parameters()),
    );
    const averages = this.#averages().flatMap((average) => prefixed('average', average.parameters()));
    return new Map([...slots, ...averages]);
  }

  phase(step: number): string {
    return this.players.map(({ objective }) => turnOf(objective, step)).join(' ');
  }

  /** @param inputs - without a phase, each objective has its turn */
  run(inputs: StepInputs<B>): Readonly<Record<string, Scalar>> {
    const turns = (inputs.phase ?? this.phase(0)).split(' ') as Turn[];
    return tf.tidy(() => {
      const playing = this.players.flatMap((player, index) =>
        turns[index] === 'none' ? [] : [{ player, lazy: turns[index] === 'lazy' }],
      );
      const terms = playing.flatMap(({ player, lazy }) => this.#play(player, inputs, lazy));
      playing.forEach(({ player }) => player.average?.update());
      return Object.fromEntries(terms);
    });
  }

  /** Runs `action` while the weights hold their averages, if there are any. */
  withAverages<T>(action: () => Promise<T>): Promise<T> {
    return this.#averages().reduce<() => Promise<T>>((run, average) => () => average.during(run), action)();
  }

  /** Replaces the weights by their averages. */
  adoptAverages(): void {
    this.#averages().forEach((average) => average.adopt());
  }

  dispose(): void {
    this.players.forEach(({ optimizer }) => optimizer.dispose());
    this.#averages().forEach((average) => average.dispose());
  }

  #averages(): readonly ExponentialAverage[] {
    return this.players.flatMap(({ average }) => average ?? []);
  }

  #play(
    { objective, variables, optimizer }: Player<B>,
    { batch, key, learningRates, step }: StepInputs<B>,
    lazy: boolean,
  ): [string, Scalar][] {
    const { name, every = 1 } = objective;
    const own = key.fold(name);
    const options = prepareLoss(objective, batch, own, { training: true, step, lazy });
    const { terms, gradients } = valueAndGradients(() => objective.loss(batch, own, options), variables);
    const clipped =
      this.#clipNorm === undefined ? gradients : clipByGlobalNorm(gradients, this.#clipNorm).gradients;
    // The optimizer corrects its moments by the number of its own updates.
    const updates: Scalar = every === 1 ? step : tf.div(step, every);
    optimizer.apply(clipped, { learningRate: learningRates[name]!, step: updates });
    objective.afterUpdate?.();
    return Object.entries(terms).map(([term, value]) => [`${name}/${term}`, value]);
  }
}

function turnOf<B>({ every = 1, lazyEvery = 1 }: Objective<B>, step: number): Turn {
  if (step % every !== 0) return 'none';
  return (step / every) % lazyEvery === 0 ? 'lazy' : 'update';
}

function checkObjectives<B>(objectives: readonly Objective<B>[]): void {
  const names = objectives.map(({ name }) => name);
  checkThat('fit', 'objectives of the model', names.length !== 0 && new Set(names).size >= names.length, {
    expected: 'to be at least one, each with a name of its own',
    actual: names.length === 0 ? 'none' : names.join(', '),
  });
  for (const { name, every = 1, lazyEvery = 1 } of objectives) {
    checkInteger('fit', `every of the objective "${name}"`, every);
    checkInteger('fit', `lazyEvery of the objective "${name}"`, lazyEvery);
  }
  checkThat(
    'fit',
    'objectives of the model',
    objectives.some(({ every = 1 }) => every === 1),
    {
      expected: 'to hold one that is trained at each step',
      actual: objectives.map(({ name, every }) => `${name} every ${every}`).join(', '),
    },
  );
}

/** The objective's variables under the model's paths, each once. */
function pathsOf<B>(
  model: GenerativeModel<B>,
  { name, parameters }: Objective<B>,
): ReadonlyMap<string, Variable> {
  const paths = new Map([...model.parameters()].reverse().map(([path, variable]) => [variable, path]));
  const trained = [...new Set(parameters)].filter(({ trainable }) => trainable);
  const strangers = trained.filter((variable) => !paths.has(variable)).length;
  checkThat('fit', `parameters of the objective "${name}"`, trained.length !== 0 && strangers === 0, {
    expected: 'to be trainable variables that model.parameters() lists',
    actual: trained.length === 0 ? 'none' : `${strangers} that it does not list`,
    remedy: 'register them by `parameter` or `child` in the constructor of the module that owns them',
  });
  return new Map(trained.map((variable) => [paths.get(variable)!, variable]));
}

function factoryFor(name: string, optimizer: StepOptions['optimizer']): OptimizerFactory {
  const factory = isFactory(optimizer) ? optimizer : optimizer[name];
  checkThat('fit', 'optimizer', factory !== undefined && isFactory(factory), {
    expected: `to have an entry for the objective "${name}"`,
    actual: `entries for ${Object.keys(optimizer).join(', ')}`,
  });
  return factory;
}

/** Checks that a record by objectives has no entry for an objective that does not exist. */
function checkNames(argument: string, record: object, names: readonly string[]): void {
  const unknown = Object.keys(record).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const close = closest(unknown, names);
  throw new ArgumentError({
    where: 'fit',
    argument,
    expected: `to have entries for objectives of the model: ${names.join(', ')}`,
    actual: `"${unknown}"`,
    ...(close !== undefined && { remedy: `did you mean "${close}"` }),
  });
}

function isFactory(optimizer: StepOptions['optimizer']): optimizer is OptimizerFactory {
  return typeof optimizer['create'] === 'function';
}

function isAverage(ema: StepOptions['ema']): ema is AverageOptions {
  return typeof ema?.decay === 'number';
}

function prefixed(prefix: string, variables: ReadonlyMap<string, Variable>): [string, Variable][] {
  return [...variables].map(([path, variable]) => [`${prefix}/${path}`, variable]);
}
