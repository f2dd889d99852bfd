import { gatherExamples, maximumMeanDiscrepancy, sampleQuality } from '@dgm/core';
import type { Dataset, Engine, Examples, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Metric } from '../../results/schema';
import { hasFeatures, learnFeatures, type Features } from './features';
import type { Measured } from './recipe';

/** The most examples, and samples, that are compared: the time grows with their square. */
const MOST_ROWS = 500;

/**
 * How samples lie among the test rows, and how as many training rows do, which a model that draws from the data would reach.
 * @param draw - makes so many samples, which are disposed of here
 * @param key - chooses the rows
 * @param features - to measure in them as well as in the entries; a metric `coverage` is then `coverage (features digits-conv)`
 */
export async function qualityOf(
  draw: (count: number) => Tensor | Promise<Tensor>,
  { test, train }: { readonly test: Examples; readonly train: Examples },
  key: Key,
  features?: Features,
): Promise<Metrics> {
  const count = Math.min(MOST_ROWS, test.count, train.count);
  const rows = (examples: Examples): Tensor =>
    gatherExamples(examples, key.fold('rows').permutation(examples.count).subarray(0, count));
  const [examples, seen, samples] = [rows(test), rows(train), await draw(count)];
  try {
    const quality = await compare({ examples, seen, samples });
    if (features === undefined) return quality;
    const inFeatures = await compareFeatures({ examples, seen, samples }, features);
    return { ...quality, ...inFeatures };
  } finally {
    tf.dispose([examples, seen, samples]);
  }
}

/** {@link qualityOf}, also in the features that a classifier learns from the training rows, where these are images with classes. */
export async function qualityWithFeatures(
  draw: (count: number) => Tensor | Promise<Tensor>,
  { test, dataset }: { readonly test: Examples; readonly dataset: Dataset },
  { key, ...options }: { readonly key: Key; readonly engine: Engine; readonly quick: boolean },
): Promise<Measured & { readonly metrics: Metrics }> {
  const data = { test, train: dataset.train };
  if (!hasFeatures(dataset)) return { metrics: await qualityOf(draw, data, key) };
  const features = await learnFeatures(dataset, options);
  try {
    const { name, sha256 } = features;
    return { metrics: await qualityOf(draw, data, key, features), features: { name, sha256 } };
  } finally {
    features.dispose();
  }
}

type Metrics = Readonly<Record<string, Metric>>;

/** As many points of each: test rows, training rows and samples. */
interface Compared {
  readonly examples: Tensor;
  readonly seen: Tensor;
  readonly samples: Tensor;
}

async function compare({ examples, seen, samples }: Compared): Promise<Metrics> {
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
}

async function compareFeatures({ examples, seen, samples }: Compared, features: Features): Promise<Metrics> {
  const points = {
    examples: features.extract(examples),
    seen: features.extract(seen),
    samples: features.extract(samples),
  };
  try {
    const metrics = Object.entries(await compare(points));
    return Object.fromEntries(
      metrics.map(([name, metric]) => [`${name} (features ${features.name})`, metric]),
    );
  } finally {
    tf.dispose([points.examples, points.seen, points.samples]);
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
