import { loadModel, modelBytes, summary, type ModelPackage, type Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure } from './assert';
import { sameBits } from './module';

/**
 * Throws unless a model that is written to a file and read back has the same summary, gives the same values to the bit, and frees
 * what reading it made.
 * @param says - what a model says of something: named tensors
 * @param packages - packages besides those of this project
 */
export async function checkModelFile<M extends Module>(
  model: M,
  says: (model: M) => Readonly<Record<string, Tensor>>,
  packages: readonly ModelPackage[] = [],
): Promise<void> {
  const bytes = await modelBytes(model);
  const before = tf.memory().numTensors;
  const importPackage = (name: string): Promise<ModelPackage> => import(/* @vite-ignore */ name);
  const { model: again } = await loadModel<M>(bytes, { importPackage, packages });
  try {
    ensure(summary(again) === summary(model), 'the summary of the model that was read differs');
    tf.tidy(() => {
      const [expected, actual] = [says(model), says(again)];
      for (const [name, value] of Object.entries(expected)) {
        ensure(
          sameBits(value.dataSync(), actual[name]!.dataSync()),
          `${name} of the model that was read differs`,
        );
      }
    });
  } finally {
    again.dispose();
  }
  const left = tf.memory().numTensors - before;
  ensure(left === 0, `${left} tensors are left of the model that was read`);
}
