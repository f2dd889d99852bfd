import type { Axis, Curve } from '../results/schema';
import { html, type Markup } from './html';
import { scaleAround, ticks, tickTexts, type Scale } from './scale';

/** Any quantity over any other, such as a rate-distortion curve, in the order of its points. */
export function lineChart({ name, x: horizontal, y: vertical, points }: Curve): Markup | undefined {
  if (points.length === 0) return undefined;
  const x = scaleAround(
    points.map(([value]) => value),
    0.05,
  );
  const y = scaleAround(
    points.map(([, value]) => value),
    0.05,
  );
  const [across, up] = [ticks(x, 6), ticks(y, 5)];
  const [acrossTexts, upTexts] = [tickTexts(across), tickTexts(up)];
  const path = points
    .map(
      ([a, b], index) =>
        `${index === 0 ? 'M' : 'L'}${x.percent(a).toFixed(2)} ${(100 - y.percent(b)).toFixed(2)}`,
    )
    .join('');
  return html`<figure class="curves">
    <figcaption>${name}<span class="unit">${titleOf(vertical)}</span></figcaption>
    <div class="plot">
      ${up.map(
        (tick, index) =>
          html`<span class="tick y" style="bottom:${at(y, tick)}">${upTexts[index]}</span
            ><i class="grid" style="bottom:${at(y, tick)}"></i>`,
      )}
      ${across.map(
        (tick, index) => html`<span class="tick x" style="left:${at(x, tick)}">${acrossTexts[index]}</span>`,
      )}
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="${name}">
        <path class="train" d="${path}" />
      </svg>
    </div>
    <div class="axis">${titleOf(horizontal)}</div>
  </figure>`;
}

const titleOf = ({ name, unit }: Axis): string => (unit === undefined ? name : `${name}, ${unit}`);

const at = (axis: Scale, value: number) => `${axis.percent(value).toFixed(2)}%`;
