import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { DgmError, SerializationError } from '../errors/dgm-error';
import { prepareLoss, type Objective } from '../model/generative-model';
import type { Key } from '../random/key';

/** The losses of some examples, by objective: what a checkpoint knows a model by, besides the shapes of its weights. */
export type Probe = Readonly<Record<string, number>>;

/** Late enough for a schedule of an objective to show. */
const PROBED_STEP = 1000;

/** Losses of different engines and backends differ by rounding; those of different models by much more. */
const TOLERANCE = 1e-3;

/**
 * Computes every objective's loss of a batch, not training: activations, weights of terms and schedules of objectives are
 * functions, which cannot be compared, but they show here.
 * @returns without the losses that cannot be computed of so few examples
 */
export async function probe<B>(objectives: readonly Objective<B>[], batch: B, key: Key): Promise<Probe> {
  const losses: Record<string, number> = {};
  for (const objective of objectives) {
    const total = tf.tidy(() => {
      const own = key.fold(objective.name);
      const options = { training: false, step: tf.scalar(PROBED_STEP) };
      try {
        return objective.loss(batch, own, prepareLoss(objective, batch, own, options)).total;
      } catch (error) {
        if (!DgmError.is(error)) throw error;
        return undefined;
      }
    }) as Scalar | undefined;
    if (total === undefined) continue;
    const [value] = await total.data();
    total.dispose();
    if (Number.isFinite(value)) losses[objective.name] = value!;
  }
  return losses;
}

/** @throws SerializationError if the losses of the model are not those of the one that was stored */
export function checkProbe(stored: Probe, actual: Probe): void {
  for (const [name, value] of Object.entries(stored)) {
    const now = actual[name];
    if (now !== undefined && Math.abs(now - value) <= TOLERANCE * (1 + Math.abs(value))) continue;
    throw new SerializationError({
      where: 'fit',
      argument: `the objective "${name}" of the checkpoint`,
      expected: `to have the loss ${now} with these weights`,
      actual: String(value),
      remedy:
        'build the model with the options that it had: activations, objectives and their weights; or use an empty store',
    });
  }
}
