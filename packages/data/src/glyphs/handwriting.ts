import type { Generator } from '@dgm/core';
import { CELLS, draw, smooth, type InkStroke } from './pen';
import type { Point, Stroke, Variant } from './strokes';

/** Writes a character once, as nobody will write it again: 64 numbers from 0 to 16. */
export function write(variants: readonly Variant[], random: Generator): Uint8Array {
  const { strokes } = chooseVariant(variants, random);
  const hand = chooseHand(random);
  const moved = strokes.map((stroke) =>
    smooth(
      stroke.map((point) => hand.move(point)),
      STEPS,
    ),
  );
  return draw(ink(moved, random));
}

/** Curve points per span: close enough for the nib's circles to overlap. */
const STEPS = 12;

function chooseVariant(variants: readonly Variant[], random: Generator): Variant {
  let left = random.uniform() * variants.reduce((sum, { weight }) => sum + weight, 0);
  return variants.find(({ weight }) => (left -= weight) < 0) ?? variants.at(-1)!;
}

/** Slant, turn, width, and a slow bend of the paper, the same for all strokes; and a tremor of each point. */
function chooseHand(random: Generator): { move: (point: Point) => Point } {
  const slant = 0.02 + 0.1 * random.normal();
  const turn = 0.06 * random.normal();
  const width = Math.exp(0.13 * random.normal());
  const bends = Array.from({ length: 4 }, () => 0.035 * random.normal());
  const phases = Array.from({ length: 4 }, () => 2 * Math.PI * random.uniform());
  return {
    move: ([x, y]) => {
      const bentX = x + bends[0]! * Math.sin(5 * y + phases[0]!) + bends[1]! * Math.sin(5 * x + phases[1]!);
      const bentY = y + bends[2]! * Math.sin(5 * y + phases[2]!) + bends[3]! * Math.sin(5 * x + phases[3]!);
      const shakenX = bentX + TREMOR * random.normal();
      const shakenY = bentY + TREMOR * random.normal();
      const slanted = shakenX * width - slant * (shakenY - 0.5);
      return [slanted - turn * shakenY, shakenY + turn * shakenX];
    },
  };
}

const TREMOR = 0.018;

/**
 * Fits the writing into the bitmap, as the reader of the forms did: to its full height, and narrow writing made wider,
 * nib and all.
 */
function ink(strokes: readonly Stroke[], random: Generator): InkStroke[] {
  const radius = NIB * Math.sqrt(USUAL_LENGTH / lengthOf(strokes)) * Math.exp(0.13 * random.normal());
  const [left, right] = extent(strokes, 0);
  const [top, bottom] = extent(strokes, 1);
  const scale = (CELLS - 2 * radius) / (bottom - top);
  const width = (right - left) * scale + 2 * radius;
  const stretch = Math.min((USUAL_WIDTH / width) ** 0.4, WIDEST / width);
  const middle = CELLS / 2 + random.normal() - stretch * scale * 0.5 * (left + right);
  return strokes.map((stroke) => {
    const phase = 2 * Math.PI * random.uniform();
    const wave = 0.15 * random.normal();
    return {
      points: stroke.map(([x, y]): Point => [middle + stretch * scale * x, radius + scale * (y - top)]),
      radii: stroke.map((_, index) => radius * (1 + wave * Math.sin(phase + (4 * index) / stroke.length))),
      stretch,
    };
  });
}

/** Half the height of the nib, in cells, for a digit of the usual length of line, in digit heights. */
const NIB = 2.5;
const USUAL_LENGTH = 2.3;

/** In cells, nib included. */
const USUAL_WIDTH = 20;
const WIDEST = 30;

function extent(strokes: readonly Stroke[], axis: 0 | 1): [least: number, largest: number] {
  let least = Infinity;
  let largest = -Infinity;
  for (const stroke of strokes) {
    for (const point of stroke) {
      least = Math.min(least, point[axis]);
      largest = Math.max(largest, point[axis]);
    }
  }
  return [least, largest];
}

function lengthOf(strokes: readonly Stroke[]): number {
  const lengths = strokes.map((stroke) =>
    stroke.slice(1).reduce((sum, [x, y], index) => {
      const [fromX, fromY] = stroke[index]!;
      return sum + Math.hypot(x - fromX, y - fromY);
    }, 0),
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}
