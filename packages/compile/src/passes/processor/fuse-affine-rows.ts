import { sameShape } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { createNode, producer } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { reshaped } from './narrow-rows';

/**
 * Scales and shifts each channel of `[n, c, positions]`, $\gamma_c x + \beta_c$ or $\gamma_{nc} x + \beta_{nc}$, in one pass over it: the
 * runtime has that as its normalization with given moments, 0 and 1. 125 images of 8 x 8 with 32 channels take 0.07 ms, and 0.24 as a product
 * and a sum. An infinite scale makes NaN, as it does wherever it meets a 0.
 */
export const fuseAffineRows: Rule = (node) => {
  const [y] = node.outputs;
  if (node.kernel !== 'Add' || y?.shape.length !== 3 || y.dtype !== 'float32') return undefined;
  for (const [scaled, shift] of [node.inputs, [...node.inputs].reverse()] as const) {
    const factors = producer(scaled!);
    if (factors?.kernel !== 'Multiply' || !isForRows(shift!.shape, y.shape)) continue;
    const at = factors.inputs.findIndex(({ shape }) => sameShape(shape, shift!.shape));
    const x = factors.inputs[1 - at];
    if (at < 0 || !sameShape(x!.shape, y.shape)) continue;
    return [affine(x!, factors.inputs[at]!, shift!)];
  }
  return undefined;
};

/** Whether a value has one number for each channel, or for each of every example, and not for each position. */
function isForRows(shape: Shape, [n, c, positions]: Shape): boolean {
  return positions !== 1 && n !== 0 && (sameShape(shape, [c!, 1]) || sameShape(shape, [n!, c!, 1]));
}

function affine(x: Value, scale: Value, shift: Value): Value {
  const [n, c, positions] = x.shape as [number, number, number];
  const isPerChannel = scale.shape.length === 2;
  const rows = isPerChannel ? c : n * c;
  const image = reshaped(x, isPerChannel ? x.shape : [1, rows, positions]);
  const inputs = [image, reshaped(scale, [rows]), reshaped(shift, [rows])];
  return reshaped(createNode('AffineRows', inputs, {}, [image]).outputs[0]!, x.shape);
}
