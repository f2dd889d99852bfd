import * as ops from '@dgm/core';
import { DgmError, Key, solveTriangular, triangularInverse, triangularLogDet } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('NaN', () => {
  const functions: Record<string, (x: Tensor) => Tensor> = {
    exp: ops.exp,
    expm1: ops.expm1,
    sigmoid: ops.sigmoid,
    tanh: ops.tanh,
    relu: ops.relu,
    leakyRelu: ops.leakyRelu,
    elu: ops.elu,
    selu: ops.selu,
    softplus: ops.softplus,
    swish: ops.swish,
    gelu: ops.gelu,
    quickGelu: ops.quickGelu,
    log1p: ops.log1p,
    log1mExp: ops.log1mExp,
    logSigmoid: ops.logSigmoid,
    erf: ops.erf,
    erfc: ops.erfc,
    erfinv: ops.erfinv,
    ndtr: ops.ndtr,
    logNdtr: ops.logNdtr,
    ndtri: ops.ndtri,
    lgamma: ops.lgamma,
    digamma: ops.digamma,
    polygamma: (x) => ops.polygamma(x, { order: 1 }),
    logBesselI: (x) => ops.logBesselI(x, { order: 0.5 }),
    besselRatio: (x) => ops.besselRatio(x, { order: 16 }),
    clip: (x) => ops.clipToRange(x, { min: -1, max: 1 }),
    norm: ops.euclideanNorm,
    logSumExp: ops.logSumExp,
    softmax: ops.softmax,
    logSoftmax: ops.logSoftmax,
  };
  it.each(Object.entries(functions))('is not hidden by %s', (_, f) => {
    const values = tf.tidy(() => f(tf.tensor([NaN, 0.5])).dataSync());
    expect(values[0]).toBeNaN();
  });
});

describe('the ends of a domain', () => {
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['lgamma', ops.lgamma, [0, Infinity, -0.5], [Infinity, Infinity, NaN]],
    ['digamma', ops.digamma, [0, Infinity], [-Infinity, Infinity]],
    ['log1p', ops.log1p, [-1], [-Infinity]],
    ['log1mExp', ops.log1mExp, [0], [-Infinity]],
    ['logNdtr', ops.logNdtr, [-Infinity, Infinity], [-Infinity, 0]],
    ['ndtri', ops.ndtri, [0, 1], [-Infinity, Infinity]],
    ['erfinv', ops.erfinv, [-1, 1], [-Infinity, Infinity]],
    ['logBesselI of order 1', (x) => ops.logBesselI(x, { order: 1 }), [0], [-Infinity]],
    ['logBesselI of order 20', (x) => ops.logBesselI(x, { order: 20 }), [0], [-Infinity]],
  ])('are exact for %s', (_, f, x, expected) => {
    const values = tf.tidy(() => Array.from(f(tf.tensor(x)).dataSync()));
    // toEqual tells -0 from 0; for a limit they are one.
    expect(values.map((value) => value + 0)).toEqual(expected);
  });
});

describe('arguments', () => {
  const x = [0.5, 1];
  it.each<[string, () => unknown, string]>([
    ['clip with min above max', () => ops.clipToRange(tf.tensor(x), { min: 1, max: 0 }), 'min'],
    ['logBesselI of a negative order', () => ops.logBesselI(tf.tensor(x), { order: -1 }), 'order'],
    ['besselRatio of no order', () => ops.besselRatio(tf.tensor(x), { order: NaN }), 'order'],
    ['solveTriangular of a vector', () => solveTriangular(tf.eye(2), tf.tensor(x)), 'b'],
    [
      'solveTriangular of a matrix that is not square',
      () => solveTriangular(tf.ones([2, 3]), tf.eye(2)),
      'matrix',
    ],
    ['triangularInverse of a vector', () => triangularInverse(tf.tensor(x)), 'matrix'],
    ['triangularLogDet of a scalar', () => triangularLogDet(tf.scalar(1)), 'matrix'],
  ])('%s throws and names the argument', (_, run, argument) => {
    tf.engine().startScope();
    const error = thrownBy(run);
    tf.engine().endScope();
    expect(DgmError.is(error) && error.argument).toBe(argument);
  });
});

describe('solveTriangular', () => {
  it.each([1, 2, 5, 33, 64])('solves systems of size %i as exactly as substitution would', (size) => {
    tf.tidy(() => {
      const key = Key.of(size);
      // Unit diagonal and entries of order 1 / sqrt(n), as in a Cholesky factor of a well-conditioned covariance.
      const noise = tf.div(key.fold('matrix').normal([3, size, size]), Math.sqrt(size));
      const matrix = tf.add(noise, tf.mul(2, tf.eye(size)));
      const strict = tf.linalg.bandPart(matrix, -1, 0);
      const expected = key.fold('solution').normal([3, size, 2]);
      const solution = solveTriangular(matrix, tf.matMul(strict, expected));
      const error = tf.max(tf.abs(tf.sub(solution, expected))).dataSync()[0]!;
      expect(error).toBeLessThan(2e-6 * Math.sqrt(size));
    });
  });

  it('stays accurate where the powers of the off-diagonal part explode', () => {
    tf.tidy(() => {
      // All ones: the inverse is bidiagonal, with 1 and -1; a series of powers would pass through numbers of 1e18.
      const inverse = triangularInverse(tf.ones([64, 64]));
      const expected = tf.sub(tf.eye(64), tf.pad(tf.eye(63), [[1, 0], [0, 1]])); // prettier-ignore
      expect(tf.max(tf.abs(tf.sub(inverse, expected))).dataSync()[0]).toBe(0);
    });
  });
});
