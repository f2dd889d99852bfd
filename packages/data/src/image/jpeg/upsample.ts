import { ImageFault } from '../rgb-image';

/** The samples of one component; rows may be padded at their end. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly samples: Uint8Array;
}

/**
 * A plane with `across` times as many samples per row and `down` times as many rows. A factor of 2 interpolates: each new
 * sample is 3/4 of the nearest old one and 1/4 of the next, rounded as libjpeg does; other factors repeat samples.
 */
export function upsample(plane: Plane, across: number, down: number): Plane {
  if (across === 1 && down === 1) return plane;
  if (!Number.isInteger(across) || !Number.isInteger(down)) {
    throw new ImageFault('to sample its components at whole ratios', `${across} x ${down}`);
  }
  const [width, height] = [plane.width * across, plane.height * down];
  const samples = new Uint8Array(width * height);
  const smooth = across === 2 ? down <= 2 && plane.width > 2 : across === 1 && down === 2;
  for (let row = 0; row < height; row++) {
    const target = samples.subarray(row * width, (row + 1) * width);
    const near = rowOf(plane, Math.floor(row / down));
    if (!smooth) {
      for (let x = 0; x < width; x++) target[x] = near[Math.floor(x / across)]!;
    } else if (down === 1) {
      interpolate(target, (x) => near[x]!, { length: plane.width, weight: 1, before: 1, after: 2 });
    } else {
      const isUpper = row % 2 === 0;
      const far = rowOf(
        plane,
        isUpper ? Math.max(0, row / 2 - 1) : Math.min(plane.height - 1, (row + 1) / 2),
      );
      if (across === 1) {
        for (let x = 0; x < width; x++) target[x] = (3 * near[x]! + far[x]! + (isUpper ? 1 : 2)) >> 2;
      } else {
        const sum = (x: number) => 3 * near[x]! + far[x]!;
        interpolate(target, sum, { length: plane.width, weight: 4, before: 8, after: 7 });
      }
    }
  }
  return { width, height, stride: width, samples };
}

function rowOf({ samples, stride, width }: Plane, row: number): Uint8Array {
  return samples.subarray(row * stride, row * stride + width);
}

/** Doubles a row whose values are `weight` times samples; `before` and `after` round the two new samples of an old one. */
function interpolate(
  target: Uint8Array,
  value: (x: number) => number,
  { length, weight, before, after }: { length: number; weight: number; before: number; after: number },
): void {
  const divisor = 4 * weight;
  for (let x = 0; x < length; x++) {
    const three = 3 * value(x);
    target[2 * x] = (three + value(Math.max(0, x - 1)) + before) / divisor;
    target[2 * x + 1] = (three + value(Math.min(length - 1, x + 1)) + after) / divisor;
  }
}
