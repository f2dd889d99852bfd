import { choleskyFactor, Dense, normalHead, Key, MultivariateNormal } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { vae } from '../../src/vae';
import type { Vae, VaeOptions } from '../../src/vae';

/**
 * A linear-Gaussian model, x = W z + b + 0.5 eps, whose columns of W are orthogonal: its true posterior (Eq. 4.7 as
 * corrected) has a diagonal covariance, so that a linear encoder can hit it exactly.
 */
const W = [
  [1, 0.5],
  [-1, 0.5],
  [0, 2],
];
const b = [0.3, -0.2, 0.1];
const noiseVariance = 0.25;
const squaredNorms = [0, 1].map((j) => W.reduce((total, row) => total + row[j]! ** 2, 0));

export function linearVae({
  posteriorShift = 0,
  ...options
}: { posteriorShift?: number } & Partial<VaeOptions> = {}): Vae {
  const encoder = new Dense({ inputs: 3, outputs: 4, key: Key.of(1) });
  const decoder = new Dense({ inputs: 2, outputs: 3, key: Key.of(2) });
  const model = vae({
    encoder,
    decoder,
    posterior: normalHead({ shape: [2] }),
    likelihood: normalHead({ shape: [3], std: Math.sqrt(noiseVariance) }),
    ...options,
  });
  // M = W'W + s^2 I; mean M^-1 W'(x - b), covariance s^2 M^-1.
  const gain = squaredNorms.map((norm, j) => W.map((row) => row[j]! / (norm + noiseVariance)));
  const offset = gain.map((column) => -column.reduce((total, g, i) => total + g * b[i]!, 0) + posteriorShift);
  const logVariance = squaredNorms.map((norm) => Math.log(noiseVariance / (norm + noiseVariance)));
  assign(
    encoder,
    'kernel',
    [0, 1, 2].map((i) => [gain[0]![i]!, gain[1]![i]!, 0, 0]),
  );
  assign(encoder, 'bias', [...offset, ...logVariance]);
  assign(
    decoder,
    'kernel',
    [0, 1].map((j) => W.map((row) => row[j]!)),
  );
  assign(decoder, 'bias', b);
  return model;
}

function assign(layer: Dense, path: string, values: number[] | number[][]): void {
  const variable: Variable = layer.parameters().get(path)!;
  tf.tidy(() => variable.assign(tf.tensor(values)));
}

/** ln N(x; b, W W' + s^2 I). */
export function exactLogLikelihood(x: Tensor): Tensor {
  return tf.tidy(() => {
    const covariance = W.map((row, i) =>
      W.map((other, k) => row[0]! * other[0]! + row[1]! * other[1]! + (i === k ? noiseVariance : 0)),
    );
    return MultivariateNormal.lowerTriangular(
      tf.tensor1d(b),
      choleskyFactor(tf.tensor2d(covariance)),
    ).logProb(x);
  });
}

/** Three values of x. */
export const points = () => tf.tensor2d([0.5, -1, 2, 0.3, -0.2, 0.1, -2, 1, -3], [3, 3]);
