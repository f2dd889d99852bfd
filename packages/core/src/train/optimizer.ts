import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Module } from '../model/module';
import type { Schedule } from './schedule';

/** What an update is told about the step; tensors, so that one captured step serves every step. */
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
  /** What a checkpoint compares: resuming with other numbers is refused. */
  readonly hyperparameters: Readonly<Record<string, number | boolean>>;
  create(variables: ReadonlyMap<string, Variable>): Optimizer;
}
