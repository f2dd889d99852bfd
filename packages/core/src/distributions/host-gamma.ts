import * as tf from '@tensorflow/tfjs-core';
import { broadcastTo } from '../ops/broadcast-to';
import type { Generator } from '../random/generator';
import type { Key } from '../random/key';
import { sizeOf, type Shape } from '../shape/shape';
import { asTensor, type Parameter } from './parameters';

/**
 * Logarithms of Gamma(a, 1) draws, one for each element of `[...sampleShape, ...batchShape]`, made on the host in
 * doubles: rejection needs a loop, and small concentrations underflow unless one stays with logarithms.
 */
export function logGammaDraws(
  key: Key,
  concentration: Parameter,
  { sampleShape, batchShape }: { readonly sampleShape: Shape; readonly batchShape: Shape },
): Float64Array {
  const generator = key.generator();
  const batch = valuesOf(concentration, batchShape);
  const draws = new Float64Array(sizeOf(sampleShape) * batch.length);
  for (let index = 0; index < draws.length; index++)
    draws[index] = logGamma(generator, batch[index % batch.length]!);
  return draws;
}

/** The numbers of a parameter, broadcast to the batch. */
export function valuesOf(parameter: Parameter, batchShape: Shape): ArrayLike<number> {
  if (typeof parameter === 'number') return Array<number>(sizeOf(batchShape)).fill(parameter);
  return tf.tidy(() => broadcastTo(asTensor(parameter), batchShape).dataSync());
}

/** ln of one Gamma(a, 1) draw (Marsaglia and Tsang, 2000); below a = 1 as Gamma(a + 1, 1) times $u^{1/a}$. */
function logGamma(generator: Generator, a: number): number {
  if (a < 1) return logGamma(generator, a + 1) + Math.log(generator.openUniform()) / a;
  const d = a - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = generator.normal();
    const v = (1 + c * x) ** 3;
    // A concentration that is not a number must not loop for ever.
    if (Number.isNaN(v)) return NaN;
    if (v > 0 && Math.log(generator.openUniform()) < 0.5 * x * x + d * (1 - v + Math.log(v)))
      return Math.log(d * v);
  }
}

/** The smallest normal float32: a positive draw must not round to 0, which is outside the support. */
export const SMALLEST = 2 ** -126;
