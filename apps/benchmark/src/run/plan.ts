import { ArgumentError } from '@dgm/core';
import * as v from 'valibot';
import type { RunArguments } from './arguments';
import { formatShard, type Shard } from '../command-line/shard';

/** Everything about a run that its numbers depend on, with nothing left open. */
export interface RunPlan {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly dataFolder?: string;
  /** Whether the first row of a CSV file names the columns. */
  readonly header?: boolean;
  readonly engine: string;
  readonly device: string;
  /** The most epochs. @defaultValue what the model's authors chose */
  readonly epochs?: number;
  /** The most seconds of training per model. @defaultValue no limit */
  readonly maxSeconds?: number;
  readonly seed: number;
  readonly quick: boolean;
  /** What families estimate likelihoods with besides. @defaultValue their own number */
  readonly importanceSamples?: number;
  /** Which part of the models. @defaultValue all of them */
  readonly shard?: Shard;
}

/** What `plan.json` holds: enough to go on, and to know that it is the same data. */
export interface SavedPlan {
  readonly plan: RunPlan;
  readonly sha256: string;
}

export const PLAN_FILE = 'plan.json';

const integer = v.pipe(v.number(), v.safeInteger());
const positiveInteger = v.pipe(integer, v.minValue(1));

/** `plan.json`. */
export const savedPlanSchema: v.GenericSchema<unknown, SavedPlan> = v.object({
  plan: v.object({
    models: v.array(v.string()),
    dataset: v.string(),
    dataFolder: v.exactOptional(v.string()),
    header: v.exactOptional(v.boolean()),
    engine: v.string(),
    device: v.string(),
    epochs: v.exactOptional(positiveInteger),
    maxSeconds: v.exactOptional(v.number()),
    seed: integer,
    quick: v.boolean(),
    importanceSamples: v.exactOptional(positiveInteger),
    shard: v.exactOptional(v.object({ index: positiveInteger, count: positiveInteger })),
  }),
  sha256: v.string(),
});

/** How long a model is trained when the command does not say: a look at everything takes a coffee, not an evening. */
const SECONDS_PER_MODEL = 15;
/** And how closely its likelihood is then looked at. */
const FEW_IMPORTANCE_SAMPLES = 50;
export const QUICK_EPOCHS = 2;

/** What the command line means. */
export function makePlan(given: RunArguments): RunPlan {
  const quick = given.quick ?? false;
  const epochs = given.epochs ?? (quick ? QUICK_EPOCHS : undefined);
  const isLook = epochs === undefined && given.maxSeconds === undefined;
  const maxSeconds = given.maxSeconds ?? (isLook ? SECONDS_PER_MODEL : undefined);
  const importanceSamples = given.importanceSamples ?? (isLook ? FEW_IMPORTANCE_SAMPLES : undefined);
  return {
    models: given.models ?? ['flagships'],
    dataset: given.dataset ?? 'glyphs',
    ...(given.dataFolder === undefined ? {} : { dataFolder: given.dataFolder }),
    ...(given.header === undefined ? {} : { header: given.header }),
    engine: given.engine ?? 'auto',
    device: given.device ?? 'auto',
    ...(epochs === undefined ? {} : { epochs }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    seed: given.seed ?? 0,
    quick,
    ...(importanceSamples === undefined ? {} : { importanceSamples }),
    ...(given.shard === undefined ? {} : { shard: given.shard }),
  };
}

/**
 * The plan of an interrupted run, once the command line has been checked not to ask for another one.
 * @throws ArgumentError naming the option that differs
 */
export function resumePlan(saved: RunPlan, given: RunArguments): RunPlan {
  for (const name of Object.keys(optionNames) as (keyof typeof optionNames)[]) {
    const wanted = given[name];
    if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(saved[name])) continue;
    throw new ArgumentError({
      where: 'dgm-bench run --resume',
      argument: optionNames[name],
      expected: `to be ${textOf(saved[name])}, as in the run to go on with`,
      actual: textOf(wanted),
      remedy: 'leave the option out, or start another run without --resume or in another --out',
    });
  }
  // Where the data lie may have changed; what they are is checked by their hash.
  return given.dataFolder === undefined ? saved : { ...saved, dataFolder: given.dataFolder };
}

const optionNames = {
  models: '--models',
  dataset: '--dataset',
  header: '--header',
  engine: '--engine',
  device: '--device',
  epochs: '--epochs',
  maxSeconds: '--max-seconds',
  seed: '--seed',
  quick: '--quick',
  importanceSamples: '--importance-samples',
  shard: '--shard',
} as const;

function textOf(value: RunPlan[keyof typeof optionNames]): string {
  if (value === undefined) return 'left out';
  if (typeof value === 'boolean') return yesOrNo(value);
  return typeof value === 'object' && 'index' in value ? formatShard(value) : String(value);
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

/** The command that repeats the run of one model, with every choice spelled out but the folders. */
export function commandFor(model: string, plan: RunPlan): string {
  const { dataset, dataFolder, header, engine, device, epochs, maxSeconds, seed, quick, importanceSamples } =
    plan;
  return [
    `npm run bench -- --models ${model} --dataset ${dataset}`,
    dataFolder !== undefined && '--data-dir DIR',
    header !== undefined && `--header ${yesOrNo(header)}`,
    engine !== 'auto' && `--engine ${engine}`,
    device !== 'auto' && `--device ${device}`,
    epochs !== undefined && `--epochs ${epochs}`,
    maxSeconds !== undefined && `--max-seconds ${maxSeconds}`,
    `--seed ${seed}`,
    quick && '--quick',
    importanceSamples !== undefined && `--importance-samples ${importanceSamples}`,
  ]
    .filter((part) => part !== false)
    .join(' ');
}
