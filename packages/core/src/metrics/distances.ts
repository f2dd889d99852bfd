import type { Tensor } from '@tensorflow/tfjs-core';
import { checkGiven } from '../check/check';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sizeOf } from '../shape/shape';

/** Points on the host, one row after the other. */
export interface Points {
  readonly values: ArrayLike<number>;
  readonly count: number;
  /** The number of entries of a point. */
  readonly size: number;
}

/**
 * Reads tensors `[n, ...event]` of one event shape as points.
 * @param least - the number of points that each must have
 * @throws ShapeError naming `where`
 */
export async function readPoints(
  where: string,
  tensors: Readonly<Record<string, Tensor>>,
  least = 1,
): Promise<Points[]> {
  const [first] = Object.values(tensors);
  for (const [name, tensor] of Object.entries(tensors)) {
    checkGiven(where, name, tensor, 'to be a tensor of shape [n, ...event]');
    const size = sizeOf(tensor.shape.slice(1));
    if ((tensor.shape[0] ?? 0) >= least && size === sizeOf(first!.shape.slice(1))) continue;
    throw new ShapeError({
      where,
      argument: name,
      expected: `of shape ${formatShape(['n', ...first!.shape.slice(1)])} with n at least ${least}`,
      actual: formatShape(tensor.shape),
    });
  }
  return Promise.all(
    Object.values(tensors).map(async (tensor) => ({
      values: await tensor.data(),
      count: tensor.shape[0]!,
      size: sizeOf(tensor.shape.slice(1)),
    })),
  );
}

/** Of every point of `a` to every point of `b`, row-major, in doubles. */
export function squaredDistances(a: Points, b: Points): Float64Array {
  const distances = new Float64Array(a.count * b.count);
  for (let row = 0; row < a.count; row++) {
    for (let column = 0; column < b.count; column++) {
      let sum = 0;
      for (let entry = 0; entry < a.size; entry++)
        sum += (a.values[row * a.size + entry]! - b.values[column * a.size + entry]!) ** 2;
      distances[row * b.count + column] = sum;
    }
  }
  return distances;
}
