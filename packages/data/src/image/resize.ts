import type { RgbImage } from './rgb-image';

/**
 * An image in another size: each new pixel is the mean of the area it covers, which is a box filter where the image
 * shrinks and leaves sharp squares where it grows.
 */
export function resize(
  { width, height, pixels }: RgbImage,
  size: readonly [height: number, width: number],
): RgbImage {
  const [newHeight, newWidth] = size;
  if (newHeight === height && newWidth === width) return { width, height, pixels };
  const rows = overlaps(height, newHeight);
  const columns = overlaps(width, newWidth);
  const resized = new Uint8Array(newHeight * newWidth * 3);
  for (let y = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++) {
      for (let colour = 0; colour < 3; colour++) {
        let mean = 0;
        for (const [row, rowShare] of rows[y]!) {
          for (const [column, columnShare] of columns[x]!) {
            mean += rowShare * columnShare * pixels[(row * width + column) * 3 + colour]!;
          }
        }
        resized[(y * newWidth + x) * 3 + colour] = Math.round(mean);
      }
    }
  }
  return { width: newWidth, height: newHeight, pixels: resized };
}

/** For each new cell of an axis, the old cells that it covers and the share of each. */
function overlaps(from: number, to: number): (readonly [cell: number, share: number])[][] {
  return Array.from({ length: to }, (_, target) => {
    const start = (target * from) / to;
    const end = ((target + 1) * from) / to;
    const shares: (readonly [number, number])[] = [];
    for (let cell = Math.floor(start); cell < end; cell++) {
      const covered = Math.min(end, cell + 1) - Math.max(start, cell);
      if (covered > 0 && cell < from) shares.push([cell, covered / (end - start)]);
    }
    return shares;
  });
}
