import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { StateError } from '../errors/dgm-error';
import type { Optimizer, OptimizerFactory, UpdateContext } from './optimizer';
import { scheduleOf, type Schedule } from './schedule';

/** The new values of a variable and of its slots. */
export type Updated<Slot extends string> = { readonly weight: Tensor } & Readonly<Record<Slot, Tensor>>;

/** What is computed once per step and not once per variable. */
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
}

/** Makes an optimizer's factory out of its equations. */
export function optimizerFactory<Slot extends string, F extends Factors>(
  name: string,
  learningRate: number | Schedule,
  hyperparameters: Readonly<Record<string, number | boolean>>,
  rule: UpdateRule<Slot, F>,
): OptimizerFactory {
  return {
    name,
    learningRate: scheduleOf(learningRate),
    hyperparameters:
      typeof learningRate === 'number' ? { learningRate, ...hyperparameters } : hyperparameters,
    create: (variables) => new SlotOptimizer(name, rule, variables),
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
      for (const [path, variable] of this.#variables) {
        const gradient = gradients.get(path);
        if (gradient === undefined) continue;
        const { weight, ...slots } = this.#rule.update(variable, gradient, this.#slotsOf(path), factors);
        variable.assign(weight);
        for (const [slot, value] of Object.entries(slots))
          this.#slots.get(`${slot}/${path}`)!.assign(value as Tensor);
      }
    });
  }

  dispose(): void {
    for (const slot of this.#slots.values()) if (!slot.isDisposed) slot.dispose();
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
