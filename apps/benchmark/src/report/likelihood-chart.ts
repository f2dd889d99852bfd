import { decimal, score } from './format';
import type { Baseline } from '../datasets/baselines';
import { isScore, type Run, type Score } from '../results/schema';
import { html, type Markup } from './html';
import { scaleAround, ticks, tickTexts, type Scale } from './scale';

/** Every model's test likelihood on one axis, best first, against the baselines that lie near. */
export function likelihoodChart(runs: readonly Run[], allBaselines: readonly Baseline[]): Markup | undefined {
  const rows = runs
    .filter((run) => typeof run.test?.nats === 'number')
    .sort((a, b) => a.test!.nats! - b.test!.nats!);
  if (rows.length === 0) return undefined;
  const measured = rows.flatMap((run) => scoresOf(run).map(({ nats }) => nats!));
  const baselines = near(allBaselines, Math.max(...measured));
  const x = scaleAround([...measured, ...baselines.map(({ nats }) => nats)], 0.06);
  const labels = ticks(x, 4);
  const texts = tickTexts(labels);
  return html`<figure class="likelihoods">
    <div class="row legend">
      <span></span>
      <div class="track">
        ${baselines.map(
          ({ name, nats }) =>
            html`<b class="reference" style="--at:${at(x, nats)}">${name}<br />${decimal(nats, 1)}</b>`,
        )}
      </div>
      <span></span>
    </div>
    ${rows.map((run) => modelRow(run, baselines, x))}
    <div class="row ticks">
      <span></span>
      <div class="track">
        ${labels.map((tick, index) => html`<span style="left:${at(x, tick)}">${texts[index]}</span>`)}
      </div>
      <span></span>
    </div>
    <figcaption>
      <span>Negative log-likelihood of a test example in nats; further left is better.</span>
      <span class="key exact">exact</span>
      <span class="key lower-bound">bound: the truth lies at or left of it</span>
      <span class="key importance-sampled">importance-sampled estimate</span>
    </figcaption>
  </figure>`;
}

/** The main score of a run, then those that its family added. */
export function scoresOf(run: Run): readonly Score[] {
  return [run.test, ...Object.values(run.extra)].filter(isScore).filter(({ nats }) => nats !== null);
}

function modelRow(run: Run, baselines: readonly Baseline[], x: Scale): Markup {
  return html`<div class="row">
    <a href="#${run.model}">${run.model}</a>
    <div class="track">
      ${baselines.map(({ nats }) => html`<i class="line" style="left:${at(x, nats)}"></i>`)}
      ${scoresOf(run).map(
        (value) =>
          html`<i
            class="dot ${value.kind}"
            style="left:${at(x, value.nats!)}"
            title="${score(value)} nats"
          ></i>`,
      )}
    </div>
    <span class="value">${score(run.test)}</span>
  </div>`;
}

/** The baselines up to the first that is worse than every model: a far one would push the models together. */
function near(baselines: readonly Baseline[], worst: number): readonly Baseline[] {
  const ordered = [...baselines].sort((a, b) => a.nats - b.nats);
  const beyond = ordered.findIndex(({ nats }) => nats > worst);
  return beyond < 0 ? ordered : ordered.slice(0, beyond + 1);
}

const at = (x: Scale, value: number) => `${x.percent(value).toFixed(2)}%`;
