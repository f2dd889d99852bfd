import type { ImagesPanel, PlanePanel } from './demo';

/** Colours of the theme, read from the page so that charts follow its light and dark modes. */
export interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly data: string;
  readonly model: string;
}

export function palette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    paper: colour('--demo-paper'),
    ink: colour('--demo-ink'),
    data: colour('--demo-data'),
    model: colour('--demo-model'),
  };
}

/** Draws points over a density; the second coordinate grows upwards. */
export function drawPlane(canvas: HTMLCanvasElement, panel: PlanePanel, colours: Palette): void {
  const side = canvas.width;
  const context = canvas.getContext('2d')!;
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, side, side);
  if (panel.density) drawDensity(context, panel.density, colours);
  const [low, high] = panel.range;
  const place = (value: number): number => ((value - low) / (high - low)) * side;
  for (const { points, style } of panel.layers) {
    const marked = style === 'marked';
    const radius = marked ? side / 40 : side / 220;
    context.fillStyle = style === 'data' ? colours.data : colours.model;
    context.globalAlpha = marked ? 1 : 0.75;
    for (let index = 0; index < points.length; index += 2) {
      context.beginPath();
      context.arc(place(points[index]!), side - place(points[index + 1]!), radius, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

/** Draws a pixel for each cell, and enlarges them smoothly: one call for the whole density. */
function drawDensity(
  context: CanvasRenderingContext2D,
  { size, values }: NonNullable<PlanePanel['density']>,
  { model }: Palette,
): void {
  const cells = document.createElement('canvas');
  cells.width = cells.height = size;
  const small = cells.getContext('2d')!;
  small.fillStyle = model;
  small.fillRect(0, 0, size, size);
  const pixels = small.getImageData(0, 0, size, size);
  values.forEach((value, index) => {
    const cell = (size - 1 - Math.floor(index / size)) * size + (index % size);
    pixels.data[4 * cell + 3] = value < 0.002 ? 0 : 190 * Math.sqrt(value);
  });
  small.putImageData(pixels, 0, 0);
  const side = context.canvas.width;
  context.imageSmoothingQuality = 'high';
  context.drawImage(cells, 0, 0, side, side);
}

/** Draws images in a grid, with a gap of one pixel between them. */
export function drawImages(canvas: HTMLCanvasElement, panel: ImagesPanel): void {
  const { values, range } = panel;
  const { width, height, columns, rows } = gridOf(panel);
  const [paper, ink] = range;
  const scale = Math.max(1, Math.floor(canvas.clientWidth / width)) * 2;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const [h, w] = panel.plane;
  for (let image = 0; image < columns * rows && image * h * w < values.length; image++) {
    const [left, top] = [(image % columns) * (w + 1), Math.floor(image / columns) * (h + 1)];
    for (let pixel = 0; pixel < h * w; pixel++) {
      const share = Math.min(1, Math.max(0, (values[image * h * w + pixel]! - paper) / (ink - paper)));
      const grey = Math.round(255 * (1 - share));
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect((left + (pixel % w)) * scale, (top + Math.floor(pixel / w)) * scale, scale, scale);
    }
  }
}

/** The size of a grid of images in pixels of theirs. */
export function gridOf({ plane: [h, w], columns, values }: ImagesPanel): {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
} {
  const count = Math.ceil(values.length / (h * w));
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  return { width: across * (w + 1) - 1, height: rows * (h + 1) - 1, columns: across, rows };
}

/** An SVG path through values from left to right, scaled to a box of 100 x 40. */
export function curvePath(
  values: readonly number[],
  [least, most]: readonly [number, number],
  total: number,
): string {
  const spread = most - least || 1;
  return values
    .map((value, index) => {
      const x = (100 * index) / Math.max(1, total - 1);
      const y = 38 - (36 * (value - least)) / spread;
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
