import { html, raw, type Markup } from '../report/html';
import { scaleAround, ticks, tickTexts, type Scale } from '../report/scale';
import type { WeightCurve, WeightPoint } from './weight-curve';

const [WIDTH, HEIGHT] = [300, 200];
/** Of both panels, with what stands around them. */
const [LEFT, TOP, GAP, WHOLE] = [44, 34, 64, { width: 740, height: 300 }];

/** Readable on white and on black. */
const COLORS = ['#2f78e0', '#e0701b', '#1f9a5e', '#9a5bd0'];
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #59616e; }
.line { fill: none; stroke-width: 2; }
.grid { stroke: #8886; stroke-width: 0.5; }
@media (prefers-color-scheme: dark) { text { fill: #a2abb8; } }`;

/**
 * A picture of hybrid models from discriminative to generative: on the left the error, on the right minus ln p(x), over the weights.
 * A model whose density is not trained, with the weight 0, has a likelihood off the scale.
 */
export function weightChart(curves: readonly WeightCurve[]): string {
  const trained = (point: WeightPoint): boolean => point.weight > 0;
  const points = curves.flatMap((curve) => curve.points);
  const [errors, nats] = [points.map(({ error }) => error), points.filter(trained).map((each) => each.nats!)];
  const legend = curves.map(({ model }, index) => {
    const x = LEFT + index * 130;
    return html`<circle cx="${x}" cy="${WHOLE.height - 12}" r="5" fill="${COLORS[index]!}" />
      <text x="${x + 10}" y="${WHOLE.height - 8}">${model}</text>`;
  });
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WHOLE.width} ${WHOLE.height}" role="img">
    <title>Error and likelihood of hybrid models over the weight of ln p(x)</title>
    ${raw(`<style>${STYLE}</style>`)}
    ${panel(curves, {
      ...{ title: 'error, %', x: LEFT, vertical: scaleAround(errors, 0.05), value: ({ error }) => error },
    })}
    ${panel(curves, {
      ...{ title: '−ln p(x), nats', x: LEFT + WIDTH + GAP, vertical: scaleAround(nats, 0.05) },
      value: (point) => (trained(point) ? point.nats : null),
    })}
    ${legend}
  </svg>`.markup
    .replace(/\n\s*/g, '\n')
    .concat('\n');
}

interface Panel {
  readonly title: string;
  readonly x: number;
  readonly vertical: Scale;
  readonly value: (point: WeightPoint) => number | null;
}

function panel(curves: readonly WeightCurve[], { title, x, vertical, value }: Panel): Markup {
  const weights = curves[0]!.points.map(({ weight }) => weight);
  // The weights are evenly spaced, whatever their distances: one of them may be 0.
  const across = (index: number) => x + (WIDTH * (index + 0.5)) / weights.length;
  const up = (number: number) => TOP + (HEIGHT * (100 - vertical.percent(number))) / 100;
  const marks = ticks(vertical, 5);
  const texts = tickTexts(marks);
  return html`<text x="${x}" y="16">${title}</text> ${marks.map(
      (mark, index) =>
        html`<path class="grid" d="M${x} ${up(mark).toFixed(1)}h${WIDTH}" />
          <text x="${x - 6}" y="${(up(mark) + 4).toFixed(1)}" text-anchor="end">${texts[index]}</text>`,
    )}
    ${weights.map(
      (weight, index) =>
        html`<text x="${across(index)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${weight}</text>`,
    )}
    ${curves.map(({ points }, index) => {
      const shown = points.flatMap((point, at): [number, number][] => {
        const number = value(point);
        return number === null ? [] : [[across(at), up(number)]];
      });
      const path = shown.map(([a, b], at) => `${at === 0 ? 'M' : 'L'}${a.toFixed(1)} ${b.toFixed(1)}`);
      return html`<path class="line" stroke="${COLORS[index]!}" d="${path.join('')}" /> ${shown.map(
          ([a, b]) =>
            html`<circle cx="${a.toFixed(1)}" cy="${b.toFixed(1)}" r="3" fill="${COLORS[index]!}" />`,
        )}`;
    })}`;
}
