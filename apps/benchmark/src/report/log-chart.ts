import type { Axis } from '../results/schema';
import { decimal } from './format';
import { html, type Markup } from './html';
import { extent, scaleAround, ticks, tickTexts, type Scale } from './scale';

/** Points of one kind: a line through them, or dots alone. */
export interface Series {
  readonly name: string;
  /** In what colour: the first one is the accent. */
  readonly kind: 'train' | 'validation';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LogChart {
  readonly name: string;
  readonly x: Axis;
  readonly y: Axis & { readonly isLogarithmic: boolean };
  readonly series: readonly Series[];
  readonly marks: 'lines' | 'dots';
}

/** From this many values on, the axis has round numbers in their place. */
const MANY_VALUES = 8;

/** A positive quantity over another one, whose axis is logarithmic. */
export function logChart({ name, x: horizontal, y: vertical, series, marks }: LogChart): Markup | undefined {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) return undefined;
  const toY = vertical.isLogarithmic ? Math.log10 : (value: number) => value;
  const x = scaleAround(
    points.map(([value]) => Math.log10(value)),
    0.05,
  );
  const y = scaleAround(
    points.map(([, value]) => toY(value)),
    0.08,
  );
  const values = [...new Set(points.map(([value]) => value))];
  const across = values.length <= MANY_VALUES ? values : roundNumbers(values);
  const up = vertical.isLogarithmic ? roundNumbers(points.map(([, value]) => value)) : ticks(y, 5);
  const upTexts = tickTexts(up);
  const at = (axis: Scale, value: number) => `${axis.percent(value).toFixed(2)}%`;
  const path = (each: Series) =>
    each.points
      .map(([a, b], index) => {
        const [left, top] = [x.percent(Math.log10(a)), 100 - y.percent(toY(b))];
        return `${index === 0 ? 'M' : 'L'}${left.toFixed(2)} ${top.toFixed(2)}`;
      })
      .join('');
  return html`<figure class="curves">
    <figcaption>
      ${
        series.length > 1
          ? series.map((each) => html`<span class="key ${each.kind}">${each.name}</span>`)
          : name
      }
      <span class="unit">${titleOf(vertical)}</span>
    </figcaption>
    <div class="plot">
      ${up.map(
        (tick, index) =>
          html`<span class="tick y" style="bottom:${at(y, toY(tick))}">${upTexts[index]}</span
            ><i class="grid" style="bottom:${at(y, toY(tick))}"></i>`,
      )}
      ${across.map(
        (tick) => html`<span class="tick x" style="left:${at(x, Math.log10(tick))}">${shortest(tick)}</span>`,
      )}
      ${
        marks === 'lines' &&
        html`<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="${name}">
          ${series.map((each) => html`<path class="${each.kind}" d="${path(each)}" />`)}
        </svg>`
      }
      ${series.map((each) =>
        each.points.map(
          ([a, b]) =>
            html`<i
              class="point ${each.kind}"
              style="left:${at(x, Math.log10(a))};bottom:${at(y, toY(b))}"
              title="${each.name}: ${shortest(b)} at ${shortest(a)}"
            ></i>`,
        ),
      )}
    </div>
    <div class="axis">${titleOf(horizontal)}</div>
  </figure>`;
}

/** 1, 2 and 5 times the powers of ten between the least and the greatest value; only the powers where those are many. */
function roundNumbers(values: readonly number[]): readonly number[] {
  const [min, max] = extent(values);
  const powers = Array.from(
    { length: Math.floor(Math.log10(max)) - Math.floor(Math.log10(min)) + 1 },
    (_, index) => Math.floor(Math.log10(min)) + index,
  );
  const steps = powers.length > MANY_VALUES / 2 ? [1] : [1, 2, 5];
  const round = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
  const inside = round.filter((value) => value >= min && value <= max);
  return inside.length > 1 ? inside : [min, max];
}

/** `0.0003`, `1 024`: three digits. */
const shortest = (value: number): string =>
  Math.abs(value) >= 1000 ? decimal(value) : String(Number(value.toPrecision(3)));

const titleOf = ({ name, unit }: Axis): string => (unit === undefined ? name : `${name}, ${unit}`);
