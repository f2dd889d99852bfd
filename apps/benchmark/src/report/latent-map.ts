import { decimal } from './format';
import type { LatentMap } from '../results/latent-map';
import { contour, massLevels } from './contours';
import { html, type Markup } from './html';
import { scale, ticks, type Scale } from './scale';

/** The shares of the prior's mass that its contours enclose. */
const SHARES = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99];

/** Two latent variables: the prior as contours, and an example at a draw of its posterior, in the colour of its class. */
export function latentMap({ x, y, size, logPrior, points, labels }: LatentMap): Markup {
  const [across, up] = [scale(...x), scale(...y)];
  const grid = { size, values: logPrior.map((value) => value ?? -Infinity) };
  const classes = labels === undefined ? 0 : new Set(labels).size;
  return html`<figure class="map">
    <div class="plane">
      <svg
        viewBox="0 0 100 100"
        role="img"
        aria-label="The latent space: contours of the prior, and the posterior of examples"
      >
        ${massLevels(grid, SHARES).map((level) => html`<path class="contour" d="${outline(grid, level)}" />`)}
        ${points.map(
          ([first, second], index) =>
            html`<circle
              cx="${across.percent(first).toFixed(2)}"
              cy="${(100 - up.percent(second)).toFixed(2)}"
              r="0.7"
              style="${labels && `--hue:${hue(labels[index]!, classes)}`}"
            />`,
        )}
      </svg>
      ${ticks(across, 4).map((tick) => html`<span class="tick x" style="left:${at(across, tick)}">${label(tick)}</span>`)}
      ${ticks(up, 4).map((tick) => html`<span class="tick y" style="bottom:${at(up, tick)}">${label(tick)}</span>`)}
    </div>
    <figcaption>
      The two latent variables. Lines enclose
      ${SHARES.map((share) => `${Math.round(100 * share)}`).join(', ')} % of the prior; a dot is a draw of the
      posterior of a test example${labels && ', coloured by its class'}.
    </figcaption>
  </figure>`;
}

function outline(grid: Parameters<typeof contour>[0], level: number): string {
  const unit = 100 / (grid.size - 1);
  const place = (x: number, y: number) => `${(x * unit).toFixed(1)} ${(100 - y * unit).toFixed(1)}`;
  return contour(grid, level)
    .map(([x1, y1, x2, y2]) => `M${place(x1, y1)}L${place(x2, y2)}`)
    .join('');
}

const hue = (label: number, classes: number) => Math.round((360 * label) / Math.max(classes, 1));
const at = (axis: Scale, value: number) => `${axis.percent(value).toFixed(2)}%`;
const label = (tick: number) => decimal(tick, Number.isInteger(tick) ? 0 : 1);
