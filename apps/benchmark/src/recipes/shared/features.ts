import { createHash } from 'node:crypto';
import {
  ActivationLayer,
  asLayer,
  Conv2d,
  Dense,
  Flatten,
  Key,
  Reshape,
  saveWeights,
  Sequential,
} from '@dgm/core';
import type { Dataset, Engine } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FeaturesUsed } from '../../results/schema';
import { classesOf, hasLabels, imageShape, isVectorsOfIntegers } from './datasets';
import { trainedClassifier } from './trained-classifier';

/** A trained network from examples to what it sees in them. */
export interface Features extends FeaturesUsed {
  /** `[n, ...event]` to `[n, features]`; the caller owns them. */
  extract(x: Tensor): Tensor;
  dispose(): void;
}

/** Whether features can be learned: images of integers, as vectors, that have classes. */
export const hasFeatures = (dataset: Dataset): boolean =>
  hasLabels(dataset) && isVectorsOfIntegers(dataset) && imageShape(dataset.train.shape) !== undefined;

/** The seed of the weights is the same for all models that are measured, so that their numbers compare. */
const KEY = Key.of(0).fold('features');

/**
 * The last hidden layer of a convolutional classifier that learns from the training rows, of which {@link hasFeatures} is true.
 * The caller disposes of it.
 * @param options - `key`: determines the weights, together with data and engine
 */
export async function learnFeatures(
  dataset: Dataset,
  {
    engine,
    quick = false,
    key = KEY,
  }: { readonly engine?: Engine; readonly quick?: boolean; readonly key?: Key },
): Promise<Features> {
  const { train, levels, name } = dataset;
  const [height, width, channels] = imageShape(train.shape)!;
  const [few, many, units] = quick ? [4, 8, 16] : [16, 32, 64];
  const conv = (layer: string, inputs: number, outputs: number, stride: number) =>
    new Conv2d({ inputs, outputs, stride, kernelSize: 3, padding: 'same', key: key.fold(layer) });
  const silu = () => new ActivationLayer('swish');
  const inputs = many * Math.ceil(height / 2) * Math.ceil(width / 2);
  const hidden = new Sequential([
    asLayer((x: Tensor) => tf.sub(tf.mul(x, 2 / (levels! - 1)), 1)),
    new Reshape({ shape: [height, width, channels] }),
    ...[conv('first', channels, few, 1), silu(), conv('second', few, many, 2), silu(), new Flatten()],
    ...[new Dense({ inputs, outputs: units, key: key.fold('hidden') }), silu()],
  ]);
  const classes = classesOf(dataset);
  const logits = new Dense({ inputs: units, outputs: classes, key: key.fold('logits') });
  const model = await trainedClassifier(new Sequential([hidden, logits]), train, {
    ...{ key: key.fold('training'), classes, ...(engine && { engine }) },
    ...{ learningRate: 3e-3, epochs: quick ? 2 : 15 },
  });
  return {
    name: `${name}-conv`,
    sha256: createHash('sha256')
      .update(await saveWeights(hidden))
      .digest('hex'),
    extract: (x) => tf.tidy(() => hidden.apply(x)),
    dispose: () => model.dispose(),
  };
}
