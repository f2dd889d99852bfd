import type { Device } from '@dgm/compile';
import { hasSamplingLoop, sizeOf, type Dataset, type Examples, type Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { compiledSampler, drawOf, eagerSampler, type Sampler } from '../engine/sampler';
import type { StartedEngine } from '../engine/engine';
import type { OutputFolder } from '../results/output-folder';
import { countForPicture, drawGrid, drawPairs } from './pictures';
import type { Experiment } from '../recipes/shared/recipe';

/** How many samples are timed, and how many examples are reconstructed, half of them. */
export const SHOWN = 64;

export interface Drawing {
  /** Names of PNG files. */
  readonly samples: string;
  readonly reconstructions?: string;
  /** The time that the samples took, once everything was warm. */
  readonly sampleSeconds: number;
}

interface DrawingContext {
  readonly dataset: Dataset;
  readonly output: OutputFolder;
  /** What has trained the model: samples that come in a loop run where the training ran. */
  readonly engine: Pick<StartedEngine, 'used'>;
}

/** Draws samples of a trained model and, where it has them, reconstructions, and writes their pictures. */
export async function drawModel(
  experiment: Experiment,
  name: string,
  key: Key,
  { dataset, output, engine }: DrawingContext,
): Promise<Drawing> {
  const { model, reconstruct } = experiment;
  const samples = `${name}-samples.png`;
  const sampler = await samplerOf(experiment, engine);
  let sampleSeconds: number;
  try {
    const draw = async () => read(await sampler.draw(key.fold('samples')));
    const [count, first] = [countForPicture(model.eventShape), await draw()];
    const shown = count === SHOWN ? first : await read(drawOf(experiment, key.fold('samples'), count));
    await output.write(samples, drawGrid({ shape: model.eventShape, values: shown }, dataset));
    const started = performance.now();
    await draw();
    sampleSeconds = (performance.now() - started) / 1000;
  } finally {
    sampler.dispose();
  }
  const { test } = dataset;
  if (reconstruct === undefined || test.count === 0) return { samples, sampleSeconds };

  const reconstructions = `${name}-reconstructions.png`;
  const originals = firstValues(test, SHOWN / 2);
  const input = tf.tensor(originals, [originals.length / sizeOf(test.shape), ...test.shape]);
  try {
    const rendered = await read(reconstruct(input, key.fold('reconstructions')));
    await output.write(reconstructions, drawPairs(test.shape, originals, rendered, dataset));
  } finally {
    input.dispose();
  }
  return { samples, reconstructions, sampleSeconds };
}

async function samplerOf(experiment: Experiment, engine: DrawingContext['engine']): Promise<Sampler> {
  const used = engine.used();
  return used.engine === 'compiled' && hasSamplingLoop(experiment.model)
    ? compiledSampler(experiment, SHOWN, { device: used.device as Device })
    : eagerSampler(experiment, SHOWN);
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
