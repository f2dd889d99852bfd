import type { Sweep } from '../results/sweep';
import { joined, machinesOf, requireAlike, withoutShard, type Part } from './parts';

/**
 * Several parts of one sweep as one, before settings are chosen.
 * @throws ArgumentError if they are of different data or options, or have a trial in common
 */
export function mergeSweeps(parts: readonly Part<Sweep>[]): Sweep {
  requireAlike(parts, 'the data set', ({ content: { dataset } }) => `${dataset.name} ${dataset.sha256}`);
  requireAlike(parts, 'the command', ({ content }) => withoutShard(content.command));
  const [{ content: first }] = parts as [Part<Sweep>];
  const trials = joined(
    parts,
    (content) => content.trials,
    ({ number }) => `trial ${number}`,
  );
  return {
    schema: 1,
    machine: first.machine,
    ...machinesOf(
      parts,
      ({ machine, machines, trials: own }) =>
        machines ?? [{ machine, models: [...new Set(own.map(({ model }) => model))] }],
    ),
    command: withoutShard(first.command),
    dataset: first.dataset,
    trialCount: first.trialCount,
    trials: [...trials].sort((a, b) => a.number - b.number),
  };
}
