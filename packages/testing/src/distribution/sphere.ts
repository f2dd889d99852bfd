import { Key } from '@dgm/core';
import type { Grid } from './grid';

const ANGLES = 720;
const HEIGHTS = 120;
const DIRECTIONS = 20_000;

/** Unit vectors in `size` dimensions that stand for the sphere: their weights sum to its area. */
export function sphereGrid(size: number): Grid {
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
