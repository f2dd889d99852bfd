import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Variable } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import type { GenerativeModel, Objective } from '../model/generative-model';
import type { Module } from '../model/module';
import type { StepInputs, StepProgram } from './engine';
import { ExponentialAverage } from './exponential-average';
import { clipByGlobalNorm, valueAndGradients } from './gradients';
import type { Optimizer, OptimizerFactory } from './optimizer';

export interface StepOptions {
  /** One for all objectives, or one for each by its name. */
  readonly optimizer: OptimizerFactory | Readonly<Record<string, OptimizerFactory>>;
  /** Largest joint norm of an objective's gradients. */
  readonly clipNorm?: number | undefined;
  /** Keeps a moving average of the weights, which validation and the final model use. */
  readonly ema?: { readonly decay: number } | undefined;
}

/** One objective with what trains it. */
interface Player<B> {
  readonly objective: Objective<B>;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly factory: OptimizerFactory;
  readonly optimizer: Optimizer;
}

/**
 * The training step of a model: for each objective in order its loss, gradients, clipping and update, then the average.
 * Owns the optimizers' slots and the average, not the model.
 */
export class ModelStep<B> implements StepProgram<B>, Module {
  readonly players: readonly Player<B>[];
  readonly average: ExponentialAverage | undefined;
  readonly state: ReadonlyMap<string, Variable>;
  readonly #clipNorm: number | undefined;

  constructor(model: GenerativeModel<B>, { optimizer, clipNorm, ema }: StepOptions) {
    const objectives = model.objectives();
    checkNames(objectives.map(({ name }) => name));
    const plans = objectives.map((objective) => ({
      objective,
      variables: pathsOf(model, objective),
      factory: factoryFor(objective.name, optimizer),
    }));
    this.players = plans.map((plan) => ({ ...plan, optimizer: plan.factory.create(plan.variables) }));
    const learned = new Map(plans.flatMap(({ variables }) => [...variables]));
    this.average = ema && new ExponentialAverage(learned, ema);
    this.state = new Map([...prefixed('model', model.parameters()), ...this.parameters()]);
    this.#clipNorm = clipNorm;
  }

  /** What belongs to the step and not to the model: `optimizer/<objective>/<slot>/<path>` and `average/<path>`. */
  parameters(): ReadonlyMap<string, Variable> {
    const slots = this.players.flatMap(({ objective, optimizer }) =>
      prefixed(`optimizer/${objective.name}`, optimizer.parameters()),
    );
    return new Map([...slots, ...(this.average ? prefixed('average', this.average.parameters()) : [])]);
  }

  run(inputs: StepInputs<B>): Readonly<Record<string, Scalar>> {
    return tf.tidy(() => {
      const terms = this.players.flatMap((player) => this.#play(player, inputs));
      this.average?.update();
      return Object.fromEntries(terms);
    });
  }

  dispose(): void {
    this.players.forEach(({ optimizer }) => optimizer.dispose());
    this.average?.dispose();
  }

  #play({ objective, variables, optimizer }: Player<B>, inputs: StepInputs<B>): [string, Scalar][] {
    const { name } = objective;
    const { terms, gradients } = valueAndGradients(
      () => objective.loss(inputs.batch, inputs.key.fold(name), { training: true, step: inputs.step }),
      variables,
    );
    const clipped =
      this.#clipNorm === undefined ? gradients : clipByGlobalNorm(gradients, this.#clipNorm).gradients;
    optimizer.apply(clipped, { learningRate: inputs.learningRates[name]!, step: inputs.step });
    return Object.entries(terms).map(([term, value]) => [`${name}/${term}`, value]);
  }
}

function checkNames(names: readonly string[]): void {
  if (names.length > 0 && new Set(names).size === names.length) return;
  throw new ArgumentError({
    where: 'fit',
    argument: 'objectives of the model',
    expected: 'to be at least one, each with a name of its own',
    actual: names.length === 0 ? 'none' : names.join(', '),
  });
}

/** The objective's variables under the model's paths, each once. */
function pathsOf<B>(
  model: GenerativeModel<B>,
  { name, parameters }: Objective<B>,
): ReadonlyMap<string, Variable> {
  const paths = new Map([...model.parameters()].reverse().map(([path, variable]) => [variable, path]));
  const trained = [...new Set(parameters)].filter(({ trainable }) => trainable);
  const strangers = trained.filter((variable) => !paths.has(variable)).length;
  if (trained.length === 0 || strangers > 0) {
    throw new ArgumentError({
      where: 'fit',
      argument: `parameters of the objective "${name}"`,
      expected: 'to be trainable variables that model.parameters() lists',
      actual: trained.length === 0 ? 'none' : `${strangers} that it does not list`,
      remedy: 'register them by `parameter` or `child` in the constructor of the module that owns them',
    });
  }
  return new Map(trained.map((variable) => [paths.get(variable)!, variable]));
}

function factoryFor(name: string, optimizer: StepOptions['optimizer']): OptimizerFactory {
  const factory = isFactory(optimizer) ? optimizer : optimizer[name];
  if (factory !== undefined) return factory;
  throw new ArgumentError({
    where: 'fit',
    argument: 'optimizer',
    expected: `to have an entry for the objective "${name}"`,
    actual: `entries for ${Object.keys(optimizer).join(', ')}`,
  });
}

function isFactory(optimizer: StepOptions['optimizer']): optimizer is OptimizerFactory {
  return typeof optimizer['create'] === 'function';
}

function prefixed(prefix: string, variables: ReadonlyMap<string, Variable>): [string, Variable][] {
  return [...variables].map(([path, variable]) => [`${prefix}/${path}`, variable]);
}
