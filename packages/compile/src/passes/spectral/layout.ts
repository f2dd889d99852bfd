import { sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import type { Value } from '../../graph/graph';
import { reshape, transpose } from './nodes';

/** How images are turned so that the positions that are transformed come first: then a transform is a single product. */
export interface Layout {
  /** Of the images, `[batch, height, width, channels]`. */
  readonly shape: Shape;
  /** The same without axes of size 1 among height and width. */
  readonly dense: Shape;
  /** From `dense`: transformed axes first, then the others and the channels in some order. */
  readonly permutation: readonly number[];
  readonly positions: number;
  /** Batch and the axes that are not transformed. */
  readonly rest: number;
  readonly channels: number;
  /** The matrix of each position: its rows, then its columns. */
  readonly matrix: readonly [number, number];
}

/** Whether the rows of the matrix of a position are examples or channels. */
export type Rows = 'examples' | 'channels';

/** @param isTransformed - for height and width whether they are */
export function layoutOf(shape: Shape, isTransformed: readonly boolean[], rows: Rows): Layout {
  const kept = shape.map((_, axis) => axis).filter((axis) => axis === 0 || axis === 3 || shape[axis] !== 1);
  const [first, others]: [number[], number[]] = [[], []];
  kept.slice(0, -1).forEach((axis, index) => {
    (axis > 0 && isTransformed[axis - 1] === true ? first : others).push(index);
  });
  const dense = kept.map((axis) => shape[axis]!);
  const [rest, channels] = [sizeOf(others.map((index) => dense[index]!)), shape[3]!];
  const last = kept.length - 1;
  return {
    shape,
    dense,
    permutation: [...first, ...(rows === 'examples' ? [...others, last] : [last, ...others])],
    positions: sizeOf(first.map((index) => dense[index]!)),
    rest,
    channels,
    matrix: rows === 'examples' ? [rest, channels] : [channels, rest],
  };
}

/** Images as `[positions, rest · channels]`. */
export function toPositions(x: Value, { dense, permutation, positions, rest, channels }: Layout): Value {
  return reshape(transpose(reshape(x, dense), permutation), [positions, rest * channels]);
}

/** The way back. */
export function fromPositions(y: Value, { shape, dense, permutation }: Layout): Value {
  const turned = reshape(
    y,
    permutation.map((axis) => dense[axis]!),
  );
  const back = permutation.map((_, axis) => permutation.indexOf(axis));
  return reshape(transpose(turned, back), shape);
}
