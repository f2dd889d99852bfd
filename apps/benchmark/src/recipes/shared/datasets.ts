import { sizeOf, type Dataset, type Shape } from '@dgm/core';

/** Vectors of integers, as dense networks take them. */
export const isVectorsOfIntegers = ({ levels, train }: Dataset): boolean =>
  levels !== undefined && train.shape.length === 1;

/** Vectors of real numbers: tables, and points of the plane. */
export const isVectorsOfReals = ({ levels, train }: Dataset): boolean =>
  levels === undefined && train.shape.length === 1;

/** As many values as MNIST has, or more: recipes take the sizes of papers on it then. */
export const hasManyValues = ({ train }: Dataset): boolean => sizeOf(train.shape) >= 784;

/** Whether the examples have classes. */
export const hasLabels = ({ train: { labels } }: Pick<Dataset, 'train'>): boolean => labels !== undefined;

/** The number of classes of examples that {@link hasLabels}. */
export const classesOf = ({ train: { labels } }: Pick<Dataset, 'train'>): number =>
  1 + labels!.reduce((most, label) => Math.max(most, label), 0);

/** `[height, width, channels]` of an event that is an image. Flat images are square and have one channel. */
export function imageShape(shape: Shape): readonly [number, number, number] | undefined {
  const [height, width, channels = 1] = shape;
  if (shape.length === 2 || shape.length === 3) return [height!, width!, channels];
  const side = Math.sqrt(height!);
  return shape.length === 1 && Number.isInteger(side) ? [side, side, 1] : undefined;
}
