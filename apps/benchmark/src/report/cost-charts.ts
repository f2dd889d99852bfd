import type { SizeRow } from '../results/comparison';
import { engineOf } from './comparison-text';
import type { Markup } from './html';
import { logChart } from './log-chart';

const axes = {
  batch: { name: 'batch size' },
  width: { name: 'units of a hidden layer' },
  variables: { name: 'variables of an example' },
} as const;

/** How the time of a training step grows with each size: our fastest engine and its fastest peer, each at its best. */
export function costCharts(sizes: readonly SizeRow[]): readonly (Markup | undefined)[] {
  return (Object.keys(axes) as (keyof typeof axes)[]).map((axis) => {
    const rows = fastest(sizes.filter((row) => row.axis === axis));
    const pointsOf = (ms: 'oursMs' | 'peerMs') =>
      rows.flatMap((row) => (row[ms] === null ? [] : [[sizeOf(row)!, row[ms]] as const]));
    const [ours, peer] = [pointsOf('oursMs'), pointsOf('peerMs')];
    if (ours.length < 2) return undefined;
    return logChart({
      name: `time of a step over ${axes[axis].name}`,
      x: axes[axis],
      y: { name: 'a step', unit: 'ms', isLogarithmic: true },
      series: [
        { name: `ours (${namesOf(rows, engineOf)})`, kind: 'train', points: ours },
        ...(peer.length === 0
          ? []
          : [
              {
                name: `peer (${namesOf(rows, (row) => row.peer)})`,
                kind: 'validation' as const,
                points: peer,
              },
            ]),
      ],
      marks: 'lines',
    });
  });
}

/** What changes along the curve of a row. */
export const sizeOf = ({ axis, ...row }: SizeRow): number | null => row[axis] ?? null;

/** Of each size the row in which ours is fastest. */
function fastest(rows: readonly SizeRow[]): readonly SizeRow[] {
  const sizes = [...new Set(rows.map(sizeOf))];
  return sizes
    .flatMap((size) => {
      const those = rows.filter((row) => sizeOf(row) === size && row.oursMs !== null);
      return those.sort((a, b) => a.oursMs! - b.oursMs!).slice(0, 1);
    })
    .sort((a, b) => sizeOf(a)! - sizeOf(b)!);
}

function namesOf(rows: readonly SizeRow[], name: (row: SizeRow) => string | null): string {
  return [...new Set(rows.flatMap((row) => name(row) ?? []))].join(', ');
}
