import { bytesOf, crc32 } from '../checkpoint/crc32';
import { ArgumentError } from '../errors/dgm-error';
import type { Objective } from '../model/generative-model';
import { isSource, type ExampleSource, type Examples } from './examples';
import type { CommonFitOptions, TrainingData } from './fit-options';
import type { OptimizerFactory } from './optimizer';

/** What must be the same when training goes on: each entry is compared as JSON. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** A learning rate is compared at these steps: a schedule is a function, which cannot be compared itself. */
const COMPARED_STEPS = [0, 1, 10, 100, 1000, 10_000, 100_000];

/** Describes a run by all that decides its numbers, except functions such as `batch` and `validate`. */
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
  if (typeof id === 'string' && id !== '') return { id, shape, ...(count !== undefined && { count }) };
  throw new ArgumentError({
    where: 'fit',
    argument: 'train.id',
    expected: 'to name the data, so that a checkpoint is not resumed with others',
    actual: JSON.stringify(id),
  });
}
