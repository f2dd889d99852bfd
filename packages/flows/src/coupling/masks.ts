import { checkInteger, checkThat, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';

/**
 * Which elements of an event a coupling keeps, in row-major order: `true` marks $x_a$, which stays unchanged and is
 * the network's input; `false` marks $x_b$, which changes.
 */
export type Mask = readonly boolean[];

/**
 * Keeps the first half, $x_{1:\lceil D/2 \rceil}$ (DGM Eq. 3.15).
 *
 * @example
 * ```ts
 * const network = mlp([4, 32, 4 * 2], { key });
 * const layer = new Coupling({ mask: halfMask(8), network, transformer: affine() });
 * ```
 */
export function halfMask(size: number): Mask {
  checkInteger('halfMask', 'size', size, { min: 2 });
  return Array.from({ length: size }, (_, index) => index < Math.ceil(size / 2));
}

/**
 * Keeps every second element, starting with the first.
 *
 * @example
 * ```ts
 * const network = mlp([4, 32, 4 * 2], { key });
 * const layer = new Coupling({ mask: alternatingMask(8), network, transformer: affine() });
 * ```
 */
export function alternatingMask(size: number): Mask {
  checkInteger('alternatingMask', 'size', size, { min: 2 });
  return Array.from({ length: size }, (_, index) => index % 2 === 0);
}

/**
 * Keeps the pixels of one colour of a checkerboard, in all channels.
 * @param shape - `[height, width]` or `[height, width, channels]`
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §3.4; DGM §3.1.6
 *
 * @example
 * ```ts
 * const network = mlp([32, 64, 32 * 2], { key }); // half of 64 pixels to two numbers for each of the others
 * const layer = new Coupling({ mask: checkerboardMask([8, 8]), network, transformer: affine() });
 * ```
 */
export function checkerboardMask(shape: Shape): Mask {
  const [height = 0, width = 0, channels = 1] = shape;
  checkThat('checkerboardMask', 'shape', shape.length >= 2 && shape.length <= 3 && height * width >= 2, {
    expected: 'to be [height, width] or [height, width, channels], of two pixels at least',
    actual: `[${shape.join(', ')}]`,
  });
  return Array.from({ length: sizeOf(shape) }, (_, index) => {
    const pixel = Math.floor(index / channels);
    return (Math.floor(pixel / width) + (pixel % width)) % 2 === 0;
  });
}

/**
 * The complement of a mask.
 *
 * @example
 * ```ts
 * const mask = halfMask(8);
 * const network = (at: number): Layer => mlp([4, 32, 4 * 2], { key: key.fold(at) });
 * const layers = [
 *   new Coupling({ mask, network: network(0), transformer: affine() }),
 *   new Coupling({ mask: oppositeMask(mask), network: network(1), transformer: affine() }),
 * ];
 * const model = flow({ layers, eventShape: [8] });
 * ```
 */
export function oppositeMask(mask: Mask): Mask {
  return mask.map((kept) => !kept);
}

/**
 * Checks that a mask has one entry per element, and neither keeps nor changes all of them.
 * @throws ArgumentError naming `where`
 */
export function checkMask(where: string, mask: Mask, size: number): void {
  const kept = mask.filter((stays) => stays === true).length;
  const isMask = mask.length === size && mask.every((stays) => typeof stays === 'boolean');
  checkThat(where, 'mask', isMask && kept > 0 && kept < size, {
    expected: `to have ${size} entries, of which some are true and some are false`,
    actual: isMask ? `${kept} of ${size} true` : `[${mask.join(', ')}]`,
  });
}
