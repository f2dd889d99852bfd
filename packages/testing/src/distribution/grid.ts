import { type Distribution, Key, sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { productRule, quadratureRule } from '../quadrature';
import { flatten, type Numbers, overBatch, rowsOf, tensorOf } from '../tensors';
import type { DistributionCase, Support } from './case';

/** The distribution of a case (or of other values of its parameters) inside a tidy; gives back what `use` returns. */
export function withDistribution<T>(
  the: DistributionCase,
  use: (distribution: Distribution, parameters: Tensor[]) => T,
  parameters: readonly Numbers[] = Object.values(the.parameters),
): T {
  const tensors = parameters.map(tensorOf);
  try {
    let result!: T;
    tf.tidy(() => {
      result = use(the.make(...tensors), tensors);
    });
    return result;
  } finally {
    tf.dispose(tensors);
  }
}

/** Events that stand for the whole support: `sum(weights * f(events))` is the integral or sum of f. */
export interface Grid {
  readonly events: readonly (readonly number[])[];
  readonly weights: readonly number[];
  /** Whether `weights` is divided by a proposal's density, so that sums over it have a standard error. */
  readonly random: boolean;
}

/** Whether the grid of a support is fine enough for more than an estimate. */
export function canSumOver(support: Support, size: number): boolean {
  return size <= (support.kind === 'real' ? 2 : support.kind === 'sphere' ? 3 : Infinity);
}

/** The grid of a support for events of `size` elements. */
export function gridOf(support: Support, size: number): Grid {
  if (support.kind === 'integers') {
    const events = Array.from({ length: support.to - support.from + 1 }, (_, index) => [
      support.from + index,
    ]);
    return { events, weights: events.map(() => 1), random: false };
  }
  if (support.kind === 'events') {
    const events = support.events.map(flatten);
    // In order, for distribution functions.
    if (size === 1) events.sort(([a], [b]) => a! - b!);
    return { events, weights: events.map(() => 1), random: false };
  }
  if (support.kind === 'sphere') return sphereGrid(size);
  if (!canSumOver(support, size)) return proposalGrid(support.center ?? 0, support.scale ?? 1, size);
  const { points, weights } = productRule(quadratureRule(support, size === 1 ? 801 : 101), size);
  return { events: points, weights, random: false };
}

const PROPOSALS = 20_000;

function proposalGrid(center: number, scale: number, size: number): Grid {
  const generator = Key.of(0).fold('proposal').generator();
  const noise = Array.from({ length: PROPOSALS }, () =>
    Array.from({ length: size }, () => generator.normal()),
  );
  const logNormalizer = size * (Math.log(scale) + 0.5 * Math.log(2 * Math.PI));
  return {
    events: noise.map((row) => row.map((value) => Math.fround(center + scale * value))),
    weights: noise.map(
      (row) => Math.exp(logNormalizer + 0.5 * row.reduce((sum, value) => sum + value ** 2, 0)) / PROPOSALS,
    ),
    random: true,
  };
}

/** The probability that each grid event carries, `weight * exp(logProb)`, one list per batch entry. */
export function masses(distribution: Distribution, grid: Grid): number[][] {
  const { batchShape, eventShape } = distribution;
  const copies = sizeOf(batchShape);
  const logProb = tf.tidy(() =>
    distribution.logProb(overBatch(grid.events, batchShape, eventShape)).dataSync(),
  );
  return Array.from({ length: copies }, (_, entry) =>
    grid.weights.map((weight, index) => weight * Math.exp(logProb[index * copies + entry]!)),
  );
}

/** `n` draws as rows of event elements, one list per batch entry. */
export function drawRows(distribution: Distribution, key: Key, n: number): number[][][] {
  const values = tf.tidy(() => Array.from(distribution.sample(key, [n]).dataSync()));
  const copies = sizeOf(distribution.batchShape);
  const rows = rowsOf(values, sizeOf(distribution.eventShape));
  return Array.from({ length: copies }, (_, entry) => rows.filter((_row, index) => index % copies === entry));
}

/** Every sequence of `size` elements out of `values`: the support of independent discrete variables. */
export function everyEvent(values: readonly number[], size: number): number[][] {
  let events: number[][] = [[]];
  for (let axis = 0; axis < size; axis++) {
    events = events.flatMap((event) => values.map((value) => [...event, value]));
  }
  return events;
}

const ANGLES = 720;
const HEIGHTS = 120;
const DIRECTIONS = 20_000;

/** Unit vectors in `size` dimensions that stand for the sphere: their weights sum to its area. */
function sphereGrid(size: number): Grid {
  if (size === 2) return { ...ring(1, ANGLES), random: false };
  if (size === 3) return { ...stackedRings(), random: false };
  return { ...randomDirections(size), random: true };
}

type Points = Pick<Grid, 'events' | 'weights'>;

/** A circle of the given radius, evenly. */
function ring(radius: number, count: number): Points {
  const angles = Array.from({ length: count }, (_, index) => (2 * Math.PI * (index + 0.5)) / count);
  return {
    events: angles.map((angle) => [radius * Math.cos(angle), radius * Math.sin(angle)]),
    weights: angles.map(() => (2 * Math.PI) / count),
  };
}

/** Archimedes: the area between two heights is that of the cylinder around. */
function stackedRings(): Points {
  const rings = Array.from({ length: HEIGHTS }, (_, index) => {
    const height = (2 * (index + 0.5)) / HEIGHTS - 1;
    const { events, weights } = ring(Math.sqrt(1 - height ** 2), HEIGHTS);
    return {
      events: events.map((event) => [...event, height]),
      weights: weights.map((weight) => (weight * 2) / HEIGHTS),
    };
  });
  return { events: rings.flatMap(({ events }) => events), weights: rings.flatMap(({ weights }) => weights) };
}

function randomDirections(size: number): Points {
  const generator = Key.of(0).fold('directions').generator();
  const events = Array.from({ length: DIRECTIONS }, () => {
    const event = Array.from({ length: size }, () => generator.normal());
    const length = Math.hypot(...event);
    return event.map((value) => value / length);
  });
  return { events, weights: events.map(() => area(size) / DIRECTIONS) };
}

/** Of the unit sphere in `size` dimensions. */
function area(size: number): number {
  return size <= 3 ? [0, 2, 2 * Math.PI, 4 * Math.PI][size]! : ((2 * Math.PI) / (size - 2)) * area(size - 2);
}
