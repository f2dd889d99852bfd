import type { Settings, Sweep, Trial } from '../results/sweep';
import { mean, standardError } from './statistics';

/** The trials of one model with the same settings. */
export interface RankedSettings {
  readonly model: string;
  readonly settings: Settings;
  /** One for each seed. */
  readonly trials: readonly Trial[];
  /** The mean over the seeds on the validation rows; null where a training failed. */
  readonly validation: number | null;
  /** Of the mean; null for one seed. */
  readonly standardError: number | null;
}

/** The settings of each model, the best on the validation rows first, those that failed last. */
export function rankSettings({
  trials,
}: Pick<Sweep, 'trials'>): ReadonlyMap<string, readonly RankedSettings[]> {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const name = JSON.stringify([trial.model, trial.settings]);
    groups.set(name, [...(groups.get(name) ?? []), trial]);
  }
  const ranked = [...groups.values()]
    .map(rankedSettings)
    .sort((a, b) => (a.validation ?? Infinity) - (b.validation ?? Infinity) || 0);
  const models = [...new Set(trials.map(({ model }) => model))];
  return new Map(models.map((name) => [name, ranked.filter(({ model }) => model === name)]));
}

function rankedSettings(trials: readonly Trial[]): RankedSettings {
  const { model, settings } = trials[0]!;
  const losses = trials.flatMap(({ result }) => result?.validation ?? []);
  const isComplete = losses.length === trials.length;
  return {
    model,
    settings,
    trials,
    validation: isComplete ? mean(losses) : null,
    standardError: isComplete ? standardError(losses) : null,
  };
}
