import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
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
  { peak }: { readonly peak: number },
): Promise<number> {
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError({
      where: 'peakSignalToNoiseRatio',
      argument: 'y',
      expected: `of shape ${formatShape(x.shape)}`,
      actual: formatShape(y.shape),
    });
  }
  const [a, b] = await Promise.all([x.data(), y.data()]);
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index]! - b[index]!) ** 2;
  return 10 * Math.log10(peak ** 2 / (sum / a.length));
}
