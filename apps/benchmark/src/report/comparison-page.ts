import type { Comparison, ComparisonMachine, SizeRow } from '../results/comparison';
import { qualityRows } from '../statistics/quality-rows';
import { engineOf, meanRatios, peersOf } from './comparison-text';
import { decimal } from './format';
import { qualitySentence } from './quality-table';
import { measurementsTable, rowsTable } from './comparison-tables';
import { costCharts, sizeOf } from './cost-charts';
import { differenceChart } from './difference-chart';
import { renderDocument } from './document';
import { html, type Markup } from './html';
import { describeDataset, describeMachine } from './page';
import { lineChart } from './line-chart';
import { ratioChart } from './ratio-chart';
import { threadCurves } from './thread-curves';

const TIMES =
  'Medians over short windows that alternate between the programs. “one”: both sides have one thread; “best”: each has ' +
  "the number of threads that is fastest for it. Roofline: the multiply-adds of a step's matrix products and " +
  'convolutions per second, as a part of what large products reach in the same run.';

/** The report of a comparison as one HTML file that asks for nothing else. */
export function renderComparison(comparison: Comparison): string {
  const { dataset, machine, rows, measurements, sizes = [], command } = comparison;
  const labelled = rows.map((row) => ({ ...row, label: `${row.model}, ${decimal(row.batch)}` }));
  return renderDocument({
    heading: `Against ${peersOf(rows)}`,
    subtitle: html`${dataset.name}: ${describeDataset(dataset)}`,
    main: html`<section>
        ${ratioChart(labelled)} ${rowsTable(labelled)}
        <p class="note">
          ${rows.some(({ oursMs }) => oursMs !== null) && TIMES} Nats: minus the log-likelihood of a test
          example, or its bound, after training by the same protocol; ± the standard deviation over the seeds,
          where there are several. ${meanRatios(rows).map((line) => html`<b>${line}.</b> `)}
        </p>
      </section>
      ${qualitySection(comparison)} ${sizesSection(sizes)} ${threadsSection(measurements)}
      <section>
        ${measurementsTable(measurements)}
        <p class="note">
          Every program with every number of threads. Seconds until the validation loss was within 1 % of what
          all have reached, epochs and nats: means over the seeds. Memory: the most that the program's process
          held, at the end of its steps.
        </p>
        <pre><code>${command}</code></pre>
      </section>`,
    footer: `${describeMachine(machine)} · ONNX Runtime ${machine.onnxruntime ?? 'missing'} · ${describePeers(machine)} · load ${machine.load} at the start`,
  });
}

function qualitySection(comparison: Comparison): Markup | undefined {
  const chart = differenceChart(
    qualityRows(comparison).map((row) => ({
      ...row,
      label: `${row.model}, ${row.batch ?? '–'}${row.engine === 'compiled' ? '' : `, ${engineOf(row)}`}`,
    })),
  );
  return (
    chart &&
    html`<section>
      <h2>Quality</h2>
      ${chart}
      <p class="note">
        ${qualitySentence(comparison)} Welch's intervals, over the seeds of training. Of two programs that are
        equally good, one pair in twenty has an interval without 0 by chance.
      </p>
    </section>`
  );
}

function sizesSection(sizes: readonly SizeRow[]): Markup | false {
  const rows = sizes.map((row) => ({ ...row, label: `${row.axis} ${decimal(sizeOf(row))}` }));
  return (
    rows.length > 0 &&
    html`<section>
      <h2>Sizes of ${rows[0]!.model}</h2>
      <div class="views">${costCharts(sizes)}</div>
      ${ratioChart(rows)} ${rowsTable(rows)}
      <p class="note">
        Nothing is trained here. Data of other numbers of variables are made up: images whose pixels have as
        many values as those of the data set, or tables.
      </p>
    </section>`
  );
}

function threadsSection(measurements: Comparison['measurements']): Markup | false {
  const curves = threadCurves(measurements);
  return (
    curves.length > 0 &&
    html`<section>
      <h2>Threads</h2>
      ${curves.map(lineChart)}
    </section>`
  );
}

/** The versions of the peers, and which of them are too old to stand for their library today. */
function describePeers({ peers, pytorch, python }: ComparisonMachine): string {
  if (peers === undefined) return `PyTorch ${pytorch ?? 'missing'}, ${python ?? ''}`;
  if (peers.length === 0) return 'no peer';
  return peers
    .map(
      ({ library, version, language, isOld }) =>
        `${library} ${version}${isOld ? ' (more than a year old)' : ''}, ${language}`,
    )
    .join(' · ');
}
