import { decimal } from './format';
import type { Baseline } from '../datasets/baselines';
import type { CurvePoint, Run } from '../results/schema';
import { html, type Markup } from './html';
import { extent, scale, ticks, tickTexts, type Scale } from './scale';

/** Loss by epoch: training, validation, the kept epoch and the baselines that lie in sight. */
export function learningCurves(run: Run, baselines: readonly Baseline[]): Markup | undefined {
  const { curve, extra } = run;
  const y = lossScale(curve);
  if (y === undefined) return undefined;
  const x = scale(curve[0]!.epoch, Math.max(curve.at(-1)!.epoch, curve[0]!.epoch + 1));
  const best = curve.find(({ epoch }) => epoch === extra.bestEpoch);
  const losses = ticks(y, 5);
  const texts = tickTexts(losses);
  const visible = (run.test === null ? [] : baselines).filter(({ nats }) => nats >= y.min && nats <= y.max);
  return html`<figure class="curves">
    <figcaption>
      <span class="key train">training</span> <span class="key validation">validation</span>
      ${best && html`<span class="key best">kept: epoch ${best.epoch}</span>`}
      <span class="unit">${run.test === null ? 'loss' : 'nats per example'}</span>
    </figcaption>
    <div class="plot" data-curve="${JSON.stringify(hoverData(curve))}" data-x="${x.min} ${x.max}">
      ${losses.map((tick, index) => gridLine(tick, texts[index]!, y))}
      ${ticks(x, 6)
        .filter(Number.isInteger)
        .map((tick) => html`<span class="tick x" style="left:${percent(x, tick)}">${decimal(tick)}</span>`)}
      ${visible.map(({ name, nats }) => baselineLine(name, nats, y))}
      <svg
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label="Learning curves of ${run.model}"
      >
        <path class="train" d="${path(curve, 'train', x, y)}" />
        <path class="validation" d="${path(curve, 'validation', x, y)}" />
      </svg>
      ${
        typeof best?.validation === 'number' &&
        html`<i
          class="best"
          style="left:${percent(x, best.epoch)};bottom:${percent(y, best.validation)}"
        ></i>`
      }
      <output hidden></output>
    </div>
    <div class="axis">epoch</div>
  </figure>`;
}

/** Curves with fewer epochs are shown whole. */
const LONG_CURVE = 20;

/** The losses of the first few epochs of a long training may leave the plot at the top: the rest would be a flat line. */
function lossScale(curve: readonly CurvePoint[]): Scale | undefined {
  const losses = (points: readonly CurvePoint[]) =>
    points.flatMap(({ train, validation }) => [train, validation]).filter((loss) => loss !== null);
  const all = losses(curve);
  if (all.length === 0) return undefined;
  const skipped = curve.length < LONG_CURVE ? 0 : Math.ceil(Math.sqrt(curve.length) / 2);
  const settled = losses(curve.slice(skipped));
  const [min] = extent(all);
  const [, max] = extent(settled.length > 0 ? settled : all);
  const margin = 0.05 * (max - min || 1);
  return scale(min - margin, max + margin);
}

function path(curve: readonly CurvePoint[], series: 'train' | 'validation', x: Scale, y: Scale): string {
  let pen = 'M';
  return curve
    .map((point) => {
      const value = point[series];
      if (value === null) {
        // A gap, not a line across it.
        pen = 'M';
        return '';
      }
      const command = `${pen}${x.percent(point.epoch).toFixed(2)} ${(100 - y.percent(value)).toFixed(2)}`;
      pen = 'L';
      return command;
    })
    .join('');
}

function gridLine(tick: number, text: string, y: Scale): Markup {
  return html`<span class="tick y" style="bottom:${percent(y, tick)}">${text}</span
    ><i class="grid" style="bottom:${percent(y, tick)}"></i>`;
}

function baselineLine(name: string, nats: number, y: Scale): Markup {
  return html`<i class="baseline" style="bottom:${percent(y, nats)}"><b>${name} ${decimal(nats, 1)}</b></i>`;
}

function hoverData(curve: readonly CurvePoint[]) {
  const short = (loss: number | null) => (loss === null ? null : Number(loss.toFixed(2)));
  return curve.map(({ epoch, train, validation }) => [epoch, short(train), short(validation)]);
}

const percent = (axis: Scale, value: number) => `${axis.percent(value).toFixed(2)}%`;
