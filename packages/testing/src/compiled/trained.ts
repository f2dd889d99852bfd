import { adam, Key, ModelStep } from '@dgm/core';
import type { Engine, GenerativeModel, StepOptions, StepTerms } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCase } from '../model';
import { tensorOf } from '../tensors';

/** A model's case of the contract kit serves as it is; how it is trained may be said too. */
export interface CompiledCase extends Pick<ModelCase, 'make' | 'data' | 'measuresByReading'> {
  /** @defaultValue Adam with a learning rate of 1e-3 and an epsilon of 1e-4 */
  readonly training?: Partial<StepOptions>;
  /** The largest error that is allowed, relative to a value or to the values beside it. @defaultValue 1e-4 */
  readonly largestError?: number;
}

/**
 * Some weights have a gradient of 0 in theory (an attention's key bias, a shift before a norm): with its usual epsilon Adam
 * takes full steps along the rounding errors of such a gradient, and those differ between any two engines.
 */
const calmAdam = adam({ learningRate: 1e-3, epsilon: 1e-4 });

export interface Course {
  readonly steps: number;
  /** Steps, from 1, that see one example less. */
  readonly smallerAt?: readonly number[];
  readonly afterStep?: () => unknown;
}

export type State = ReadonlyMap<string, Float32Array>;

export interface Trained {
  readonly terms: readonly StepTerms[];
  /** The variables after the first step. */
  readonly first: State;
  /** The variables after the last step. */
  readonly state: State;
}

/** How the case is trained. */
export function trainingOf(the: CompiledCase): StepOptions {
  return { optimizer: calmAdam, ...the.training };
}

/** Trains the case's model on an engine; frees everything. */
export async function trained(the: CompiledCase, engine: Engine, course: Course): Promise<Trained> {
  const model: GenerativeModel = the.make(Key.of(0));
  const program = new ModelStep(model, trainingOf(the));
  const batch = typeof the.data === 'function' ? the.data() : tensorOf(the.data);
  const smaller = tf.slice(batch, [0], [batch.shape[0]! - 1]);
  const step = await engine.prepare(program);
  const terms: StepTerms[] = [];
  const stateOf = async (): Promise<State> => {
    await step.sync();
    const copies = [...program.state].map(
      ([path, variable]) => [path, Float32Array.from(variable.dataSync())] as const,
    );
    return new Map(copies);
  };
  let first: State = new Map();
  try {
    for (let index = 1; index <= course.steps; index++) {
      await step.run({
        batch: course.smallerAt?.includes(index) ? smaller : batch,
        key: Key.of(1).fold(index),
        learningRates: Object.fromEntries(
          program.players.map(({ objective, factory }) => [objective.name, factory.learningRate(index - 1)]),
        ),
        step: index,
      });
      terms.push(...(await step.drain()));
      course.afterStep?.();
      if (index === 1) first = await stateOf();
    }
    return { terms, first, state: await stateOf() };
  } finally {
    step.dispose();
    program.dispose();
    model.dispose();
    tf.dispose([batch, smaller]);
  }
}
