import { decimal, duration, kindLabels, score } from './format';
import type { Baseline } from '../datasets/baselines';
import type { LatentMap } from '../results/latent-map';
import type { Machine } from '../results/machine';
import type { DatasetSummary, Results, Run } from '../results/schema';
import { renderDocument } from './document';
import { html, type Markup } from './html';
import { latentMap } from './latent-map';
import { learningCurves } from './learning-curves';
import { lineChart } from './line-chart';
import { metricsTable } from './metrics-table';
import { likelihoodChart, scoresOf } from './likelihood-chart';
import { resultsTable } from './results-table';

export interface ReportInput {
  readonly results: Results;
  readonly baselines: readonly Baseline[];
  /** PNG files by the names that the results call them by. */
  readonly images: ReadonlyMap<string, Uint8Array>;
  /** Maps of two latent variables, by the names that the results call them by. */
  readonly latentMaps?: ReadonlyMap<string, LatentMap>;
  /** The name of the grid of test examples among the images. */
  readonly dataGrid: string;
}

/** What ended a training, in words. */
const endings: Readonly<Record<string, string>> = {
  epochs: 'all that were asked for',
  'early-stopping': 'until validation stopped improving',
  'max-seconds': 'until the time was up',
};

/** The whole report as one HTML file that asks for nothing else. */
export function renderReport({ results, baselines, images, latentMaps, dataGrid }: ReportInput): string {
  const { dataset, runs, failures = [], machine } = results;
  const picture = (name: string | undefined, caption: string) => image(name && images.get(name), caption);
  const metrics = metricsTable(runs);
  return renderDocument({
    heading: dataset.name,
    subtitle: describeDataset(dataset),
    main: html`${
        failures.length > 0 &&
        html`<p class="alert">
          ${failures.length} of ${runs.length + failures.length} models failed; the table says why.
        </p>`
      }
      ${runs.length > 0 && html`<section>${likelihoodChart(runs, baselines)}</section>`}
      <section>
        ${resultsTable(results, baselines)}
        <p class="note">
          Negative log-likelihoods of the test examples; lower is better. ± is the standard error of the
          random draws of an estimate on these examples. A bound says that the truth is at most that.
        </p>
      </section>
      ${metrics && html`<section>${metrics}</section>`}
      ${runs.map(
        (run) =>
          html`<article id="${run.model}">
            ${runHeader(run)}
            <div class="panels">
              ${learningCurves(run, baselines)}
              <div class="pictures">
                ${picture(run.samples, 'samples of the model')} ${picture(dataGrid, 'test examples')}
                ${picture(run.extra.reconstructions, 'test examples, each with its reconstruction')}
                ${picture(run.extra.density, 'the true density, and the learned one beside it')}
              </div>
              ${run.curves?.map(lineChart)} ${latentViews(run, images, latentMaps)}
            </div>
            <pre><code>${run.extra.command}</code></pre>
          </article>`,
      )}`,
    footer: describeMachine(machine),
  });
}

/** What there is to see of the latent variables, and images that the model has learned. */
function latentViews(
  { extra }: Run,
  images: ReportInput['images'],
  maps: ReportInput['latentMaps'],
): Markup | undefined {
  const map = extra.latentMap === undefined ? undefined : maps?.get(extra.latentMap);
  const pictures = Object.entries(extra.pictures ?? {}).flatMap(
    ([what, name]) => image(images.get(name), captions[what] ?? what) ?? [],
  );
  if (map === undefined && pictures.length === 0) return undefined;
  return html`<div class="views">
    ${map && latentMap(map)} ${pictures.length > 0 && html`<div class="pictures">${pictures}</div>`}
  </div>`;
}

const captions: Readonly<Record<string, string>> = {
  interpolations:
    'from one test example, on the left, to another: images on the line between their latent variables',
  'pseudo-inputs': 'the pseudo-inputs of the prior',
};

function runHeader(run: Run): Markup {
  const scores = scoresOf(run).map((value) => ({
    value: score(value),
    label: `nats, ${kindLabels[value.kind]}`,
  }));
  const facts = [
    ...scores,
    { value: decimal(run.test?.bitsPerDim, 3), label: 'bits per dimension' },
    ...ownNumbers(run),
    { value: decimal(run.parameters), label: 'parameters' },
    { value: `${decimal(run.peakMemoryMiB)} MiB`, label: 'peak memory' },
    {
      value: duration(run.trainSeconds),
      label: `${decimal(run.epochs)} epochs, ${decimal(run.steps)} steps, ${endings[run.extra.stoppedBy] ?? run.extra.stoppedBy}`,
    },
  ];
  return html`<h2>${run.model}</h2>
    <p class="source">
      ${run.extra.source} · ${run.package} ${run.version} · ${run.optimizer}, batch ${run.batchSize} ·
      ${run.engine} on ${run.device} · seed ${run.seed}
    </p>
    <dl>
      ${facts.map(
        ({ value, label }) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
}

/** What the family measured besides likelihoods: `classificationError` is shown as "classification error". */
function ownNumbers({ extra: { bestEpoch: _, ...extra } }: Run) {
  return Object.entries(extra).flatMap(([name, value]) => {
    if (typeof value !== 'number') return [];
    const label = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return [{ value: decimal(value, Number.isInteger(value) ? 0 : 3), label }];
  });
}

function image(png: Uint8Array | undefined | '', caption: string): Markup | undefined {
  if (!png) return undefined;
  const data = Buffer.from(png).toString('base64');
  return html`<figure>
    <img src="data:image/png;base64,${data}" alt="${caption}" />
    <figcaption>${caption}</figcaption>
  </figure>`;
}

export function describeDataset({ train, validation, test, dims, values, sha256 }: DatasetSummary): Markup {
  const kind = values === null ? 'continuous values' : `${values} values each`;
  return html`${decimal(train)} training, ${decimal(validation)} validation and ${decimal(test)} test examples
    of ${decimal(dims)} dimensions, ${kind} · <abbr title="SHA-256 ${sha256}">${sha256.slice(0, 12)}</abbr>`;
}

export function describeMachine({ cpu, cores, memoryGiB, platform, node, tfjs }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform} · Node ${node} · TensorFlow.js ${tfjs}`;
}
