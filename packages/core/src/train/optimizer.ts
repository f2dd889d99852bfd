import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions, type Range } from '../check/check';
import { hostMemory, type HostMemory } from '../engine/host-memory';
import { StateError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import { type Schedule, scheduleOf } from './schedule';

/** The inputs of an update. They are tensors, so that one captured step serves all steps. */
export interface UpdateContext {
  readonly learningRate: Scalar;
  /** 1 at the first step, float32. */
  readonly step: Scalar;
}

/** The state of an optimizer for one fixed list of variables; its parameters are its slots (`m/encoder/0/kernel`). */
export interface Optimizer extends Module {
  /**
   * Takes one step. Made of tfjs ops that read no value.
   * @param gradients - by the variable's path; a variable without one stays as it is
   */
  apply(gradients: ReadonlyMap<string, Tensor>, context: UpdateContext): void;
}

/** The recipe of an optimizer. */
export interface OptimizerFactory {
  readonly name: string;
  readonly learningRate: Schedule;
  /** Stored in checkpoints: resuming with other values is refused. */
  readonly hyperparameters: Readonly<Record<string, number | boolean>>;
  create(variables: ReadonlyMap<string, Variable>): Optimizer;
}

/** The new values of a variable and of its slots. */
type Updated<Slot extends string> = { readonly weight: Tensor } & Readonly<Record<Slot, Tensor>>;

/** Values that are computed once per step instead of once per variable. */
export type Factors = Readonly<Record<string, Tensor>>;

/** The equations of an optimizer: which slots each variable gets (zeros at first) and how a step changes them. */
export interface UpdateRule<Slot extends string, F extends Factors> {
  readonly slots: readonly Slot[];
  factors(context: UpdateContext): F;
  update(
    weight: Tensor,
    gradient: Tensor,
    slots: Readonly<Record<Slot, Tensor>>,
    factors: F & UpdateContext,
  ): Updated<Slot>;
  /** {@link update} as one loop, for small variables in host memory: the same numbers to the bit. */
  readonly pass?: UpdatePass<Slot, F>;
}

/** Reads the arrays of a variable before a step, and writes those after it. */
type UpdatePass<Slot extends string, F extends Factors> = (
  before: UpdateArrays<Slot> & { readonly gradient: Float32Array },
  after: UpdateArrays<Slot>,
  factors: Readonly<Record<keyof (F & UpdateContext), number>>,
) => void;

type UpdateArrays<Slot extends string> = Readonly<Record<'weight' | Slot, Float32Array>>;

const RATE: Range = { min: 0 };

/** The range of a decay: of a moment, or of momentum. */
export const DECAY: Range = { min: 0, below: 1 };

/** The range of a small number to add, or of the strength of a penalty. */
export const NOT_NEGATIVE: Range = { min: 0 };

/**
 * Checks the options of an optimizer: their names, and the range of each number that is given.
 * @throws ArgumentError naming the optimizer and the option
 */
export function checkOptimizerOptions(
  name: string,
  options: { readonly learningRate?: number | Schedule },
  ranges: Readonly<Record<string, Range>>,
): void {
  checkOptions(name, options, ['learningRate', ...Object.keys(ranges)]);
  const { learningRate, ...others } = options;
  if (learningRate !== undefined && typeof learningRate !== 'function') {
    checkNumber(name, 'learningRate', learningRate, RATE);
  }
  for (const [option, value] of Object.entries(others)) {
    if (value !== undefined && typeof value !== 'boolean') checkNumber(name, option, value, ranges[option]);
  }
}

/** Makes an optimizer factory from its equations. */
export function optimizerFactory<Slot extends string, F extends Factors>(
  name: string,
  learningRate: number | Schedule,
  hyperparameters: Readonly<Record<string, number | boolean>>,
  rule: UpdateRule<Slot, F>,
): OptimizerFactory {
  return {
    name,
    learningRate: checked(name, scheduleOf(learningRate)),
    hyperparameters,
    create: (variables) => new SlotOptimizer(name, rule, variables),
  };
}

/** A schedule whose rates are numbers that a step can be taken with. */
function checked(name: string, schedule: Schedule): Schedule {
  return (step) => {
    const rate = schedule(step);
    checkNumber(name, `learningRate after ${step} steps`, rate, RATE);
    return rate;
  };
}

/** Holds the slots and applies a rule to one variable after the other. */
class SlotOptimizer<Slot extends string, F extends Factors> implements Optimizer {
  readonly #name: string;
  readonly #rule: UpdateRule<Slot, F>;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #slots = new Map<string, Variable>();

  constructor(name: string, rule: UpdateRule<Slot, F>, variables: ReadonlyMap<string, Variable>) {
    this.#name = name;
    this.#rule = rule;
    this.#variables = variables;
    for (const slot of rule.slots) {
      for (const [path, { shape }] of variables) {
        const zeros = tf.zeros(shape);
        this.#slots.set(`${slot}/${path}`, tf.variable(zeros, false));
        zeros.dispose();
      }
    }
  }

  parameters(): ReadonlyMap<string, Variable> {
    return this.#slots;
  }

  apply(gradients: ReadonlyMap<string, Tensor>, context: UpdateContext): void {
    this.#checkAlive();
    tf.tidy(() => {
      const factors = { ...this.#rule.factors(context), ...context };
      const update = this.#updateWith(factors);
      for (const [path, variable] of this.#variables) {
        const gradient = gradients.get(path);
        if (gradient === undefined) continue;
        const { weight, ...slots } = update(variable, gradient, this.#slotsOf(path));
        variable.assign(weight);
        for (const [slot, value] of Object.entries(slots))
          this.#slots.get(`${slot}/${path}`)!.assign(value as Tensor);
      }
    });
  }

  dispose(): void {
    for (const slot of this.#slots.values()) if (!slot.isDisposed) slot.dispose();
  }

  /** Applies the rule to one variable, in the fastest way that the backend offers. */
  #updateWith(
    factors: F & UpdateContext,
  ): (weight: Tensor, gradient: Tensor, slots: Readonly<Record<Slot, Tensor>>) => Updated<Slot> {
    const { pass } = this.#rule;
    const memory = pass && hostMemory();
    if (memory === undefined) {
      return (weight, gradient, slots) => this.#rule.update(weight, gradient, slots, factors);
    }
    const numbers = Object.entries<Tensor>(factors).map(([name, factor]) => [name, memory.read(factor)[0]!]);
    return (weight, gradient, slots) =>
      weight.size > memory.largestLoop
        ? this.#rule.update(weight, gradient, slots, factors)
        : updateInOnePass(
            pass!,
            memory,
            { ...slots, weight, gradient },
            Object.fromEntries(numbers) as never,
          );
  }

  #slotsOf(path: string): Record<Slot, Tensor> {
    const entries = this.#rule.slots.map((slot) => [slot, this.#slots.get(`${slot}/${path}`)!]);
    return Object.fromEntries(entries) as Record<Slot, Tensor>;
  }

  #checkAlive(): void {
    for (const slot of this.#slots.values()) {
      if (!slot.isDisposed) return;
      throw new StateError({
        where: `${this.#name}.apply`,
        argument: 'optimizer',
        expected: 'to be alive',
        actual: 'one that was disposed of',
        remedy: 'create a new one',
      });
    }
  }
}

function updateInOnePass<Slot extends string, F extends Factors>(
  pass: UpdatePass<Slot, F>,
  memory: HostMemory,
  before: Readonly<Record<'weight' | 'gradient' | Slot, Tensor>>,
  factors: Parameters<UpdatePass<Slot, F>>[2],
): Updated<Slot> {
  const names = Object.keys(before).filter((name) => name !== 'gradient');
  const after = memory.make(before.weight.shape, names.length, (outputs) => {
    const read = Object.entries<Tensor>(before).map(([name, x]) => [name, memory.read(x)]);
    const written = names.map((name, index) => [name, outputs[index]!]);
    pass(Object.fromEntries(read) as never, Object.fromEntries(written) as never, factors);
  });
  return Object.fromEntries(names.map((name, index) => [name, after[index]!])) as Updated<Slot>;
}
