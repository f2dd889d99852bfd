import { sizeOf, type Benchmark, type Dataset, type Examples, type Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OutputFolder } from './output-folder';
import { countForPicture, drawGrid, drawPairs } from './pictures';

/** How many samples are timed, and how many examples are reconstructed, half of them. */
export const SHOWN = 64;

export interface Drawing {
  /** Names of PNG files. */
  readonly samples: string;
  readonly reconstructions?: string;
  /** The time that the samples took, once everything was warm. */
  readonly sampleSeconds: number;
}

/** Draws samples of a trained model and, where it has them, reconstructions, and writes their pictures. */
export async function drawModel(
  { model, reconstruct }: Benchmark,
  name: string,
  key: Key,
  { dataset: { test, levels }, output }: { readonly dataset: Dataset; readonly output: OutputFolder },
): Promise<Drawing> {
  const samples = `${name}-samples.png`;
  const draw = (count: number) => read(model.sample(key.fold('samples'), count));
  const shown = await draw(countForPicture(model.eventShape));
  await output.write(samples, drawGrid({ shape: model.eventShape, values: shown }, levels));
  await draw(SHOWN);
  const started = performance.now();
  await draw(SHOWN);
  const sampleSeconds = (performance.now() - started) / 1000;
  if (reconstruct === undefined || test.count === 0) return { samples, sampleSeconds };

  const reconstructions = `${name}-reconstructions.png`;
  const originals = firstValues(test, SHOWN / 2);
  const input = tf.tensor(originals, [originals.length / sizeOf(test.shape), ...test.shape]);
  try {
    const rendered = await read(reconstruct(input, key.fold('reconstructions')));
    await output.write(reconstructions, drawPairs(test.shape, originals, rendered, levels));
  } finally {
    input.dispose();
  }
  return { samples, reconstructions, sampleSeconds };
}

function firstValues({ shape, values }: Examples, count: number): Float32Array {
  return Float32Array.from(values.subarray(0, count * sizeOf(shape)));
}

async function read(tensor: tf.Tensor): Promise<ArrayLike<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}
