import { meanRatio } from '../report/comparison-text';
import type { Comparison } from '../results/comparison';
import { qualitySentence } from '../report/quality-table';

/**
 * What the README of the repository says of a committed comparison.
 * @param quality - another one, over several seeds
 */
export function againstPyTorch({ dataset, machine, rows }: Comparison, quality?: Comparison): string {
  const compared = rows
    .filter(({ engine, setting, ratio }) => engine === 'compiled' && setting === 'fastest' && ratio !== null)
    .sort((a, b) => a.ratio! - b.ratio!);
  const [slowest, fastest] = [compared[0]!, compared.at(-1)!];
  const times = (ratio: number) => `${ratio.toFixed(2)} times`;
  const named = (row: typeof slowest) => `${times(row.ratio!)} for \`${row.model}\``;
  return [
    `A training step on ${dataset.name}, both sides with the threads that are fastest for them: the compiled engine is`,
    `${times(meanRatio(compared)!)} as fast as PyTorch ${machine.pytorch} in the geometric mean of`,
    `${compared.length} models, from ${named(slowest)} to ${named(fastest)}. Every row and the command are in`,
    '[the comparison](apps/benchmark/results/compare.json).',
    ...(quality === undefined
      ? []
      : [
          '',
          `${qualitySentence(quality)} [Model by model](apps/benchmark/README.md#quality-against-pytorch).`,
        ]),
  ].join('\n');
}
