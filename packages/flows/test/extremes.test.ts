import { dormandPrince, Key, rungeKutta, trainable } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  contractiveDenseNet,
  contractiveMlp,
  ContinuousFlow,
  InvertibleResidual,
  smoothMlp,
  type FlowLayer,
} from '../src/index';

const key = Key.of(0);
const small = { dims: 3, key, lipschitz: 0.6 };

/** Layers, and the largest factor for their weights. A field of free growth leaves the numbers beyond its own. */
const layers: Record<string, { readonly make: () => FlowLayer; readonly largest: number }> = {
  'residual, LipSwish': {
    make: () => new InvertibleResidual({ contraction: contractiveMlp({ ...small, hidden: [6] }) }),
    largest: 1e3,
  },
  'residual, ELU': {
    make: () =>
      new InvertibleResidual({ contraction: contractiveMlp({ ...small, hidden: [6], activation: 'elu' }) }),
    largest: 1e3,
  },
  'residual, densely connected': {
    make: () =>
      new InvertibleResidual({ contraction: contractiveDenseNet({ ...small, depth: 2, growth: 3 }) }),
    largest: 1e3,
  },
  'continuous, equal steps': {
    make: () =>
      new ContinuousFlow({
        dims: 3,
        field: smoothMlp([3, 6, 3], { key, conditions: 1 }),
        evaluationSolver: rungeKutta({ steps: 4 }),
      }),
    largest: 1e3,
  },
  'continuous, adaptive': {
    make: () =>
      new ContinuousFlow({
        dims: 3,
        field: smoothMlp([3, 6, 3], { key, conditions: 1, activation: 'softplus' }),
        evaluationSolver: dormandPrince({ tolerance: 1e-3 }),
      }),
    largest: 1,
  },
};

const inputs = {
  'far out': [[1e6, -1e6, 3e4]],
  'at zero': [[0, 0, 0]],
  tiny: [[1e-38, -1e-30, 1e-20]],
};

describe.each(Object.entries(layers))('%s', (_, { make, largest }) => {
  describe.each(Object.entries(inputs))('%s', (_, input) => {
    // Weights of 0 have a spectral norm of 0; large ones saturate what can be saturated.
    test.each([...new Set([0, 1, largest])])('weights times %f: values and gradients are finite', (size) => {
      const layer = make();
      const variables = [...trainable(layer).values()];
      variables.forEach((variable) => tf.tidy(() => variable.assign(tf.mul(size, variable))));
      for (const way of ['forward', 'inverse'] as const) {
        const { value, grads } = tf.variableGrads(() => {
          const x = tf.tensor2d(input);
          const moved = way === 'forward' ? layer.forwardAndLogDet(x) : layer.inverseAndLogDet(x);
          const image = 'y' in moved ? moved.y : moved.z;
          return tf.add(tf.mean<tf.Scalar>(image), tf.mean<tf.Scalar>(moved.logDet));
        }, variables);
        const values = [value, ...Object.values(grads)].flatMap((tensor) => [...tensor.dataSync()]);
        expect(values.every(Number.isFinite)).toBe(true);
      }
      layer.dispose();
    });
  });
});
