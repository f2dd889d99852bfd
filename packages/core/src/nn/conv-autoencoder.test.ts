import { convDecoder, convEncoder, discretizedLogisticMixtureHead, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

const image = () => Key.of(5).normal([2, 4, 8]);

test('an encoder takes images that are flat', () => {
  const encoder = convEncoder({ plane: [4, 8], hidden: [2], outputs: 4, key: Key.of(0) });
  tf.tidy(() => {
    const x = image();
    const flat = encoder.apply(tf.reshape(x, [2, 32])).dataSync();
    expect([...flat]).toEqual([...encoder.apply(x).dataSync()]);
  });
  encoder.dispose();
});

test('a decoder puts the kinds of parameters where the head looks for them', () => {
  // One pixel's channels lie together before; the head takes all log-weights first, then all means, then all scales.
  const decoders = [1, 3].map((parts) =>
    convDecoder({ plane: [2, 2], latent: 2, hidden: [4], outputs: 4 * 6, parts, key: Key.of(0) }),
  );
  tf.tidy(() => {
    const z = Key.of(1).normal([1, 2]);
    const [byPixel, byKind] = decoders.map((decoder) => [...decoder.apply(z).dataSync()]);
    // 4 pixels of 3 kinds of 2 components: kind 2, pixel 1, component 0.
    expect(byKind![2 * 8 + 1 * 2]).toBe(byPixel![1 * 6 + 2 * 2]);
    const head = discretizedLogisticMixtureHead({ shape: [2, 2], levels: 5, components: 2 });
    expect(head.numParameters).toBe(byKind!.length);
  });
  for (const decoder of decoders) decoder.dispose();
});

test('a plane that cannot be halved is refused, and outputs that fall to no pixel', () => {
  const options = { plane: [6, 8] as const, hidden: [2, 3], outputs: 48, key: Key.of(0) };
  expect(() => convEncoder(options)).toThrow('expected plane to be divisible by 4');
  expect(() => convDecoder({ ...options, plane: [4, 8], latent: 2, parts: 3 })).toThrow(
    'expected outputs to be 3 numbers for each pixel of [4, 8], or a multiple of it, got 48',
  );
});

test('an encoder scales raw pixels of the levels that it is told', () => {
  const options = { plane: [4, 8] as const, hidden: [2], outputs: 4, key: Key.of(0) };
  const [plain, raw] = [convEncoder(options), convEncoder({ ...options, levels: 3 })];
  tf.tidy(() => {
    const x = tf.floor(tf.mul(3, Key.of(5).uniform([2, 4, 8])));
    expect([...raw.apply(x).dataSync()]).toEqual([...plain.apply(tf.sub(x, 1)).dataSync()]);
  });
  plain.dispose();
  raw.dispose();
});
