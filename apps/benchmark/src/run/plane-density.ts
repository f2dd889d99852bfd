import { type Dataset, type GenerativeModel, type LikelihoodModel } from '@dgm/core';
import { imageGrid, type PlaneDensity } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { planes } from '../datasets/planes';
import { extentOf } from './pictures';
import type { OutputFolder } from '../results/output-folder';

/** What is known of a model where the density of the data is. */
export interface KnownDensity {
  /** $\mathrm{KL}(p \| q)$ in nats: the mean of $\ln p - \ln q$ over the test points. */
  readonly klDivergence: number;
  readonly klStandardError: number;
  /** A PNG file: the true density on the left and the learned one on the right, dark where it is high. */
  readonly density: string;
}

/** Holds a model with an exact likelihood against the density of its data, and draws both; nothing where there is none. */
export async function compareWithDensity(
  { name, model }: { readonly name: string; readonly model: GenerativeModel<never> },
  { dataset, output }: { readonly dataset: Dataset; readonly output: OutputFolder },
): Promise<KnownDensity | undefined> {
  const truth = planes[dataset.name]?.();
  if (truth === undefined || !hasDensity(model)) return undefined;
  const density = `${name}-density.png`;
  await output.write(density, await drawDensities(truth, model, dataset.test.values));
  return { ...(await divergence(truth, model, Float32Array.from(dataset.test.values))), density };
}

async function divergence(truth: PlaneDensity, model: LikelihoodModel, points: Float32Array) {
  const learned = await logDensities(model, points);
  const differences = truth.logDensity(points).map((value, row) => value - learned[row]!);
  const count = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / count;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { klDivergence: mean, klStandardError: Math.sqrt(squares / (count - 1) / count) };
}

/** Points per side of the picture of a density. */
const SIDE = 120;

async function drawDensities(
  truth: PlaneDensity,
  model: LikelihoodModel,
  points: ArrayLike<number>,
): Promise<Uint8Array> {
  const grid = gridAround(points);
  const expected = truth.logDensity(grid).map(Math.exp);
  const learned = (await logDensities(model, grid)).map(Math.exp);
  const values = Float64Array.from([...expected, ...learned]);
  const most = expected.reduce((a, b) => Math.max(a, b), 0);
  return imageGrid({ shape: [SIDE, SIDE, 1], values }, { columns: 2, scale: 2, range: [most, 0] });
}

function hasDensity(model: GenerativeModel<never>): model is GenerativeModel<never> & LikelihoodModel {
  return model.likelihoodKind === 'exact' && 'logProb' in model;
}

/** The middles of the cells of a square that holds all points; the first row is at the top. */
function gridAround(points: ArrayLike<number>): Float32Array {
  const extent = extentOf({ shape: [2], values: points });
  const axis = Array.from({ length: SIDE }, (_, index) => extent * ((2 * index + 1) / SIDE - 1));
  return Float32Array.from(axis.flatMap((y) => axis.flatMap((x) => [x, -y])));
}

/** Points at a time: what the layers of a flow make of more does not fit into a cache. */
const CHUNK = 2000;

async function logDensities(model: LikelihoodModel, points: Float32Array): Promise<Float64Array> {
  const all = new Float64Array(points.length / 2);
  for (let start = 0; start < all.length; start += CHUNK) {
    const end = Math.min(all.length, start + CHUNK);
    const part = tf.tidy(() =>
      model.logProb(tf.tensor2d(points.slice(2 * start, 2 * end), [end - start, 2])),
    );
    all.set(await part.data(), start);
    part.dispose();
  }
  return all;
}
