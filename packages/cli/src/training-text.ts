import type { Candidate, TrainingFacts } from '@dgm/tables';
import { aligned } from './aligned';

/**
 * How good a model is beside the baselines, in nats of a held-out row and of its columns.
 * @param isBound - whether the nats of a row are an upper bound
 */
export function trainingText(
  { nats, standardError, heldOutRows, steps, columns, baselines, candidates }: TrainingFacts,
  isBound: boolean,
): string {
  const { independent, trees } = baselines;
  const line = (name: string, ...values: readonly (number | undefined)[]) => [
    name,
    ...values.map((value) => value?.toFixed(2) ?? '-'),
  ];
  const names = Object.keys(trees.columns);
  return [
    ...(candidates ? [candidatesText(candidates), ''] : []),
    aligned([
      ['nats', 'model', 'trees', 'independent'],
      ...names.map((name) => line(name, columns[name], trees.columns[name], independent.columns[name])),
      line('a row', nats, trees.nats, independent.nats),
    ]),
    `The model: ${isBound ? 'at most ' : ''}${nats.toFixed(2)} ± ${standardError.toFixed(2)} nats a row, of ${heldOutRows} rows that were held out.`,
    'Trees predict each column from those before it; independent columns are histograms.',
    ...(nats < trees.nats || steps === 0
      ? []
      : ['The trees fit at least as well: train longer, on more rows, or take them with --model trees.']),
  ].join('\n');
}

/** The models that the best was chosen from. */
function candidatesText(candidates: readonly Candidate[]): string {
  const rows = candidates.map(({ model, kind, nats, standardError }, at) => [
    model,
    `${kind === 'bound' ? 'at most ' : ''}${nats.toFixed(2)} ± ${standardError.toFixed(2)}`,
    at === 0 ? 'chosen' : '',
  ]);
  return `Nats of a validation row:\n${aligned(rows)}`;
}
