import type { RgbImage } from '../rgb-image';
import type { Plane } from './upsample';

export type ColourSpace = 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'ycck';

/**
 * Puts the planes of a frame together as RGB.
 *
 * YCbCr is that of JFIF, in 16-bit fixed point as in libjpeg. The four inks are stored inverted, as Adobe's programs
 * write them and others read them; a pixel is what its colours leave of the black's light.
 */
export function toRgb(
  { width, height }: { readonly width: number; readonly height: number },
  planes: readonly Plane[],
  space: ColourSpace,
): RgbImage {
  const pixels = new Uint8Array(width * height * 3);
  const values = new Uint8Array(4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      planes.forEach(({ samples, stride }, index) => (values[index] = samples[y * stride + x]!));
      if (space === 'ycbcr' || space === 'ycck') fromYcbcr(values);
      if (space === 'grey') values.fill(values[0]!);
      // YCCK holds the complements of the inks, and these are inverted once more.
      if (space === 'ycck') for (let c = 0; c < 3; c++) values[c] = 255 - values[c]!;
      if (planes.length === 4) fromInvertedCmyk(values);
      pixels[at] = values[0]!;
      pixels[at + 1] = values[1]!;
      pixels[at + 2] = values[2]!;
    }
  }
  return { width, height, pixels };
}

/** $R = Y + 1.402 C_r$, $G = Y - .344 C_b - .714 C_r$, $B = Y + 1.772 C_b$, chroma around 128. */
function fromYcbcr(values: Uint8Array): void {
  const [y, blue, red] = [values[0]!, values[1]! - 128, values[2]! - 128];
  values[0] = clamp(y + ((91881 * red + HALF) >> 16));
  values[1] = clamp(y + ((-22554 * blue - 46802 * red + HALF) >> 16));
  values[2] = clamp(y + ((116130 * blue + HALF) >> 16));
}

const HALF = 2 ** 15;

/** The inverted inks are light: what each of three colours lets through of what black lets through. */
function fromInvertedCmyk(values: Uint8Array): void {
  const light = values[3]!;
  for (let c = 0; c < 3; c++) {
    const product = (255 - values[c]!) * light + 128;
    values[c] = light - ((product + (product >> 8)) >> 8);
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
