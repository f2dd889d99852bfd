import { logSumExp, UnsupportedError } from '@dgm/core';
import type { Key, PartitionEstimate } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { annealedImportanceSampling, type AnnealedPath } from './annealed-importance-sampling';

/** Sums over the states of at most so many bits are feasible. */
const MOST_BITS = 20;

/** States that are looked at together, as a power of 2, which limits the memory. */
const CHUNK_BITS = 12;

/**
 * All states of `bits` bits in pieces, `[2^k, bits]` each: the number of a state is its bits, the first the lowest.
 * @returns a piece for each call of a function; the caller owns it
 */
export function bitStates(bits: number): readonly (() => Tensor)[] {
  const rows = 2 ** Math.min(bits, CHUNK_BITS);
  return Array.from({ length: 2 ** bits / rows }, (_, chunk) => () => {
    const values = new Float32Array(rows * bits);
    for (let row = 0; row < rows; row++) {
      const state = chunk * rows + row;
      for (let bit = 0; bit < bits; bit++) values[row * bits + bit] = (state >>> bit) & 1;
    }
    return tf.tensor2d(values, [rows, bits]);
  });
}

/**
 * $\ln \sum_s e^{f(s)}$ over the states of `bits` bits, differentiable.
 * @param logMass - f, from `[rows, bits]` to `[..., rows]`
 * @returns `[...]`: a scalar for one sum
 * @throws UnsupportedError for too many bits; infinitely many stand for what are none
 */
export function logSumOverBits(where: string, bits: number, logMass: (states: Tensor) => Tensor): Tensor {
  checkFewBits(where, bits);
  return tf.tidy(() => {
    const parts = bitStates(bits).map((states) => tf.tidy(() => logSumExp(logMass(states()), { axis: -1 })));
    return logSumExp(tf.stack(parts), { axis: 0 });
  });
}

/** Whether a sum over all states of the bits is feasible. */
export const isFewBits = (bits: number): boolean => bits <= MOST_BITS;

/** @throws UnsupportedError for too many bits; infinitely many stand for what are none */
export function checkFewBits(where: string, bits: number, remedy = 'estimate it with partition'): void {
  if (isFewBits(bits)) return;
  throw new UnsupportedError({
    where,
    argument: 'the units to sum over',
    expected: `to be at most ${MOST_BITS} bits`,
    actual: Number.isFinite(bits) ? String(bits) : 'no bits',
    remedy,
  });
}

/** $\ln Z$ of a model: exact where its sum over all states is feasible, otherwise by annealed importance sampling. */
export async function partitionOf(
  model: { logPartition(): Scalar; annealedPath(): AnnealedPath },
  { key, isExact }: { readonly key: Key; readonly isExact: boolean },
): Promise<PartitionEstimate> {
  if (!isExact) return annealedImportanceSampling(model.annealedPath(), { key });
  const exact = model.logPartition();
  try {
    const logPartition = (await exact.data())[0]!;
    return { kind: 'exact', logPartition, standardError: 0, interval: [logPartition, logPartition] };
  } finally {
    exact.dispose();
  }
}
