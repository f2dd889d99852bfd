import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
import { checkNumber, checkOptions, checkThat } from '../check/check';
import { formatShape, sameShape } from '../shape/shape';

/**
 * Peak signal-to-noise ratio, $10 \log_{10} \frac{\text{peak}^2}{\text{MSE}}$, over all entries.
 * @param x - the original
 * @param y - its reconstruction, of the same shape
 * @param options - `peak`: the largest value an entry can take
 * @returns decibels; Infinity for equal tensors
 */
export async function peakSignalToNoiseRatio(
  x: Tensor,
  y: Tensor,
  { peak, ...unknown }: { readonly peak: number },
): Promise<number> {
  checkOptions('peakSignalToNoiseRatio', unknown, ['peak']);
  checkPair('peakSignalToNoiseRatio', x, y, peak);
  const [a, b] = await Promise.all([x.data(), y.data()]);
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index]! - b[index]!) ** 2;
  return 10 * Math.log10(peak ** 2 / (sum / a.length));
}

export interface StructuralSimilarityOptions {
  /** The largest value that an entry can take. */
  readonly peak: number;
}

/** The constants of the paper: a Gaussian window of 11 x 11 with standard deviation 1.5, $K_1$ and $K_2$. */
const [RADIUS, WINDOW_STD, K1, K2] = [5, 1.5, 0.01, 0.03];
const SIDE = 2 * RADIUS + 1;

/**
 * Structural similarity of images, averaged over positions, channels and images:
 *
 * $$\frac{(2 \mu_x \mu_y + c_1) (2 \sigma_{xy} + c_2)}{(\mu_x^2 + \mu_y^2 + c_1) (\sigma_x^2 + \sigma_y^2 + c_2)},
 *   \quad c_i = (K_i\, \text{peak})^2$$
 *
 * with means, variances and covariance under a Gaussian window around each position whose window lies in the image.
 * Computed on the host in doubles.
 * @param x - the originals, `[n, height, width, channels]`, 11 x 11 or larger
 * @param y - their reconstructions, of the same shape
 * @returns in [-1, 1]; 1 for equal images
 * @throws {@link ShapeError} for images that are too small or of different shapes.
 * @see Image Quality Assessment: From Error Visibility to Structural Similarity (Wang et al., 2004), Eq. 13-16
 */
export async function structuralSimilarity(
  x: Tensor,
  y: Tensor,
  options: StructuralSimilarityOptions,
): Promise<number> {
  const planes = await planesOf(x, y, options, { where: 'structuralSimilarity', side: SIDE });
  return mean(planes.map(([a, b]) => similarity(a, b, options.peak).whole));
}

/** The weights of the five scales, from fine to coarse. */
const SCALES = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/**
 * Multiscale structural similarity (MS-SSIM) of images, averaged over channels and images: the mean contrast and structure of
 * five scales, each half as wide as the one before, and the whole similarity of the coarsest,
 *
 * $$\text{SSIM}_5^{w_5} \prod_{j=1}^4 \left( \overline{\frac{2 \sigma_{xy} + c_2}{\sigma_x^2 + \sigma_y^2 + c_2}} \right)^{w_j}$$
 *
 * A scale is made of the means of 2 x 2 pixels; the last row or column of an odd number is repeated. A negative mean counts as 0.
 * Computed on the host in doubles.
 * @param x - the originals, `[n, height, width, channels]`, 161 x 161 or larger: the window has to fit into the coarsest scale
 * @param y - their reconstructions, of the same shape
 * @returns in [0, 1]; 1 for equal images
 * @throws {@link ShapeError} for images that are too small for five scales or of different shapes.
 * @see Multiscale Structural Similarity for Image Quality Assessment (Wang, Simoncelli and Bovik, 2003), Eq. 7
 */
export async function multiscaleStructuralSimilarity(
  x: Tensor,
  y: Tensor,
  options: StructuralSimilarityOptions,
): Promise<number> {
  const side = 2 ** (SCALES.length - 1) * (SIDE - 1) + 1;
  const planes = await planesOf(x, y, options, { where: 'multiscaleStructuralSimilarity', side });
  return mean(
    planes.map(([a, b]) => {
      let product = 1;
      SCALES.forEach((weight, scale) => {
        if (scale > 0) [a, b] = [halved(a), halved(b)];
        const { whole, contrast } = similarity(a, b, options.peak);
        product *= Math.max(0, scale < SCALES.length - 1 ? contrast : whole) ** weight;
      });
      return product;
    }),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** One channel of one image. */
interface Plane {
  readonly values: Float64Array;
  readonly height: number;
  readonly width: number;
}

/** The planes of both tensors, side by side, after their checks. */
async function planesOf(
  x: Tensor,
  y: Tensor,
  { peak, ...unknown }: StructuralSimilarityOptions,
  { where, side }: { readonly where: string; readonly side: number },
): Promise<(readonly [Plane, Plane])[]> {
  checkOptions(where, unknown, ['peak']);
  checkPair(where, x, y, peak);
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  if (x.rank !== 4 || height < side || width < side) {
    const expected = `to be images [n, height, width, channels] of ${side} x ${side} or larger`;
    throw new ShapeError({ where, argument: 'x', expected, actual: formatShape(x.shape) });
  }
  const [a, b] = await Promise.all([x.data(), y.data()]);
  const size = height * width;
  return Array.from({ length: n * channels }, (_, index) => {
    const start = Math.floor(index / channels) * size * channels + (index % channels);
    const plane = (data: ArrayLike<number>): Plane => ({
      ...{ height, width },
      values: Float64Array.from({ length: size }, (_, position) => data[start + position * channels]!),
    });
    return [plane(a), plane(b)] as const;
  });
}

/** The mean of the similarity, and that of its factor of contrast and structure. */
function similarity(x: Plane, y: Plane, peak: number): { readonly whole: number; readonly contrast: number } {
  const [c1, c2] = [(K1 * peak) ** 2, (K2 * peak) ** 2];
  const { height, width } = x;
  const [a, b] = [x.values, y.values];
  const smooth = (value: (position: number) => number): Float64Array => windowed(value, height, width);
  const [meanX, meanY] = [smooth((i) => a[i]!), smooth((i) => b[i]!)];
  const [xx, yy] = [smooth((i) => a[i]! ** 2), smooth((i) => b[i]! ** 2)];
  const xy = smooth((i) => a[i]! * b[i]!);
  let [whole, contrast] = [0, 0];
  xy.forEach((product, i) => {
    const [mx, my] = [meanX[i]!, meanY[i]!];
    const [vx, vy, covariance] = [xx[i]! - mx * mx, yy[i]! - my * my, product - mx * my];
    const [above, below] = [2 * covariance + c2, vx + vy + c2];
    contrast += above / below;
    whole += ((2 * mx * my + c1) * above) / ((mx * mx + my * my + c1) * below);
  });
  return { whole: whole / xy.length, contrast: contrast / xy.length };
}

/** The means of 2 x 2 pixels. */
function halved({ values, height, width }: Plane): Plane {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const half = Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [2 * Math.floor(i / columns), 2 * (i % columns)];
    const [below, right] = [Math.min(row + 1, height - 1), Math.min(column + 1, width - 1)];
    const at = (y: number, x: number): number => values[y * width + x]!;
    return (at(row, column) + at(row, right) + at(below, column) + at(below, right)) / 4;
  });
  return { values: half, height: rows, width: columns };
}

/** Weighted means under the window, at each position whose window lies in the plane; by rows and then by columns. */
function windowed(value: (position: number) => number, height: number, width: number): Float64Array {
  const weights = Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - RADIUS) / WINDOW_STD) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b);
  const columns = width - 2 * RADIUS;
  const weighted = (at: (offset: number) => number): number =>
    weights.reduce((total, weight, offset) => total + (weight / sum) * at(offset), 0);
  const rows = Float64Array.from({ length: height * columns }, (_, i) => {
    const start = Math.floor(i / columns) * width + (i % columns);
    return weighted((offset) => value(start + offset));
  });
  return Float64Array.from({ length: (height - 2 * RADIUS) * columns }, (_, i) =>
    weighted((offset) => rows[i + offset * columns]!),
  );
}

function checkPair(where: string, x: Tensor, y: Tensor, peak: number): void {
  checkNumber(where, 'peak', peak, { above: 0 });
  checkThat(where, 'y', sameShape(x.shape, y.shape), {
    error: ShapeError,
    expected: `of shape ${formatShape(x.shape)}`,
    actual: formatShape(y.shape),
  });
}
