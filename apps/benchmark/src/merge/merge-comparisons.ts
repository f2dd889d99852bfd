import type { Comparison, ComparisonRow } from '../results/comparison';
import { joined, machinesOf, requireAlike, withoutShard, type Part } from './parts';

/**
 * Several parts of one comparison as one.
 * @throws ArgumentError if they are of different data or options, or have a row in common
 */
export function mergeComparisons(parts: readonly Part<Comparison>[]): Comparison {
  requireAlike(parts, 'the data set', ({ content: { dataset } }) => `${dataset.name} ${dataset.sha256}`);
  requireAlike(parts, 'the command', ({ content }) => withoutShard(content.command));
  const [{ content: first }] = parts as [Part<Comparison>];
  const sizes = joined(
    parts,
    (content) => content.sizes ?? [],
    (row) => `${row.axis} ${row.variables ?? row.width} of ${nameOf(row)}`,
  );
  return {
    schema: 1,
    machine: first.machine,
    ...machinesOf(
      parts,
      ({ machine, machines, rows }) =>
        machines ?? [{ machine, models: [...new Set(rows.map(({ model }) => model))] }],
    ),
    command: withoutShard(first.command),
    dataset: first.dataset,
    rows: joined(parts, ({ rows }) => rows, nameOf),
    measurements: parts.flatMap(({ content }) => content.measurements),
    ...(sizes.length > 0 ? { sizes } : {}),
  };
}

const nameOf = ({ model, engine, device, batch, setting }: ComparisonRow) =>
  `${model}, ${engine} on ${device}, batch ${batch}, ${setting}`;
