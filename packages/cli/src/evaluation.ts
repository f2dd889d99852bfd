import type { Bar, ColumnEvaluation, TableEvaluation } from '@dgm/tables';
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
 * An evaluation as one HTML page without scripts or other files: warnings, figures, and the columns of real beside drawn rows.
 * @param title - of the page; the model's file
 */
export function evaluationPage(found: TableEvaluation, title: string): string {
  const warnings = found.warnings.map((warning) => `<li>${escaped(warning)}</li>`).join('');
  const figures = figuresOf(found)
    .map(
      ([value, meaning]) => `<tr><td class="value">${escaped(value)}</td><td>${escaped(meaning)}</td></tr>`,
    )
    .join('\n');
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
<section class="warnings"><h2>Warnings</h2>${warnings === '' ? '<p>None.</p>' : `<ul>${warnings}</ul>`}</section>
<h2>Figures</h2>
<table>
${figures}
</table>
<h2>Columns</h2>
<p><span class="key real"></span> ${found.rows} held-out rows <span class="key drawn"></span> ${found.draws} drawn rows</p>
<div class="columns">
${found.columns.map(columnFigure).join('\n')}
</div>
</body>
</html>
`;
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
  nats.toFixed(2),
  baselines ? baselines.trees.columns[name]!.toFixed(2) : '',
  baselines ? baselines.independent.columns[name]!.toFixed(2) : '',
  similarity.toFixed(3),
  usefulness ? `AUROC ${usefulness.synthetic.toFixed(3)}` : '',
  usefulness ? usefulness.real.toFixed(3) : '',
];

const [WIDTH, HEIGHT] = [360, 120];

function columnFigure({ name, similarity, bars, usefulness }: ColumnEvaluation): string {
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
  const use = usefulness
    ? `; predicted with an AUROC of ${usefulness.synthetic.toFixed(3)} after training on drawn rows, ${usefulness.real.toFixed(3)} on real ones`
    : '';
  return `<figure>
<figcaption><b>${escaped(name)}</b>, similarity ${similarity.toFixed(3)}${use}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Shares of real and drawn rows by ${escaped(name)}">${drawing}</svg>
<div class="${bars.length <= 8 ? 'labels' : 'labels ends'}">${labels.map((label) => `<span>${escaped(label)}</span>`).join('')}</div>
</figure>`;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.warnings { border-left: 4px solid #b45309; padding: .1rem 1rem; background: #fff7ed; }
.warnings h2 { margin-top: .5rem; }
td { padding: .15rem 1rem .15rem 0; vertical-align: top; }
.value { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1.5rem; }
figure { margin: 0; }
figcaption { min-height: 4.5em; }
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
