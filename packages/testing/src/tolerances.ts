import * as tf from '@tensorflow/tfjs-core';

/** `|actual - expected| <= absolute + relative * |expected|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What the kit asks for, by the kind of comparison. */
export interface Tolerances {
  /** Values against float64 references. */
  readonly value: Tolerance;
  /** Gradients against central differences of float32 values. */
  readonly gradient: Tolerance;
  /** Gradients of a gradient against central differences of the gradient. */
  readonly secondOrder: Tolerance;
  /** A total probability against 1, or moments by quadrature. */
  readonly mass: Tolerance;
  /** A bijector's round trip. */
  readonly roundTrip: Tolerance;
  /** Log-determinants, one way against the other and against a dense Jacobian. */
  readonly logDet: Tolerance;
}

const FLOAT32: Tolerances = {
  value: { relative: 2e-5, absolute: 2e-6 },
  gradient: { relative: 1e-3, absolute: 2e-4 },
  secondOrder: { relative: 2e-3, absolute: 5e-4 },
  mass: { relative: 5e-4, absolute: 1e-4 },
  roundTrip: { relative: 1e-4, absolute: 1e-5 },
  logDet: { relative: 1e-4, absolute: 2e-5 },
};

/** WebGL may compute in lower precision than IEEE float32 (its exp and log are approximate). */
const WEBGL: Tolerances = {
  value: { relative: 2e-4, absolute: 2e-5 },
  gradient: { relative: 1e-2, absolute: 2e-3 },
  secondOrder: { relative: 2e-2, absolute: 5e-3 },
  mass: { relative: 2e-3, absolute: 1e-3 },
  roundTrip: { relative: 1e-3, absolute: 1e-4 },
  logDet: { relative: 1e-3, absolute: 2e-4 },
};

/**
 * The relative error of TensorFlow's own elementwise kernels on a CPU. Measured against float64 over [-12, 12], the
 * largest errors are 4.4e-7 (sigmoid), 3.3e-7 (tanh), 3.0e-7 (softplus) and 2.5e-7 (expm1); no case can ask for less there.
 */
const TENSORFLOW_ELEMENTWISE = 4.5e-7;

/** The tolerances of the current backend, with what a case overrides. */
export function tolerances(overrides: Partial<Tolerances> = {}): Tolerances {
  const wanted = { ...(tf.getBackend() === 'webgl' ? WEBGL : FLOAT32), ...overrides };
  if (tf.getBackend() !== 'tensorflow') return wanted;
  const { relative, absolute } = wanted.value;
  return { ...wanted, value: { relative: Math.max(relative, TENSORFLOW_ELEMENTWISE), absolute } };
}

/** How far an estimate may lie from its expectation, in standard errors, before a check fails. */
export const STANDARD_ERRORS = 4;
