import { Key } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { imageAugmentation } from './augmentation';
import type { Augmentation, ImageAugmentationOptions } from './augmentation';

const key = Key.of(0);
const [N, HEIGHT, WIDTH, CHANNELS] = [1000, 4, 5, 2] as const;
const SHAPE = [HEIGHT, WIDTH, CHANNELS] as const;

type Images = number[][][][];

/** The same image many times, with another number at every entry, and what becomes of it. */
const augmented = (
  options: ImageAugmentationOptions,
): { readonly before: Images[0]; readonly after: Images } =>
  expectNoLeaks(() =>
    tf.tidy(() => {
      const one = tf.reshape(tf.range(1, HEIGHT * WIDTH * CHANNELS + 1), [1, ...SHAPE]);
      const after = imageAugmentation(options)(tf.tile(one, [N, 1, 1, 1]), key);
      expect(after.shape).toEqual([N, ...SHAPE]);
      return { before: (one.arraySync() as Images)[0]!, after: after.arraySync() as Images };
    }),
  );

const integers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Each image must be one of those that are expected, and each of these as frequent as the others, within five standard errors. */
function expectUniform(after: Images, expected: readonly Images[0][]): void {
  const counts = new Map(expected.map((image) => [JSON.stringify(image), 0]));
  expect(counts.size).toBe(expected.length);
  for (const image of after.map((each) => JSON.stringify(each))) {
    expect(counts.has(image)).toBe(true);
    counts.set(image, counts.get(image)! + 1);
  }
  const mean = N / expected.length;
  for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
}

test.each([1, 2])('shift moves an image by up to %i pixels, and zeros come into view', (shift) => {
  const { before, after } = augmented({ shift });
  const distances = integers(-shift, shift);
  const moved = (down: number, right: number) =>
    before.map((row, i) => row.map((pixel, j) => before[i + down]?.[j + right] ?? pixel.map(() => 0)));
  expectUniform(
    after,
    distances.flatMap((down) => distances.map((right) => moved(down, right))),
  );
});

test.each([
  [2, integers(-1, 3), integers(-1, 4)],
  [3, integers(-1, 2), integers(-1, 3)],
])('cutout makes a square of %i pixels zero, whose middle is anywhere', (cutout, tops, lefts) => {
  const { before, after } = augmented({ cutout });
  const cut = (top: number, left: number) =>
    before.map((row, i) =>
      row.map((pixel, j) => {
        const isCut = i >= top && i < top + cutout && j >= left && j < left + cutout;
        return pixel.map((value) => (isCut ? 0 : value));
      }),
    );
  expectUniform(
    after,
    tops.flatMap((top) => lefts.map((left) => cut(top, left))),
  );
});

test('brightness adds one number to each image', () => {
  const { before, after } = augmented({ brightness: 0.5 });
  const added = after.map((image) => {
    const differences = image.flat(2).map((value, index) => value - before.flat(2)[index]!);
    expect(Math.max(...differences) - Math.min(...differences)).toBeLessThan(1e-4);
    return differences[0]!;
  });
  const mean = added.reduce((sum, each) => sum + each, 0) / N;
  expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(1 / 12 / N));
  expect(Math.max(...added)).toBeGreaterThan(0.48);
  expect(Math.max(...added.map(Math.abs))).toBeLessThanOrEqual(0.5001);
});

const all: Augmentation = imageAugmentation({ shift: 1, cutout: 2, brightness: 0.5 });

test('the gradient is that of a linear map', () => {
  tf.tidy(() => {
    const [x, weights] = [key.fold('x').normal([8, ...SHAPE]), key.fold('weights').normal([8, ...SHAPE])];
    const gradient = tf.grad((each: tf.Tensor) => tf.sum(tf.mul(weights, all(each, key))))(x);
    // A(x) - A(0) is linear, so that the inner product with the weights is that of x and the gradient.
    const linear = tf.sub(all(x, key), all(tf.zerosLike(x), key));
    const [left, right] = [tf.sum(tf.mul(gradient, x)), tf.sum(tf.mul(weights, linear))];
    expect(left.dataSync()[0]).toBeCloseTo(right.dataSync()[0]!, 3);
  });
});

test('vectors are changed as the images that they hold, and other draws as other images', () => {
  tf.tidy(() => {
    const x = key.fold('x').normal([8, ...SHAPE]);
    const ofVectors = imageAugmentation({ shift: 1, cutout: 2, brightness: 0.5, shape: SHAPE });
    const vectors = ofVectors(tf.reshape(x, [8, HEIGHT * WIDTH * CHANNELS]), key);
    expect(vectors.shape).toEqual([8, HEIGHT * WIDTH * CHANNELS]);
    expect(vectors.dataSync()).toEqual(all(x, key).dataSync());
    expect(vectors.dataSync()).not.toEqual(all(x, key.fold('other')).dataSync());
    expect(imageAugmentation({})(x, key).dataSync()).toEqual(x.dataSync());
  });
});

test.each<[ImageAugmentationOptions, string]>([
  [{ shift: 0.5 }, 'shift'],
  [{ cutout: -1 }, 'cutout'],
  [{ brightness: -0.1 }, 'brightness'],
  [{ shape: [8, 8] as never }, '[height, width, channels]'],
  [{ shape: [8, 8, 0] }, 'shape'],
  [{ cutOut: 3 } as never, 'did you mean'],
])('refuses %o', (options, message) => {
  expect(() => imageAugmentation(options)).toThrow(message);
});

test('refuses what is no image', () => {
  tf.tidy(() => {
    expect(() => all(tf.zeros([2, 40]), key)).toThrow('[n, height, width, channels]');
    expect(() => imageAugmentation({ shift: 1, shape: [4, 4, 1] })(tf.zeros([2, 15]), key)).toThrow(
      '[n, 16]',
    );
  });
});
