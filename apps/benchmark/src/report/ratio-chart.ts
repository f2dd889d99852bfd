import type { ComparisonRow } from '../results/comparison';
import { decimal } from './format';
import { html, type Markup } from './html';
import { scale, type Scale } from './scale';

export interface RatioRow extends ComparisonRow {
  /** What the row is called. */
  readonly label: string;
}

/** How many times faster than PyTorch each row is, on a logarithmic axis around 1. */
export function ratioChart(rows: readonly RatioRow[]): Markup | undefined {
  const measured = rows.filter((row) => row.ratio !== null && isShown(row, rows));
  if (measured.length === 0) return undefined;
  const logarithms = measured.map(({ ratio }) => Math.log2(ratio!));
  const x = scale(Math.floor(Math.min(-1, ...logarithms)), Math.ceil(Math.max(1, ...logarithms)));
  const labels = [...new Set(measured.map(({ label }) => label))];
  const ticks = Array.from({ length: x.max - x.min + 1 }, (_, index) => 2 ** (x.min + index));
  return html`<figure class="likelihoods">
    <div class="row legend">
      <span></span>
      <div class="track"><b class="reference" style="--at:${at(x, 1)}">as fast as PyTorch</b></div>
      <span></span>
    </div>
    ${labels.map((label) => labelRow(label, measured, x))}
    <div class="row ticks">
      <span></span>
      <div class="track">
        ${ticks.map((tick) => html`<span style="left:${at(x, tick)}">${tickLabel(tick)}</span>`)}
      </div>
      <span></span>
    </div>
    <figcaption>
      <span>PyTorch's time of a training step over ours; further right is better.</span>
      <span class="key exact">compiled</span>
      <span class="key one-thread">compiled, both on one thread</span>
      <span class="key ring">eager</span>
    </figcaption>
  </figure>`;
}

/** Op by op there is one thread anyway: its row of one thread says nothing more where there is another. */
function isShown({ engine, setting, label }: RatioRow, rows: readonly RatioRow[]): boolean {
  if (engine === 'compiled' || setting === 'fastest') return true;
  return !rows.some((row) => row.label === label && row.engine === engine && row.setting === 'fastest');
}

function markOf({ engine, setting }: Pick<RatioRow, 'engine' | 'setting'>): string {
  if (engine !== 'compiled') return 'ring';
  return setting === 'fastest' ? 'exact' : 'one-thread';
}

/** The engines on one line. */
function labelRow(label: string, all: readonly RatioRow[], x: Scale): Markup {
  const rows = all.filter((row) => row.label === label);
  return html`<div class="row">
    <b>${label}</b>
    <div class="track">
      <i class="line" style="left:${at(x, 1)}"></i>
      ${rows.map(
        ({ engine, setting, ratio, oursMs, peerMs }) =>
          html`<i
            class="dot ${markOf({ engine, setting })}"
            style="left:${at(x, ratio!)}"
            title="${engine}: ${decimal(oursMs, 2)} ms a step, PyTorch ${decimal(peerMs, 2)} ms"
          ></i>`,
      )}
    </div>
    <span class="value">${rows.map(({ ratio }) => decimal(ratio, 2)).join(' · ')} ×</span>
  </div>`;
}

const at = (x: Scale, ratio: number) => `${x.percent(Math.log2(ratio)).toFixed(2)}%`;
const tickLabel = (tick: number) => (tick < 1 ? `1/${1 / tick}` : String(tick));
