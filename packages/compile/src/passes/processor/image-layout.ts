import { sameShape, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { producer } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import { transpose } from '../spectral/nodes';
import { reshaped } from './narrow-rows';

/** An image with its channels first, `[n, c, positions]`, where it has been transposed from there. */
export function firstOf(image: Value): Value | undefined {
  const node = producer(image);
  const turn = node?.kernel === 'Reshape' ? producer(node.inputs[0]!) : node;
  if (turn?.kernel !== 'Transpose' || String(turn.attributes['perm']) !== '0,2,1') return undefined;
  const [x] = turn.inputs as [Value];
  return sameShape(x.shape, firstShape(image.shape)) ? x : undefined;
}

/** `[n, c, positions]` for `[n, ..., c]`. */
export function firstShape(shape: Shape): Shape {
  return [shape[0]!, shape.at(-1)!, sizeOf(shape.slice(1, -1))];
}

/** An image with its channels first. */
export function toFirst(image: Value): Value {
  const [n, c, positions] = firstShape(image.shape) as [number, number, number];
  return firstOf(image) ?? transpose(reshaped(image, [n, positions, c]), [0, 2, 1]);
}

/** An image of a shape with its channels last, from one with its channels first. */
export function toLast(x: Value, shape: Shape): Value {
  return reshaped(transpose(x, [0, 2, 1]), shape);
}
