import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The wavelength of the slowest pair is about 2 pi times this many positions. */
const BASE = 1e4;

/**
 * Rotary positions: turns pair i of the features at position t by the angle $t \cdot 10^{-8 i / d}$, so that the product of
 * a query and a key depends on the distance of their positions alone. Feature i is paired with feature $i + d/2$.
 *
 * @param x - `[..., length, d]`, d even
 * @param options - `first`: the position of the first vector
 * @see RoFormer: Enhanced Transformer with Rotary Position Embedding (Su et al., 2021), Eq. 15, 34
 */
export function rotate(x: Tensor, { first }: { readonly first: number }): Tensor {
  const [length, size] = x.shape.slice(-2) as [number, number];
  const half = size / 2;
  const turn = (component: (angle: number) => number): Tensor => {
    const values = Float32Array.from({ length: length * half }, (_, index) =>
      component((first + Math.floor(index / half)) * BASE ** (-(index % half) / half)),
    );
    return tf.tensor2d(values, [length, half]);
  };
  const [cos, sin] = [turn(Math.cos), turn(Math.sin)];
  const [a, b] = tf.split(x, 2, x.rank - 1);
  return tf.concat(
    [tf.sub(tf.mul(a!, cos), tf.mul(b!, sin)), tf.add(tf.mul(a!, sin), tf.mul(b!, cos))],
    x.rank - 1,
  );
}
