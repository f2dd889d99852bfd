import type { Results } from '../results/schema';
import { joined, machinesOf, requireAlike, type Part } from './parts';

/**
 * The results of several parts of one run as one.
 * @throws ArgumentError if they are of different data, measure in features of different weights, or have a model in common
 */
export function mergeResults(parts: readonly Part<Results>[]): Results {
  requireAlike(parts, 'the data set', ({ content: { dataset } }) => `${dataset.name} ${dataset.sha256}`);
  const measured = parts.filter((part) => featuresOf(part) !== '');
  requireAlike(measured, 'the weights of the features', featuresOf);
  const [{ content: first }] = parts as [Part<Results>];
  const runs = joined(
    parts,
    (content) => content.runs,
    ({ model }) => model,
  );
  // What failed in one part may have been made up for in another.
  const failures = parts
    .flatMap(({ content }) => content.failures ?? [])
    .filter(({ model }) => runs.every((run) => run.model !== model));
  const models = new Map(failures.map((failure) => [failure.model, failure]));
  return {
    schema: 1,
    machine: first.machine,
    ...machinesOf(
      parts,
      ({ machine, machines, runs: own }) => machines ?? [{ machine, models: own.map(({ model }) => model) }],
    ),
    dataset: first.dataset,
    runs,
    ...(models.size > 0 ? { failures: [...models.values()] } : {}),
  };
}

/** What the runs of a part measure in, besides the data themselves. */
function featuresOf({ content: { runs } }: Part<Results>): string {
  const all = runs.flatMap(({ extra: { features } }) =>
    features ? `${features.name} ${features.sha256}` : [],
  );
  return [...new Set(all)].sort().join(', ');
}
