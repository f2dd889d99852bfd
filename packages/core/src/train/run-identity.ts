import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { bytesOf, crc32 } from '../checkpoint/crc32';
import { DgmError, SerializationError } from '../errors/dgm-error';
import { type Objective, prepareLoss } from '../model/generative-model';
import type { Key } from '../random/key';
import { type Examples, type ExampleSource, isSource } from './examples';
import type { CommonFitOptions, TrainingData } from './fit-options';
import type { OptimizerFactory } from './optimizer';

/** What must be unchanged when training resumes: each entry is compared as JSON. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** A learning rate is compared at these steps: a schedule is a function, which cannot be compared itself. */
const COMPARED_STEPS = [0, 1, 10, 100, 1000, 10_000, 100_000];

/** Describes a run by everything that determines its numbers, except functions such as `batch` and `validate`. */
export function describeRun<B>(
  { key, batchSize, dropLast = false, clipNorm, ema }: CommonFitOptions<B>,
  { train, validation }: TrainingData,
  players: readonly { readonly objective: Objective<B>; readonly factory: OptimizerFactory }[],
): RunDescription {
  const optimizers = players.map(({ objective, factory }) => {
    const learningRates = COMPARED_STEPS.map((step) => factory.learningRate(step));
    return [objective.name, { name: factory.name, ...factory.hyperparameters, learningRates }] as const;
  });
  return {
    key,
    batchSize,
    dropLast,
    clipNorm: clipNorm ?? null,
    ema: ema ?? null,
    optimizer: Object.fromEntries(optimizers),
    objectives: players.map(({ objective: { name, every = 1, lazyEvery = 1 } }) => ({
      name,
      every,
      lazyEvery,
    })),
    train: isSource(train) ? describeSource(train) : fingerprint(train),
    validation: validation === undefined ? null : fingerprint(validation),
  };
}

/** A short identity of examples, to tell data sets apart. */
function fingerprint({ count, shape, values, labels, weights }: Examples): unknown {
  return {
    count,
    shape,
    values: crc32(bytesOf(values)),
    ...(labels && { labels: crc32(bytesOf(labels)) }),
    ...(weights && { weights: crc32(bytesOf(weights)) }),
  };
}

function describeSource({ id, shape, count }: ExampleSource): unknown {
  checkThat('fit', 'train.id', typeof id === 'string' && id !== '', {
    expected: 'to name the data, so that a checkpoint is not resumed with others',
    actual: JSON.stringify(id),
  });
  return { id, shape, ...(count !== undefined && { count }) };
}

/**
 * The losses of some examples, by objective. Together with the shapes of the weights, they identify a model in a
 * checkpoint.
 */
export type Probe = Readonly<Record<string, number>>;

/** Late enough for a schedule of an objective to show. */
const PROBED_STEP = 1000;

/** Losses of different engines and backends differ by rounding; those of different models by much more. */
const TOLERANCE = 1e-3;

/**
 * Computes every objective's loss of a batch outside training. Activations, weights of terms and schedules of
 * objectives are functions, which cannot be compared, but they change these losses.
 * @returns without the losses that need more examples
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
