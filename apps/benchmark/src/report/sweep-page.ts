import type { Sweep } from '../results/sweep';
import { rankSettings, type RankedSettings } from '../statistics/ranking';
import { mean } from '../statistics/statistics';
import { renderDocument } from './document';
import { decimal, duration, meanWithDeviation } from './format';
import { html, type Markup } from './html';
import { logChart } from './log-chart';
import { describeDataset, describeMachine } from './page';
import { sortableTable } from './sortable-table';
import { testOf } from './sweep-text';

/** The report of a sweep as one HTML file that asks for nothing else. */
export function renderSweep(sweep: Sweep): string {
  const { dataset, machine, command, trials, trialCount } = sweep;
  return renderDocument({
    heading: `Hyperparameters on ${dataset.name}`,
    subtitle: describeDataset(dataset),
    main: html`${
        trials.length < trialCount &&
        html`<p class="alert">
          ${trials.length} of ${trialCount} trainings: settings are chosen once all have ended.
        </p>`
      }
      ${[...rankSettings(sweep)].map(([model, ranked]) => modelSection(model, ranked, sweep))}
      <section>
        <pre><code>${command}</code></pre>
      </section>`,
    footer: describeMachine(machine),
  });
}

function modelSection(model: string, ranked: readonly RankedSettings[], { chosen }: Sweep): Markup {
  const best = chosen?.find((each) => each.model === model);
  const names = Object.keys(ranked[0]!.settings);
  const facts = best && [
    ...Object.entries(best.settings).map(([label, value]) => ({ label, value: String(value) })),
    {
      label: 'validation, nats or loss',
      value: meanWithDeviation(ranked[0]!.validation, ranked[0]!.standardError),
    },
    { label: 'test', value: testOf(best) ?? 'no likelihood' },
  ];
  return html`<section id="${model}">
    <h2>${model}</h2>
    ${
      facts &&
      html`<dl>
        ${facts.map(
          ({ label, value }) =>
            html`<div>
              <dt>${label}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>`
    }
    ${rankingTable(ranked, names)}
    <p class="note">
      The mean over the seeds on the validation rows, ± its standard error; lower is better. The first line is
      chosen, and it alone is measured on the test rows.
    </p>
    <div class="views">${names.map((name) => effectChart(name, ranked))}</div>
  </section>`;
}

function rankingTable(ranked: readonly RankedSettings[], names: readonly string[]): Markup {
  const rows = ranked.map((each, index) => ({
    ...each,
    rank: index + 1,
    results: each.trials.flatMap(({ result }) => result ?? []),
    error: each.trials.find(({ error }) => error !== undefined)?.error ?? null,
  }));
  type Row = (typeof rows)[number];
  const average = (value: (result: Row['results'][number]) => number) => (row: Row) =>
    row.results.length === 0 ? null : mean(row.results.map(value));
  const [epochs, seconds] = [average((each) => each.epochs), average((each) => each.trainSeconds)];
  return sortableTable<Row>(rows, [
    { title: 'rank', value: ({ rank }) => rank, text: ({ rank }) => String(rank) },
    ...names.map((name) => ({
      title: name,
      value: ({ settings }: Row) => settings[name]!,
      text: ({ settings }: Row) => String(settings[name]),
    })),
    {
      title: 'validation',
      unit: 'mean over the seeds',
      value: ({ validation }) => validation,
      text: ({ validation, standardError }) => meanWithDeviation(validation, standardError),
    },
    { title: 'seeds', value: ({ trials }) => trials.length, text: ({ trials }) => decimal(trials.length) },
    {
      title: 'parameters',
      value: ({ results }) => results[0]?.parameters ?? null,
      text: ({ results }) => decimal(results[0]?.parameters),
    },
    { title: 'epochs', unit: 'mean', value: epochs, text: (row) => decimal(epochs(row)) },
    { title: 'training', unit: 'mean', value: seconds, text: (row) => duration(seconds(row)) },
  ]);
}

/** Validation over the values of one hyperparameter, one dot for each of the settings. */
function effectChart(name: string, ranked: readonly RankedSettings[]): Markup | undefined {
  const points = ranked.flatMap(({ settings, validation }) =>
    validation === null ? [] : [[settings[name]!, validation] as const],
  );
  return logChart({
    name: `validation over ${name}`,
    x: { name },
    y: { name: 'validation', isLogarithmic: false },
    series: [{ name, kind: 'train', points }],
    marks: 'dots',
  });
}
