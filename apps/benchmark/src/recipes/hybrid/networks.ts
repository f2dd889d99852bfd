import { ActivationLayer, asLayer, Conv2d, Dense, Dropout, Flatten, Reshape, Sequential } from '@dgm/core';
import type { Dataset, Layer } from '@dgm/core';
import { RandomShift } from '@dgm/hybrid';
import * as tf from '@tensorflow/tfjs-core';
import { classesOf, imageShape } from '../shared/datasets';
import type { RecipeTask } from '../shared/recipe';

/** The largest of each 2x2 pixels, `[n, height, width, c]` to `[n, height / 2, width / 2, c]`. */
function maxPool(x: tf.Tensor): tf.Tensor {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  return tf.tidy(() => {
    const ofRows = tf.max(tf.reshape(x, [(n * height) / 2, 2, width * channels]), 1);
    const ofPixels = tf.max(tf.reshape(ofRows, [(n * height * width) / 4, 2, channels]), 1);
    return tf.reshape(ofPixels, [n, height / 2, width / 2, channels]);
  });
}

type ConvTask = Pick<RecipeTask, 'dataset' | 'key' | 'quick'>;

/** Images with pixels in [-1, 1], moved by a pixel and with noise while a network is trained. */
export function movedImages({ train }: Pick<Dataset, 'train'>): readonly Layer[] {
  const [height, width] = imageShape(train.shape)!;
  return [
    new Reshape({ shape: [height, width, 1] }),
    new RandomShift({ reach: 1, fill: -1 }),
    asLayer((x, { training, key: noise }) =>
      training ? tf.add(x, tf.mul(0.1, noise!.normal(x.shape))) : tf.clone(x),
    ),
  ];
}

/** Three convolutions and a pooling, `[n, height, width, 1]` to `[n, outputs]`. */
export function convLayers({ dataset, key, quick }: ConvTask): {
  readonly layers: readonly Layer[];
  readonly outputs: number;
} {
  const [height, width] = imageShape(dataset.train.shape)!;
  const [few, many] = quick ? [8, 16] : [32, 64];
  const conv = (name: string, inputs: number, outputs: number) =>
    new Conv2d({ inputs, outputs, kernelSize: 3, padding: 'same', key: key.fold(name) });
  const silu = () => new ActivationLayer('swish');
  const layers = [
    ...[conv('first', 1, few), silu(), conv('second', few, few), silu()],
    ...[asLayer(maxPool), conv('third', few, many), silu(), new Flatten()],
  ];
  return { layers, outputs: (many * height * width) / 4 };
}

/** A convolutional classifier of images with pixels in [-1, 1]. */
export function convClassifier(task: ConvTask): Layer {
  const { layers, outputs } = convLayers(task);
  return new Sequential([
    ...movedImages(task.dataset),
    ...layers,
    new Dropout({ rate: 0.4 }),
    new Dense({ inputs: outputs, outputs: classesOf(task.dataset), key: task.key.fold('logits') }),
  ]);
}
