import type { Comparison, MeasuredTraining, Measurement } from '../compare/schema';
import { engineOf, meanRatios, percent, settings, withThreads } from '../compare/table';
import { mean } from '../compare/statistics';
import { decimal, duration, meanWithDeviation } from '../format';
import { renderDocument } from './document';
import { html, type Markup } from './html';
import { describeDataset, describeMachine } from './page';
import { ratioChart, type RatioRow } from './ratio-chart';

/** The report of a comparison as one HTML file that asks for nothing else. */
export function renderComparison(comparison: Comparison): string {
  const { dataset, machine, rows, measurements, sweep = [], command } = comparison;
  const labelled = rows.map((row) => ({ ...row, label: `${row.model}, ${decimal(row.batch)}` }));
  return renderDocument({
    heading: 'Against PyTorch',
    subtitle: html`${dataset.name}: ${describeDataset(dataset)}`,
    main: html`<section>
        ${ratioChart(labelled)} ${rowsTable(labelled)}
        <p class="note">
          Medians over short windows that alternate between the programs. “one”: both sides have one thread;
          “best”: each has the number of threads that is fastest for it. Nats: minus the log-likelihood of a
          test example, or its bound, after training by the same protocol; ± the standard deviation over the
          seeds, where there are several. Roofline: the multiply-adds of a step's matrix products and
          convolutions per second, as a part of what large products reach in the same run.
          ${meanRatios(rows).map((line) => html`<b>${line}.</b> `)}
        </p>
      </section>
      ${sweepSection(sweep.map((row) => ({ ...row, label: sizeOf(row) })))}
      <section>
        ${measurementsTable(measurements)}
        <p class="note">
          Every program with every number of threads. Seconds until the validation loss was within 1 % of what
          all have reached, epochs and nats: means over the seeds. Memory: the most that the program's process
          held, at the end of its steps.
        </p>
        <pre><code>${command}</code></pre>
      </section>`,
    footer: `${describeMachine(machine)} · ONNX Runtime ${machine.onnxruntime ?? 'missing'} · PyTorch ${machine.pytorch ?? 'missing'}, ${machine.python ?? ''} · load ${machine.load} at the start`,
  });
}

function sweepSection(rows: readonly RatioRow[]): Markup | false {
  return (
    rows.length > 0 &&
    html`<section>
      <h2>Sizes</h2>
      ${ratioChart(rows)} ${rowsTable(rows)}
    </section>`
  );
}

const sizeOf = ({ axis, batch, width }: NonNullable<Comparison['sweep']>[number]) =>
  `${axis} ${decimal(axis === 'batch' ? batch : width)}`;

interface Column<Row> {
  readonly title: string;
  readonly unit?: string;
  readonly value: (row: Row) => number | string | null;
  readonly text?: (row: Row) => string;
}

function rowsTable(rows: readonly RatioRow[]): Markup {
  return table(rows, [
    { title: 'model', unit: 'batch or size', value: ({ label }) => label },
    { title: 'engine', value: engineOf },
    { title: 'threads', value: ({ setting }) => settings[setting] },
    {
      title: 'ours',
      unit: 'ms a step',
      value: ({ oursMs }) => oursMs,
      text: (row) => withThreads(row.oursMs, row.oursThreads),
    },
    {
      title: 'PyTorch',
      unit: 'ms a step',
      value: ({ peerMs }) => peerMs,
      text: (row) => withThreads(row.peerMs, row.peerThreads),
    },
    { title: 'ratio', value: ({ ratio }) => ratio },
    {
      title: 'ours',
      unit: 'test nats',
      value: ({ oursTestNats }) => oursTestNats,
      text: (row) => meanWithDeviation(row.oursTestNats, row.oursTestNatsSd),
    },
    {
      title: 'PyTorch',
      unit: 'test nats',
      value: ({ peerTestNats }) => peerTestNats,
      text: (row) => meanWithDeviation(row.peerTestNats, row.peerTestNatsSd),
    },
    { title: 'ours', unit: 'ms, 64 samples', value: ({ oursSampleMs }) => oursSampleMs },
    { title: 'PyTorch', unit: 'ms, 64 samples', value: ({ peerSampleMs }) => peerSampleMs },
    { title: 'roofline', value: ({ roofline }) => roofline, text: ({ roofline }) => percent(roofline) },
  ]);
}

function measurementsTable(measurements: readonly Measurement[]): Markup {
  return table(measurements, [
    {
      title: 'engine',
      unit: 'model, batch',
      value: ({ engine, model, batch }) => `${engine}: ${model}, ${batch ?? '–'}`,
    },
    { title: 'device', value: ({ device }) => device },
    { title: 'threads', value: ({ threads }) => threads, text: threadsText },
    { title: 'step', unit: 'ms, median', value: ({ msPerStep }) => msPerStep?.median ?? null },
    { title: 'step', unit: 'ms, least', value: ({ msPerStep }) => msPerStep?.min ?? null },
    {
      title: 'memory',
      unit: 'MiB',
      value: ({ peakMemoryMiB }) => peakMemoryMiB,
      text: ({ peakMemoryMiB }) => decimal(peakMemoryMiB),
    },
    {
      title: 'training',
      value: (row) => overSeeds(row, ({ seconds }) => seconds),
      text: (row) => duration(overSeeds(row, ({ seconds }) => seconds)),
    },
    {
      title: 'to the loss of all',
      value: (row) => overSeeds(row, ({ secondsToTarget }) => secondsToTarget),
      text: (row) => duration(overSeeds(row, ({ secondsToTarget }) => secondsToTarget)),
    },
    {
      title: 'epochs',
      value: (row) => overSeeds(row, ({ epochs }) => epochs),
      text: (row) => decimal(overSeeds(row, ({ epochs }) => epochs)),
    },
    { title: 'test', unit: 'nats', value: (row) => overSeeds(row, ({ testNats }) => testNats) },
  ]);
}

/** The mean over the trainings; null where there are none, or one lacks it. */
function overSeeds(
  { trainings }: Measurement,
  value: (training: MeasuredTraining) => number | null,
): number | null {
  const values = trainings.flatMap((training) => value(training) ?? []);
  return values.length < trainings.length || values.length === 0 ? null : mean(values);
}

/** `2`, or `2, of operators 1` where PyTorch has so many, and its BLAS library others. */
function threadsText({ threads, operatorThreads = threads }: Measurement): string {
  return operatorThreads === threads ? decimal(threads) : `${threads}, of operators ${operatorThreads}`;
}

/** A table whose columns sort. A row with an error says so at its end. */
function table<Row extends { readonly error?: string | null }>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Markup {
  const textOf = ({ value, text }: Column<Row>, row: Row) => {
    const given = value(row);
    return text ? text(row) : typeof given === 'string' ? given : decimal(given, 2);
  };
  return html`<div class="table">
    <table>
      <thead>
        <tr>
          ${columns.map(
            ({ title, unit }) =>
              html`<th scope="col">
                <button type="button">${title}${unit && html`<small>${unit}</small>`}</button>
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map(
                (column, index) =>
                  html`<td data-value="${column.value(row) ?? ''}">
                    ${textOf(column, row)}${index === 0 && row.error && html`<small>${row.error}</small>`}
                  </td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
