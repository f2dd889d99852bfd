import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
import { checkNumber, checkOptions } from '../check/check';
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
  { peak, ...unknown }: StructuralSimilarityOptions,
): Promise<number> {
  const where = 'structuralSimilarity';
  checkOptions(where, unknown, ['peak']);
  checkPair(where, x, y, peak);
  const side = 2 * RADIUS + 1;
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  if (x.rank !== 4 || height < side || width < side) {
    const expected = `to be images [n, height, width, channels] of ${side} x ${side} or larger`;
    throw new ShapeError({ where, argument: 'x', expected, actual: formatShape(x.shape) });
  }
  const [a, b] = await Promise.all([x.data(), y.data()]);
  const [c1, c2] = [(K1 * peak) ** 2, (K2 * peak) ** 2];
  let total = 0;
  for (let image = 0; image < n * channels; image++) {
    const entry = (values: ArrayLike<number>, position: number): number =>
      values[(Math.floor(image / channels) * height * width + position) * channels + (image % channels)]!;
    const smooth = (value: (position: number) => number): Float64Array => windowed(value, height, width);
    const [meanX, meanY] = [smooth((i) => entry(a, i)), smooth((i) => entry(b, i))];
    const [xx, yy] = [smooth((i) => entry(a, i) ** 2), smooth((i) => entry(b, i) ** 2)];
    const xy = smooth((i) => entry(a, i) * entry(b, i));
    const sum = xy.reduce((sum, product, i) => {
      const [mx, my] = [meanX[i]!, meanY[i]!];
      const [vx, vy, covariance] = [xx[i]! - mx * mx, yy[i]! - my * my, product - mx * my];
      return sum + ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
    }, 0);
    total += sum / xy.length;
  }
  return total / (n * channels);
}

/** Weighted means under the window, at each position whose window lies in the plane; by rows and then by columns. */
function windowed(value: (position: number) => number, height: number, width: number): Float64Array {
  const weights = Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - RADIUS) / WINDOW_STD) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b);
  const columns = width - 2 * RADIUS;
  const mean = (at: (offset: number) => number): number =>
    weights.reduce((total, weight, offset) => total + (weight / sum) * at(offset), 0);
  const rows = Float64Array.from({ length: height * columns }, (_, i) => {
    const start = Math.floor(i / columns) * width + (i % columns);
    return mean((offset) => value(start + offset));
  });
  return Float64Array.from({ length: (height - 2 * RADIUS) * columns }, (_, i) =>
    mean((offset) => rows[i + offset * columns]!),
  );
}

function checkPair(where: string, x: Tensor, y: Tensor, peak: number): void {
  checkNumber(where, 'peak', peak, { above: 0 });
  if (sameShape(x.shape, y.shape)) return;
  throw new ShapeError({
    where,
    argument: 'y',
    expected: `of shape ${formatShape(x.shape)}`,
    actual: formatShape(y.shape),
  });
}
