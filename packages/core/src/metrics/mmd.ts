import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../errors/dgm-error';
import { formatShape, sizeOf } from '../shape/shape';

export interface MmdOptions {
  /** Standard deviation $\ell$ of the kernel; the median distance between pairs of both sets unless given. */
  readonly bandwidth?: number;
}

/**
 * Squared maximum mean discrepancy of two samples under the kernel $k(a, b) = e^{-\|a - b\|^2 / 2\ell^2}$, unbiased:
 * $\frac{\sum_{i \ne j} k(x_i, x_j)}{n(n-1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{m(m-1)} - \frac{2 \sum_{ij} k(x_i, y_j)}{nm}$.
 *
 * Computed on the host in doubles, in time that grows with $(n + m)^2$.
 * @param x - `[n, ...event]`, n at least 2
 * @param y - `[m, ...event]`, m at least 2
 * @returns 0 on average for equal distributions; may be negative
 * @see A kernel two-sample test (Gretton et al., 2012), Eq. 3
 */
export async function maximumMeanDiscrepancy(
  x: Tensor,
  y: Tensor,
  { bandwidth }: MmdOptions = {},
): Promise<number> {
  const where = 'maximumMeanDiscrepancy';
  const size = sizeOf(x.shape.slice(1));
  const [n, m] = [x.shape[0] ?? 0, y.shape[0] ?? 0];
  if (n < 2 || m < 2 || sizeOf(y.shape.slice(1)) !== size) {
    const expected = 'to be [n, ...event] and [m, ...event] with n and m at least 2';
    const actual = `${formatShape(x.shape)} and ${formatShape(y.shape)}`;
    throw new ShapeError({ where, argument: 'x and y', expected, actual });
  }
  const [a, b] = await Promise.all([x.data(), y.data()]);
  const within = [squaredDistances(a, a, size), squaredDistances(b, b, size)].map((distances, side) =>
    distances.filter((_, index) => index % ([n, m][side]! + 1) !== 0),
  );
  const between = squaredDistances(a, b, size);
  const squaredBandwidth = bandwidth === undefined ? median([...within, between]) : bandwidth ** 2;
  if (!(squaredBandwidth > 0)) {
    const remedy = 'give a bandwidth: most points are equal';
    throw new ArgumentError({
      where,
      argument: 'bandwidth',
      expected: 'to be positive',
      actual: '0',
      remedy,
    });
  }
  const [xx, yy, xy] = [...within, between].map((distances) => meanKernel(distances, squaredBandwidth));
  return xx! + yy! - 2 * xy!;
}

/** Of every row of `a` to every row of `b`, row-major. */
function squaredDistances(a: ArrayLike<number>, b: ArrayLike<number>, size: number): Float64Array {
  const [rows, columns] = [a.length / size, b.length / size];
  const distances = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let entry = 0; entry < size; entry++)
        sum += (a[row * size + entry]! - b[column * size + entry]!) ** 2;
      distances[row * columns + column] = sum;
    }
  }
  return distances;
}

function meanKernel(distances: Float64Array, squaredBandwidth: number): number {
  const sum = distances.reduce(
    (total, distance) => total + Math.exp((-0.5 * distance) / squaredBandwidth),
    0,
  );
  return sum / distances.length;
}

function median(parts: readonly Float64Array[]): number {
  const all = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all.sort()[all.length >> 1]!;
}
