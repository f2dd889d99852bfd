import { readFile } from 'node:fs/promises';
import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/jpeg.json';
import { files, picture } from '../../test/fixtures/jpeg';
import { decodeJpeg } from './decode-jpeg';
import { encodeJpeg } from './encode-jpeg';
import { dct, inverseDct, toRgb, toYCbCr, ZIG_ZAG } from './transform';
import type { RasterImage } from './transform';

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
};

/** The mean distance in brightness. */
function meanBrightness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const at = (values: ArrayLike<number>, pixel: number) =>
    toYCbCr(values[3 * pixel]!, values[3 * pixel + 1]!, values[3 * pixel + 2]!)[0];
  const count = a.length / 3;
  let sum = 0;
  for (let pixel = 0; pixel < count; pixel++) sum += Math.abs(at(a, pixel) - at(b, pixel));
  return sum / count;
}

describe('the steps of JPEG', () => {
  it('turn colours into brightness and differences, and back', () => {
    // Grey has no colour: the coefficients of each difference sum to 0.
    expect(toYCbCr(77, 77, 77).map((value) => Number(value.toFixed(9)))).toEqual([77, 128, 128]);
    const [r, g, b] = toRgb(...toYCbCr(200, 30, 90));
    expect(largest([r, g, b], [200, 30, 90])).toBeLessThan(1e-3);
  });

  it('transform blocks by an orthonormal basis', () => {
    const block = Float64Array.from({ length: 64 }, (_, at) => ((at * 37) % 64) - 32);
    const coefficients = dct(block);
    expect(coefficients[0]).toBeCloseTo(block.reduce((sum, each) => sum + each) / 8, 10);
    const energy = (values: Float64Array) => values.reduce((sum, each) => sum + each ** 2, 0);
    expect(energy(coefficients)).toBeCloseTo(energy(block), 6);
    expect(largest(inverseDct(coefficients), block)).toBeLessThan(1e-12);
  });

  it('go along the diagonals', () => {
    expect([...ZIG_ZAG.subarray(0, 10)]).toEqual([0, 1, 8, 16, 9, 2, 3, 10, 17, 24]);
    expect(new Set(ZIG_ZAG).size).toBe(64);
    expect(ZIG_ZAG[63]).toBe(63);
  });
});

describe('encodeJpeg', () => {
  it.each(Object.entries(files))(
    'writes the committed file %s, in which libjpeg sees what we do',
    async (name, [channels, options]) => {
      const file = encodeJpeg(picture(channels), options);
      expect(
        Buffer.from(file).equals(await readFile(new URL(`../../test/fixtures/${name}.jpg`, import.meta.url))),
      ).toBe(true);
      const { values } = decodeJpeg(file);
      const pixels = golden.own[name as keyof typeof golden.own];
      // libjpeg interpolates colour of half the resolution: brightness is what both see alike.
      if (name === 'halved') expect(meanBrightness(values, pixels)).toBeLessThan(1);
      else expect(largest(values, pixels)).toBeLessThanOrEqual(2);
    },
  );

  it('comes nearer with quality, for more bytes', () => {
    const image = picture(3, [40, 24]);
    const points = [5, 25, 50, 75, 95, 100].map((quality) => {
      const file = encodeJpeg(image, { quality, subsampling: false });
      const { values } = decodeJpeg(file);
      const error = Array.from(values).reduce((sum, value, at) => sum + (value - image.values[at]!) ** 2, 0);
      return { bytes: file.length, error };
    });
    for (let at = 1; at < points.length; at++) {
      expect(points[at]!.bytes).toBeGreaterThan(points[at - 1]!.bytes);
      expect(points[at]!.error).toBeLessThan(points[at - 1]!.error);
    }
  });

  it('takes one pixel, and noise that needs long codes', () => {
    expect(
      decodeJpeg(encodeJpeg({ width: 1, height: 1, channels: 1, values: [200] }, { quality: 100 })).values[0],
    ).toBe(200);
    let state = 1;
    const values = Uint8Array.from({ length: 64 * 64 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
    const image: RasterImage = { width: 64, height: 64, channels: 1, values };
    expect(largest(decodeJpeg(encodeJpeg(image, { quality: 100 })).values, values)).toBeLessThanOrEqual(3);
  });

  it.each<[string, () => unknown, string]>([
    ['too few values', () => encodeJpeg({ ...picture(1), width: 5 }), 'shape'],
    ['a value of 256', () => encodeJpeg({ width: 1, height: 1, channels: 1, values: [256] }), 'domain'],
    ['NaN', () => encodeJpeg({ width: 1, height: 1, channels: 1, values: [NaN] }), 'domain'],
    ['two channels', () => encodeJpeg({ width: 1, height: 1, channels: 2 as 1, values: [0, 0] }), 'argument'],
    ['an empty image', () => encodeJpeg({ width: 0, height: 0, channels: 1, values: [] }), 'argument'],
    ['a quality of 0', () => encodeJpeg(picture(1), { quality: 0 }), 'argument'],
    ['an unknown option', () => encodeJpeg(picture(1), { Quality: 3 } as never), 'argument'],
  ])('refuses %s', (_, act, code) => expect(failure(act)).toBe(code));
});

describe('decodeJpeg', () => {
  it('sees what libjpeg sees in its files', () => {
    for (const { file, shape, pixels } of golden.other) {
      const { width, height, channels, values } = decodeJpeg(bytesOf(file));
      expect([height, width, channels]).toEqual([...shape, 1].slice(0, 3));
      expect(largest(values, pixels)).toBeLessThanOrEqual(2);
    }
  });

  it('refuses progressive files, and more pixels than allowed', () => {
    expect(failure(() => decodeJpeg(bytesOf(golden.progressive)))).toBe('serialization');
    const file = encodeJpeg(picture(1));
    expect(failure(() => decodeJpeg(file, { maxPixels: 19 * 13 - 1 }))).toBe('serialization');
    expect(failure(() => decodeJpeg(file, { maxPixels: 19 * 13 }))).toBe('none');
  });

  it('survives damage: a typed error, or another image', () => {
    const file = encodeJpeg(picture(3), { quality: 30 });
    for (let length = 0; length < file.length - 2; length++) {
      expect(failure(() => decodeJpeg(file.subarray(0, length)))).toBe('serialization');
    }
    for (let at = 0; at < 8 * file.length; at += 3) {
      const flipped = file.slice();
      flipped[at >> 3]! ^= 1 << (at % 8);
      expect(['none', 'serialization']).toContain(failure(() => decodeJpeg(flipped, { maxPixels: 1e5 })));
    }
  });
});
