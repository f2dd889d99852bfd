import * as tf from '@tensorflow/tfjs-core';
import { recorderOf, type Construction } from '../construction/construction';
import { trainable, type Module } from './module';
import type { Objective } from './generative-model';

/**
 * The objectives of a model with a single one, which all of its trainable variables minimize.
 * @param model - anything that owns variables
 * @param objective - its name, its loss, and its check of labels if it has one; intermediate tensors of the loss are freed
 * @example
 * ```ts
 * objectives() {
 *   return singleObjective(this, {
 *     name: 'nll',
 *     loss: (x: Tensor) => ({ total: tf.neg(tf.mean<Scalar>(this.logProb(x))) }),
 *   });
 * }
 * ```
 */
export function singleObjective<B>(
  model: Module,
  { name, loss, checkLabels }: Pick<Objective<B>, 'name' | 'loss' | 'checkLabels'>,
): readonly Objective<B>[] {
  return [
    {
      name,
      parameters: [...trainable(model).values()],
      loss: (batch, key, options) => tf.tidy(() => loss(batch, key, options)),
      ...(checkLabels && { checkLabels }),
    },
  ];
}

/**
 * Runs a function that makes a model. If it throws, the variables and tensors that it has made are freed.
 * @throws what `build` throws
 * @example
 * ```ts
 * export function myModel(options: MyModelOptions): MyModel {
 *   return disposeOnThrow(() => new MyModel(new Dense(options), checked(options)));
 * }
 * ```
 */
export function disposeOnThrow<T>(build: () => T): T {
  const engine = tf.engine();
  const before = new Set(Object.keys(engine.state.registeredVariables));
  engine.startScope();
  // The scope frees all tensors but those that it is told to hand to the scope around it.
  let kept: tf.Tensor[] = [];
  try {
    const built = build();
    kept = engine.state.activeScope.track;
    return built;
  } catch (error) {
    for (const [name, variable] of Object.entries(engine.state.registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    throw error;
  } finally {
    engine.endScope(kept);
  }
}

/**
 * {@link disposeOnThrow} and {@link recorderOf} in one, for the factories of a package.
 * @param origin - the package and its version, as in its `modelParts`
 * @returns `build(make, name, args)`, which takes the export that makes the value and its `arguments`
 * @example
 * ```ts
 * const build = builderOf({ package: 'tiny-models', version: '1.0.0' });
 * export function tinyModel(options: TinyModelOptions): TinyModel {
 *   return build(() => new TinyModel(options), 'tinyModel', arguments);
 * }
 * ```
 */
export function builderOf(origin: Pick<Construction, 'package' | 'version'>) {
  const record = recorderOf(origin);
  return <T extends object>(make: () => T, name: string, args: ArrayLike<unknown>): T =>
    record(disposeOnThrow(make), name, args);
}
