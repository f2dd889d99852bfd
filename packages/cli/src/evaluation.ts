import type { Bar, ColumnEvaluation, PairEvaluation, TableEvaluation, TableModel } from '@dgm/tables';
import { aligned } from './aligned';

/** An evaluation as lines of text. */
export function evaluationText(found: TableEvaluation): string {
  const columns = aligned([
    COLUMN_HEADER,
    ...found.columns.map((column) => columnCells(column, found.baselines)),
  ]);
  const warnings = found.warnings.map((warning) => `Warning: ${warning}`);
  const figures = figuresOf(found).map(([value, meaning]) => `${value}  ${meaning}`);
  return `${[...figures, '', columns, ...(warnings.length > 0 ? ['', ...warnings] : [])].join('\n')}\n`;
}

/**
 * A model as one HTML page without scripts or other files: warnings, figures, the columns of real beside drawn rows, and how the
 * columns depend on each other in both.
 * @param title - of the page; the model's file
 */
export function evaluationPage(
  found: TableEvaluation,
  { training }: Pick<TableModel, 'training'>,
  title: string,
): string {
  const warnings = found.warnings.map((warning) => `<li>${escaped(warning)}</li>`).join('');
  const figures = figuresOf(found)
    .map(([value, meaning]) => htmlRow([value, meaning]))
    .join('\n');
  const trained = training
    ? `<p>Trained on ${training.rows} rows in ${training.steps} steps, with seed ${training.seed}.</p>`
    : '';
  const columns = found.columns.map((column) => htmlRow(columnCells(column, found.baselines))).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${trained}
<section class="warnings"><h2>Warnings</h2>${warnings === '' ? '<p>None.</p>' : `<ul>${warnings}</ul>`}</section>
<h2>Figures</h2>
<table class="figures">
${figures}
</table>
<h2>Columns</h2>
<div class="wide"><table>
<tr>${COLUMN_HEADER.map((name) => `<th>${name}</th>`).join('')}</tr>
${columns}
</table></div>
<p><span class="key real"></span> ${found.rows} held-out rows <span class="key drawn"></span> ${found.draws} drawn rows</p>
<div class="columns">
${found.columns.map(columnFigure).join('\n')}
</div>
${found.pairs.length > 0 ? pairsSection(found) : ''}
</body>
</html>
`;
}

const htmlRow = (cells: readonly string[]) =>
  `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

/** The pairs as one square: held-out rows below the diagonal, drawn rows above it. */
function pairsSection({ columns, pairs }: TableEvaluation): string {
  const size = Math.max(4, Math.min(40, Math.floor(640 / columns.length)));
  const [left, top, side] = [110, 110, size * columns.length];
  const place = new Map(columns.map(({ name }, at) => [name, at]));
  const square = (row: number, column: number, value: number, what: string) => {
    const at = `x="${left + column * size}" y="${top + row * size}" width="${size}" height="${size}"`;
    return `<rect class="pair" ${at} fill-opacity="${value.toFixed(3)}"><title>${what}</title></rect>`;
  };
  const squares = pairs
    .map(({ columns: [a, b], real, synthetic }) => {
      const [i, j] = [place.get(a)!, place.get(b)!];
      const what = escaped(`${a} and ${b}: ${real.toFixed(2)} real, ${synthetic.toFixed(2)} drawn`);
      return square(j, i, real, what) + square(i, j, synthetic, what);
    })
    .join('');
  const names = columns
    .map(({ name }, at) => {
      const [middle, text] = [(at + 0.5) * size, escaped(name.length > 14 ? `${name.slice(0, 13)}…` : name)];
      return `<text x="${left - 6}" y="${top + middle + 4}" text-anchor="end">${text}</text>
<text transform="translate(${left + middle + 4} ${top - 6}) rotate(-90)">${text}</text>`;
    })
    .join('');
  const apart = ({ real, synthetic }: PairEvaluation) => Math.abs(real - synthetic);
  const worst = [...pairs].sort((a, b) => apart(b) - apart(a)).slice(0, 5);
  return `<h2>Pairs of columns</h2>
<p>How strongly two columns depend on each other (Cramér's V), from 0 in white to 1: below the diagonal in held-out rows, above it in drawn
ones. The square is symmetric if both are alike.</p>
<svg class="pairs" viewBox="0 0 ${left + side + 1} ${top + side + 1}" style="max-width: ${left + side + 1}px" role="img" aria-label="Dependence of each two columns in real and drawn rows">
${size >= 11 ? names : ''}${squares}<path class="edge" d="M${left} ${top}h${side}v${side}h${-side}zl${side} ${side}"/></svg>
<table>
<tr><th>most apart</th><th>held-out rows</th><th>drawn rows</th></tr>
${worst.map(({ columns: names, real, synthetic }) => htmlRow([names.join(' and '), real.toFixed(2), synthetic.toFixed(2)])).join('\n')}
</table>`;
}

function figuresOf({
  nats,
  standardError,
  baselines,
  twoSampleAuroc,
  privacy,
}: TableEvaluation): [string, string][] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const figures: [string, string][] = [
    [`${nats.toFixed(2)} ± ${standardError.toFixed(2)}`, 'nats a held-out row'],
    ...(baselines
      ? ([
          [baselines.trees.nats.toFixed(2), 'by trees that predict each column from those before it'],
          [baselines.independent.nats.toFixed(2), 'by histograms of independent columns'],
        ] satisfies [string, string][])
      : []),
    [
      twoSampleAuroc.toFixed(3),
      'AUROC of boosted trees, drawn against real rows (0.5: not told apart, 1: always)',
    ],
  ];
  if (!privacy) return figures;
  const { copies, heldOutCopies, nearer } = privacy;
  return [
    ...figures,
    [
      percent(copies),
      `of drawn rows are copies of training rows; ${percent(heldOutCopies)} of held-out rows are`,
    ],
    [
      percent(nearer),
      'of drawn rows are nearer to training rows than to as many held-out rows (50 % is fair)',
    ],
  ];
}

const COLUMN_HEADER = [
  'column',
  'nats',
  'trees',
  'histogram',
  'similarity',
  'predicted after training on drawn rows',
  'on real rows',
];

const columnCells = (
  { name, nats, similarity, usefulness }: ColumnEvaluation,
  baselines: TableEvaluation['baselines'],
) => [
  name,
  nats?.toFixed(2) ?? '-',
  baselines ? baselines.trees.columns[name]!.toFixed(2) : '',
  baselines ? baselines.independent.columns[name]!.toFixed(2) : '',
  similarity.toFixed(3),
  usefulness ? `AUROC ${usefulness.synthetic.toFixed(3)}` : '',
  usefulness ? usefulness.real.toFixed(3) : '',
];

const [WIDTH, HEIGHT] = [360, 120];

function columnFigure({ name, similarity, bars }: ColumnEvaluation): string {
  const top = Math.max(...bars.flatMap(({ real, synthetic }) => [real, synthetic]));
  const step = WIDTH / bars.length;
  const rect = (bar: Bar, at: number, kind: 'real' | 'synthetic') => {
    const height = (HEIGHT * bar[kind]) / top;
    const left = step * (at + (kind === 'real' ? 0.08 : 0.5));
    const place = `x="${left.toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}"`;
    const size = `width="${(0.42 * step).toFixed(1)}" height="${height.toFixed(1)}"`;
    return `<rect class="${kind === 'real' ? 'real' : 'drawn'}" ${place} ${size}/>`;
  };
  const drawing = bars
    .map((bar, at) => {
      const shares = `${escaped(bar.label)}: ${(100 * bar.real).toFixed(1)} % real, ${(100 * bar.synthetic).toFixed(1)} % drawn`;
      return `<g><title>${shares}</title>${rect(bar, at, 'real')}${rect(bar, at, 'synthetic')}</g>`;
    })
    .join('');
  const labels = bars.length <= 8 ? bars.map(({ label }) => label) : [bars[0]!.label, bars.at(-1)!.label];
  return `<figure>
<figcaption><b>${escaped(name)}</b>, similarity ${similarity.toFixed(3)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Shares of real and drawn rows by ${escaped(name)}">${drawing}</svg>
<div class="${bars.length <= 8 ? 'labels' : 'labels ends'}">${labels.map((label) => `<span>${escaped(label)}</span>`).join('')}</div>
</figure>`;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.warnings { border-left: 4px solid #b45309; padding: .1rem 1rem; background: #fff7ed; }
.warnings h2 { margin-top: .5rem; }
td, th { padding: .15rem 1rem .15rem 0; vertical-align: top; text-align: right; font-variant-numeric: tabular-nums; }
th { font-weight: normal; color: #57606a; vertical-align: bottom; }
td:first-child, th:first-child { text-align: left; font-weight: 600; white-space: nowrap; }
.figures td { text-align: left; }
.figures td:first-child { text-align: right; }
.wide { overflow-x: auto; }
.pairs { border: 0; font-size: 12px; margin: .5rem 0 1rem; }
.pair { fill: #2f81f7; }
.edge { fill: none; stroke: #8c959f; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1.5rem; }
figure { margin: 0; }
svg { width: 100%; border-bottom: 1px solid #8c959f; }
.labels { display: flex; justify-content: space-around; gap: .5rem; font-size: .8rem; color: #57606a; overflow-wrap: anywhere; }
.ends { justify-content: space-between; }
.key { display: inline-block; width: .8em; height: .8em; margin-left: 1em; }
.real { fill: #57606a; background: #57606a; }
.drawn { fill: #2f81f7; background: #2f81f7; }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
