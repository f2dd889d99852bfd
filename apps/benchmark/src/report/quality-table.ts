import { qualityRows, tally, type QualityRow } from '../statistics/quality-rows';
import type { Comparison } from '../results/comparison';
import { median } from '../statistics/statistics';
import { decimal, meanWithDeviation, NOTHING } from '../report/format';

/** What the benchmark's README says of a committed comparison over several seeds. */
export function qualityTable(comparison: Comparison): string {
  const { dataset, machine } = comparison;
  const rows = qualityRows(comparison);
  const table = [
    ['model', 'epochs', 'ours, test nats', 'PyTorch', 'difference', ''],
    ['---', '--:', '--:', '--:', '--:', '---'],
    ...rows.map((row) => [
      `\`${row.model}\``,
      epochsOf(row),
      meanWithDeviation(row.oursTestNats, row.oursTestNatsSd),
      meanWithDeviation(row.peerTestNats, row.peerTestNatsSd),
      differenceText(row),
      row.verdict ?? NOTHING,
    ]),
  ];
  return [
    '### Quality against PyTorch',
    '',
    `${dataset.name}, ${dataset.train} training and ${dataset.test} test examples, PyTorch ${machine.pytorch}. Epochs and nats are means over the seeds, ±`,
    "their standard deviation; the difference is ours minus PyTorch's, ± its 95 % interval (Welch). “equal” means that the seeds do",
    'not tell the two apart, not that they are the same; of two that are the same, one pair in twenty is not “equal” by',
    `chance. ${summary(rows)} The command is in [the results](results/quality.json).`,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

/** The table in one sentence. */
export function qualitySentence(comparison: Comparison): string {
  return summary(qualityRows(comparison));
}

/** `−0.12 ± 0.31`, how far ours is from PyTorch, and how sure that is. */
export function differenceText({ difference }: Pick<QualityRow, 'difference'>): string {
  if (difference === null) return NOTHING;
  return `${decimal(difference.nats, 2)} ± ${decimal(difference.halfWidth, 2)}`;
}

function summary(rows: readonly QualityRow[]): string {
  const { better, equal, worse } = tally(rows);
  const seeds = Math.max(...rows.map((row) => row.seeds));
  const halfWidth = median(rows.flatMap(({ difference }) => difference?.halfWidth ?? []));
  return [
    `Over ${seeds} seeds the likelihoods of ${equal} of ${better + equal + worse} models cannot be told apart from PyTorch's (better: ${better},`,
    `worse: ${worse}); half of the 95 % intervals are narrower than ± ${decimal(halfWidth, 2)} nats.`,
  ].join(' ');
}

/** `40`, or `40 / 42` where PyTorch stopped at another time. */
function epochsOf({ oursEpochs, peerEpochs }: QualityRow): string {
  const texts = [oursEpochs, peerEpochs].map((epochs) => decimal(epochs));
  return [...new Set(texts)].join(' / ');
}
