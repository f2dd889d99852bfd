import type { Examples, Key } from '@dgm/core';
import { toTensor } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LatentMap } from '../results/latent-map';
import type { LatentSpace } from '../recipes/shared/recipe';

/** Examples on a map, draws of the prior that it has to hold, and lines of its grid. */
const [POINTS, GRID] = [400, 81];
/** The share of points that may lie beyond an edge, and the empty rim. */
const [BEYOND, RIM] = [0.01, 0.08];

type Point = readonly [number, number];
type Range = readonly [number, number];

/** The map of two latent variables; undefined where there are not two. */
export async function mapLatents(
  space: LatentSpace,
  examples: Examples,
  key: Key,
): Promise<LatentMap | undefined> {
  const count = Math.min(POINTS, examples.count);
  const drawn = tf.tidy(() => {
    const x = tf.slice(toTensor(examples), 0, count);
    return [
      space.encode(x).sample(key.fold('posterior')),
      space.prior().sample(key.fold('prior'), [POINTS]),
    ] as const;
  });
  try {
    if (drawn[0].rank !== 2 || drawn[0].shape[1] !== 2) return undefined;
    const [points, ofPrior] = [await pointsOf(drawn[0]), await pointsOf(drawn[1])];
    const [x, y] = square([...points, ...ofPrior]);
    const { labels } = examples;
    return {
      x,
      y,
      size: GRID,
      logPrior: await logPriorOn(space, x, y),
      points: points.map(([first, second]) => [short(first), short(second)]),
      ...(labels === undefined ? {} : { labels: Array.from(labels.subarray(0, count)) }),
    };
  } finally {
    tf.dispose([...drawn]);
  }
}

async function pointsOf(tensor: Tensor): Promise<Point[]> {
  const values = await tensor.data();
  return Array.from({ length: values.length / 2 }, (_, row) => [values[2 * row]!, values[2 * row + 1]!]);
}

async function logPriorOn(space: LatentSpace, x: Range, y: Range): Promise<(number | null)[]> {
  const logPrior = tf.tidy(() => {
    const [columns, rows] = [tf.linspace(...x, GRID), tf.linspace(...y, GRID)];
    const z = tf.stack(
      [tf.tile(columns, [GRID]), tf.reshape(tf.tile(tf.expandDims(rows, 1), [1, GRID]), [-1])],
      1,
    );
    return space.prior().logProb(z);
  });
  try {
    return Array.from(await logPrior.data(), (value) => (Number.isFinite(value) ? short(value) : null));
  } finally {
    logPrior.dispose();
  }
}

/** A square around nearly all points. */
function square(points: readonly Point[]): readonly [Range, Range] {
  const ranges = [0, 1].map((axis) => {
    const sorted = points.map((point) => point[axis]!).sort((a, b) => a - b);
    const beyond = Math.floor(BEYOND * sorted.length);
    return [sorted[beyond]!, sorted.at(-1 - beyond)!] as const;
  });
  const span = (1 + 2 * RIM) * Math.max(...ranges.map(([low, high]) => high - low), 1e-3);
  const around = ([low, high]: Range): Range => {
    const middle = (low + high) / 2;
    return [short(middle - span / 2), short(middle + span / 2)];
  };
  return [around(ranges[0]!), around(ranges[1]!)];
}

/** Three digits after the point are more than a picture shows. */
function short(value: number): number {
  return Number(value.toFixed(3));
}
