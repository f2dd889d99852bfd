import { ShapeError } from '../errors/dgm-error';

/** The sizes of a tensor's axes. */
export type Shape = readonly number[];

/** The number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `[2, 3]`, as errors print it; an unknown leading part is written as `...`. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(', ')}]`;
}

/**
 * The shape that NumPy-style broadcasting of the given shapes gives.
 * @throws {@link ShapeError} where two sizes differ and neither is 1.
 */
export function broadcastShapes(...shapes: Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((other) => other !== 1 && other !== size)) {
      throw new ShapeError({
        where: 'broadcastShapes',
        argument: 'shapes',
        expected: 'that broadcast together',
        actual: shapes.map(formatShape).join(' and '),
      });
    }
    return size;
  });
}

/** Whether two shapes broadcast together: their axes are aligned at the end, and a missing one counts as 1. */
export function broadcasts(a: Shape, b: Shape): boolean {
  return Array.from({ length: Math.min(a.length, b.length) }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}

/** Whether `shape` ends in `tail`. */
export function endsWith(shape: Shape, tail: Shape): boolean {
  const lead = shape.length - tail.length;
  return lead >= 0 && tail.every((size, axis) => size === shape[lead + axis]);
}

/**
 * Checks that a tensor's last axes are `tail` and returns the axes before them.
 * @throws {@link ShapeError} naming `where` and `argument`.
 */
export function leadingShape(shape: Shape, tail: Shape, where: string, argument: string): Shape {
  if (!Array.isArray(shape) || !endsWith(shape, tail)) {
    throw new ShapeError({
      where,
      argument,
      expected: `of shape ${formatShape(['...', ...tail])}`,
      actual: Array.isArray(shape) ? formatShape(shape) : 'no tensor',
    });
  }
  return shape.slice(0, shape.length - tail.length);
}
