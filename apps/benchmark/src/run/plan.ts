import { ArgumentError } from '@dgm/core';
import type { RunArguments } from '../arguments';

/** Everything about a run that its numbers depend on, with nothing left open. */
export interface RunPlan {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly dataFolder?: string;
  readonly engine: string;
  readonly device: string;
  /** The most epochs; what the model's authors chose unless given. */
  readonly epochs?: number;
  /** The most seconds of training per model; no limit unless given. */
  readonly maxSeconds?: number;
  readonly seed: number;
  readonly quick: boolean;
}

/** How long a model is trained when the command does not say: a look at everything takes a coffee, not an evening. */
const SECONDS_PER_MODEL = 20;
const QUICK_EPOCHS = 2;

/** What the command line means. */
export function makePlan(given: RunArguments): RunPlan {
  const quick = given.quick ?? false;
  const epochs = given.epochs ?? (quick ? QUICK_EPOCHS : undefined);
  const maxSeconds = given.maxSeconds ?? (epochs === undefined ? SECONDS_PER_MODEL : undefined);
  return {
    models: given.models ?? ['all'],
    dataset: given.dataset ?? 'glyphs',
    ...(given.dataFolder === undefined ? {} : { dataFolder: given.dataFolder }),
    engine: given.engine ?? 'eager',
    device: given.device ?? 'auto',
    ...(epochs === undefined ? {} : { epochs }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    seed: given.seed ?? 0,
    quick,
  };
}

/**
 * The plan of an interrupted run, once the command line has been checked not to ask for another one.
 * @throws ArgumentError naming the option that differs
 */
export function resumePlan(saved: RunPlan, given: RunArguments): RunPlan {
  for (const name of Object.keys(optionNames) as (keyof typeof optionNames)[]) {
    const wanted = given[name];
    if (wanted === undefined || String(wanted) === String(saved[name])) continue;
    throw new ArgumentError({
      where: 'dgm-bench run --resume',
      argument: optionNames[name],
      expected: `to be ${String(saved[name] ?? 'left out')}, as in the run to go on with`,
      actual: String(wanted),
      remedy: 'leave the option out, or start another run without --resume or in another --out',
    });
  }
  // Where the data lie may have changed; what they are is checked by their hash.
  return given.dataFolder === undefined ? saved : { ...saved, dataFolder: given.dataFolder };
}

const optionNames = {
  models: '--models',
  dataset: '--dataset',
  engine: '--engine',
  device: '--device',
  epochs: '--epochs',
  maxSeconds: '--max-seconds',
  seed: '--seed',
  quick: '--quick',
} as const;

/** The command that repeats the run of one model, with every choice spelled out but the folders. */
export function commandFor(model: string, plan: RunPlan): string {
  const { dataset, dataFolder, engine, device, epochs, maxSeconds, seed, quick } = plan;
  return [
    `npm run bench -- --models ${model} --dataset ${dataset}`,
    dataFolder !== undefined && '--data-dir DIR',
    engine !== 'eager' && `--engine ${engine}`,
    device !== 'auto' && `--device ${device}`,
    epochs !== undefined && `--epochs ${epochs}`,
    maxSeconds !== undefined && `--max-seconds ${maxSeconds}`,
    // A value that starts with a dash would be read as an option.
    seed < 0 ? `--seed=${seed}` : `--seed ${seed}`,
    quick && '--quick',
  ]
    .filter((part) => part !== false)
    .join(' ');
}
