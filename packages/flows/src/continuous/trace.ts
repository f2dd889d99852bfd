import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { signs } from '../smooth/signs';
import type { Linearization } from '../smooth/smooth-map';
import { unitVectors } from '../smooth/unit-vectors';

/** $\mathrm{tr}\, J$ at each row, `[n]`, or an estimate of it. */
export type TraceOf = (linearization: Linearization) => Tensor;

/** Makes what gives traces in one solution of a differential equation, for rows `[n, D]`. */
export type Trace = (rows: Tensor, key: Key) => TraceOf;

/** The trace itself, by D products of the Jacobian. */
export function exactTrace(rows: Tensor): TraceOf {
  const units = unitVectors(rows);
  return ({ push }) => tf.sum(tf.mul(units, push(units)), [0, 2]);
}

export interface HutchinsonTraceOptions {
  /** Random directions for each row; 1 unless given. */
  readonly directions?: number;
}

/**
 * The estimate $v^\top J v$ for entries of v of $\pm 1$, which are drawn once for each solution: so the equation has one right
 * side from end to end, and what comes out is unbiased.
 * @see FFJORD (Grathwohl et al., 2019), §3.1.1
 */
export function hutchinsonTrace({ directions = 1 }: HutchinsonTraceOptions = {}): Trace {
  return (rows, key) => {
    const v = signs(key, [directions, ...rows.shape]);
    return ({ push }) => tf.mean(tf.sum(tf.mul(v, push(v)), -1), 0);
  };
}
