import type { Verdict } from '../statistics/quality';
import type { QualityRow } from '../statistics/quality-rows';
import { decimal } from './format';
import { differenceText } from './quality-table';
import { html, type Markup } from './html';
import { scale, type Scale } from './scale';

export interface DifferenceRow extends QualityRow {
  /** What the row is called. */
  readonly label: string;
}

type Told = DifferenceRow & { readonly difference: object; readonly verdict: Verdict };

/** How far each model is from PyTorch's, with its 95 % interval, on an axis that is linear within 1 nat and logarithmic beyond. */
export function differenceChart(rows: readonly DifferenceRow[]): Markup | undefined {
  const told = rows.filter((row): row is Told => row.difference !== null);
  if (told.length === 0) return undefined;
  const widest = Math.max(
    1,
    ...told.map(({ difference: { nats, halfWidth } }) => Math.abs(nats) + halfWidth),
  );
  const x = scale(-MARGIN * Math.asinh(widest), MARGIN * Math.asinh(widest));
  return html`<figure class="likelihoods">
    <div class="row legend">
      <span></span>
      <div class="track"><b class="reference" style="--at:${at(x, 0)}">as good as PyTorch</b></div>
      <span></span>
    </div>
    ${told.map((row) => modelRow(row, x))}
    <div class="row ticks">
      <span></span>
      <div class="track">
        ${ticksWithin(widest).map((tick) => html`<span style="left:${at(x, tick)}">${decimal(tick)}</span>`)}
      </div>
      <span></span>
    </div>
    <figcaption>
      <span
        >Test nats of ours minus PyTorch's, and the 95 % interval over the seeds; further left is
        better.</span
      >
      <span class="key equal">the seeds do not tell them apart</span>
      <span class="key better">ours is better</span>
      <span class="key worse">ours is worse</span>
    </figcaption>
  </figure>`;
}

/** Room at both ends. */
const MARGIN = 1.06;

function modelRow(row: Told, x: Scale): Markup {
  const { nats, halfWidth } = row.difference;
  const [left, right] = [at(x, nats - halfWidth), at(x, nats + halfWidth)];
  return html`<div class="row">
    <b>${row.label}</b>
    <div class="track">
      <i class="line" style="left:${at(x, 0)}"></i>
      <i class="interval ${row.verdict}" style="left:${left};right:calc(100% - ${right})"></i>
      <i
        class="dot ${row.verdict}"
        style="left:${at(x, nats)}"
        title="${row.verdict}: ${decimal(row.oursTestNats, 2)} nats, PyTorch ${decimal(row.peerTestNats, 2)} nats, ${row.seeds} seeds"
      ></i>
    </div>
    <span class="value">${differenceText(row)}</span>
  </div>`;
}

/** 0, and the powers of ten on both sides. */
function ticksWithin(widest: number): readonly number[] {
  const powers = Array.from({ length: Math.floor(Math.log10(widest) + 1e-9) + 1 }, (_, index) => 10 ** index);
  return [...powers.map((power) => -power).reverse(), 0, ...powers];
}

const at = (x: Scale, nats: number) => `${x.percent(Math.asinh(nats)).toFixed(2)}%`;
