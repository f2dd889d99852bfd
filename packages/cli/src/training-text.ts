import type { TrainingFacts } from '@dgm/tables';
import { aligned } from './aligned';

/** How good a model is beside the baselines, in nats of a held-out row and of its columns. */
export function trainingText({
  nats,
  standardError,
  heldOutRows,
  columns,
  baselines,
}: TrainingFacts): string {
  const { independent, trees } = baselines;
  const line = (name: string, ...values: readonly number[]) => [
    name,
    ...values.map((value) => value.toFixed(2)),
  ];
  const names = Object.keys(columns);
  return [
    aligned([
      ['nats', 'model', 'trees', 'independent'],
      ...names.map((name) => line(name, columns[name]!, trees.columns[name]!, independent.columns[name]!)),
      line('a row', nats, trees.nats, independent.nats),
    ]),
    `The model: ${nats.toFixed(2)} ± ${standardError.toFixed(2)} nats a row, of ${heldOutRows} rows that were held out.`,
    'Trees predict each column from those before it; independent columns are histograms.',
    ...(nats < trees.nats ? [] : ['The trees fit at least as well: train longer, or on more rows.']),
  ].join('\n');
}
