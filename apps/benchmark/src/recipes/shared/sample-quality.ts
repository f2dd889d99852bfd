import { gatherExamples, maximumMeanDiscrepancy, sampleQuality } from '@dgm/core';
import type { Examples, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Metric } from '../../results/schema';

/** The most examples, and samples, that are compared: the time grows with their square. */
const MOST_ROWS = 500;

/**
 * How samples lie among the test rows, and how as many training rows do, which a model that draws from the data would reach.
 * @param draw - makes so many samples, which are disposed of here
 * @param key - chooses the rows
 */
export async function qualityOf(
  draw: (count: number) => Tensor | Promise<Tensor>,
  { test, train }: { readonly test: Examples; readonly train: Examples },
  key: Key,
): Promise<Readonly<Record<string, Metric>>> {
  const count = Math.min(MOST_ROWS, test.count, train.count);
  const rows = (examples: Examples): Tensor =>
    gatherExamples(examples, key.fold('rows').permutation(examples.count).subarray(0, count));
  const [examples, seen, samples] = [rows(test), rows(train), await draw(count)];
  try {
    const { ceiling, ...quality } = await sampleQuality(examples, samples, { train: seen });
    const bandwidth = await medianDistance(examples, seen);
    const discrepancy = (x: Tensor) => maximumMeanDiscrepancy(x, examples, { bandwidth });
    const higher = (value: number): Metric => ({ value, better: 'higher' });
    const lower = (value: number): Metric => ({ value, better: 'lower' });
    return {
      coverage: higher(quality.coverage),
      precision: higher(quality.precision),
      density: higher(quality.density),
      recall: higher(quality.recall),
      'MMD²': lower(await discrepancy(samples)),
      'coverage of training rows': higher(ceiling!.coverage),
      'precision of training rows': higher(ceiling!.precision),
      'MMD² of training rows': lower(await discrepancy(seen)),
    };
  } finally {
    tf.dispose([examples, seen, samples]);
  }
}

/** Between points of one set and of the other. */
async function medianDistance(x: Tensor, y: Tensor): Promise<number> {
  const distances = tf.tidy(() => {
    const gaps = tf.sub(tf.expandDims(x, 1), tf.expandDims(y, 0));
    return tf.reshape(tf.sqrt(tf.sum(tf.square(gaps), -1)), [-1]);
  });
  const values = (await distances.data()).slice().sort();
  distances.dispose();
  return values[values.length >> 1]!;
}
