import { UnsupportedError } from '@dgm/core';
import type { Dataset, Distribution, Examples, Key } from '@dgm/core';
import { toTensor } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { mapLatents } from './map-latents';
import type { OutputFolder } from '../results/output-folder';
import { drawGrid } from './pictures';
import type { Experiment, LatentSpace } from '../recipes/shared/recipe';

/** Pairs of examples that are interpolated, and the images on the way: first and last are reconstructions. */
const [PAIRS, STEPS] = [8, 6];

export interface LatentDrawing {
  /** PNG files by what they show. */
  readonly pictures?: Readonly<Record<string, string>>;
  /** A JSON file with a `LatentMap`. */
  readonly latentMap?: string;
}

/** Draws what there is to see of a trained model's latent variables, and writes it into the folder. */
export async function drawLatents(
  { latentSpace, images }: Experiment,
  name: string,
  key: Key,
  { dataset, output }: { readonly dataset: Dataset; readonly output: OutputFolder },
): Promise<LatentDrawing> {
  const { test } = dataset;
  const pictures: Record<string, string> = {};
  const draw = async (what: string, tensor: Tensor, columns?: number): Promise<void> => {
    pictures[what] = `${name}-${what}.png`;
    try {
      const grid = { shape: tensor.shape.slice(1), values: await tensor.data() };
      await output.write(pictures[what], drawGrid(grid, dataset, columns));
    } finally {
      tensor.dispose();
    }
  };
  for (const [what, tensor] of Object.entries(images?.() ?? {})) await draw(what, tensor);
  if (latentSpace === undefined || test.count < 2 * PAIRS) return pictured(pictures);

  await draw('interpolations', interpolate(latentSpace, test, key.fold('interpolations')), STEPS + 2);
  const map = await mapLatents(latentSpace, test, key.fold('map'));
  if (map === undefined) return pictured(pictures);
  const latentMap = `${name}-latent-map.json`;
  await output.write(latentMap, `${JSON.stringify(map)}\n`);
  return { ...pictured(pictures), latentMap };
}

function pictured(pictures: Readonly<Record<string, string>>): LatentDrawing {
  return Object.keys(pictures).length > 0 ? { pictures } : {};
}

/** Rows of an example, images on the straight line from its latent variables to another's, and the other example. */
function interpolate(space: LatentSpace, examples: Examples, key: Key): Tensor {
  return tf.tidy(() => {
    const pairs = tf.slice(toTensor(examples), 0, 2 * PAIRS);
    const [first, last] = [tf.slice(pairs, 0, PAIRS), tf.slice(pairs, PAIRS, PAIRS)];
    const centre = (x: Tensor, end: string): Tensor => {
      const posterior = space.encode(x);
      return closed(posterior, 'mean') ?? posterior.sample(key.fold(end));
    };
    const [from, to] = [centre(first, 'first'), centre(last, 'last')];
    const between = Array.from({ length: STEPS }, (_, step) => {
      const x = space.decode(tf.add(from, tf.mul(step / (STEPS - 1), tf.sub(to, from))));
      return closed(x, 'mode') ?? x.sample(key.fold(step));
    });
    const rows = tf.stack([first, ...between, last], 1); // [pairs, columns, ...event]
    return tf.reshape(rows, [-1, ...rows.shape.slice(2)]);
  });
}

/** What a distribution has in closed form; undefined where it has not. */
function closed(distribution: Distribution, quantity: 'mean' | 'mode'): Tensor | undefined {
  try {
    return distribution[quantity]();
  } catch (refusal) {
    if (UnsupportedError.is(refusal)) return undefined;
    throw refusal;
  }
}
