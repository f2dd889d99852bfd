import { bytesOf, crc32 } from '../checkpoint/crc32';
import type { Objective } from '../model/generative-model';
import type { Examples } from './examples';
import type { CommonFitOptions, TrainingData } from './fit-options';
import type { OptimizerFactory } from './optimizer';

/** What must be the same when training goes on: each entry is compared as JSON. */
export type RunDescription = Readonly<Record<string, unknown>>;

/** Describes a run by all that decides its numbers, but for what cannot be compared: schedules and other functions. */
export function describeRun<B>(
  { key, batchSize, clipNorm, ema }: CommonFitOptions<B>,
  { train, validation }: TrainingData,
  players: readonly { readonly objective: Objective<B>; readonly factory: OptimizerFactory }[],
): RunDescription {
  const optimizers = players.map(({ objective, factory }) => {
    return [objective.name, { name: factory.name, ...factory.hyperparameters }] as const;
  });
  return {
    key,
    batchSize,
    clipNorm: clipNorm ?? null,
    ema: ema ?? null,
    optimizer: Object.fromEntries(optimizers),
    objectives: players.map(({ objective: { name, every = 1, lazyEvery = 1 } }) => ({
      name,
      every,
      lazyEvery,
    })),
    train: fingerprint(train),
    validation: validation === undefined ? null : fingerprint(validation),
  };
}

/** A short identity of examples, to tell data sets apart. */
function fingerprint({ count, shape, values }: Examples): unknown {
  return { count, shape, crc32: crc32(bytesOf(values)) };
}
