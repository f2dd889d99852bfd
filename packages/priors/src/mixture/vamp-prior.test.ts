import { conditional, normalHead, Key, mlp } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { aggregatedPosterior } from '../aggregated-posterior';
import { gtmVampPrior } from './gtm-vamp-prior';
import { dataPseudoInputs } from './pseudo-inputs';
import { vampPrior } from './vamp-prior';

const encoder = conditional(mlp([3, 8, 4], { key: Key.of(0) }), normalHead({ shape: [2] }));
afterAll(() => encoder.dispose());
const examples = { count: 6, shape: [3], values: Float32Array.from({ length: 18 }, (_, i) => Math.cos(i)) };

describe('the VampPrior', () => {
  test('of all the data, with equal weights, is the aggregated posterior', () => {
    const prior = vampPrior({
      encoder,
      key: Key.of(1),
      pseudoInputs: dataPseudoInputs(examples, { count: 6 }),
    });
    tf.tidy(() => {
      const z = tf.mul(2, Key.of(2).normal([10, 2]));
      const best = aggregatedPosterior(encoder, tf.tensor2d(examples.values, [6, 3]), { chunkSize: 4 });
      expect(prior.given().logProb(z).dataSync()).toBeCloseToArray([...best.logProb(z).dataSync()], {
        relative: 1e-5,
      });
    });
    prior.dispose();
  });

  test('draws without a draw of every component for each sample', async () => {
    const [components, draws, latents] = [500, 10_000, 40];
    const network = mlp([3, 2 * latents], { key: Key.of(0) });
    const wide = conditional(network, normalHead({ shape: [latents] }));
    const pseudoInputs = (key: Key) => key.normal([components, 3]);
    const prior = vampPrior({ encoder: wide, key: Key.of(1), pseudoInputs });
    const { peakBytes, result } = await tf.profile(() =>
      tf.tidy(() => prior.given().sample(Key.of(2), [draws])),
    );
    const z = result as tf.Tensor;
    expect(z.shape).toEqual([draws, latents]);
    expect(tf.tidy(() => tf.sum(z).dataSync()[0])).not.toBeNaN();
    // The noise that picks the components takes 20 MB; draws of all components would take 800 MB.
    expect(peakBytes).toBeLessThan(2 * 4 * draws * components);
    z.dispose();
    prior.dispose();
    wide.dispose();
  });

  test('borrows the encoder: it neither lists nor frees its weights', () => {
    const prior = vampPrior({
      encoder,
      key: Key.of(1),
      pseudoInputs: dataPseudoInputs(examples, { count: 2 }),
    });
    expect([...prior.parameters().keys()]).toEqual(['logits', 'pseudoInputs']);
    prior.dispose();
    expect([...encoder.parameters().values()].some(({ isDisposed }) => isDisposed)).toBe(false);
  });

  test('shows its pseudo-inputs, learned or made by a network', () => {
    const learned = vampPrior({ encoder, key: Key.of(1), pseudoInputs: () => tf.ones([2, 3]) });
    const made = gtmVampPrior({
      encoder,
      network: (u) => tf.concat([u, tf.sum(u, 1, true)], 1),
      grid: { pointsPerAxis: 2 },
    });
    const [ones, sums] = [learned.pseudoInputs(), made.pseudoInputs()];
    expect(ones.arraySync()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(sums.arraySync()).toEqual([
      [-1, -1, -2],
      [-1, 1, 0],
      [1, -1, 0],
      [1, 1, 2],
    ]);
    tf.dispose([ones, sums]);
    learned.dispose();
    made.dispose();
  });
});
