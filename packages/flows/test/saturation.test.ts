import { Key, mlp, trainable, type Bijector } from '@dgm/core';
import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  ActNormFlow,
  affine,
  Autoregressive,
  BatchNormFlow,
  Coupling,
  ElementWise,
  halfMask,
  Householder,
  IntegerCoupling,
  Leaky,
  linearSpline,
  logitPreprocessing,
  LuLinear,
  maskedNetwork,
  Planar,
  Radial,
  rationalQuadraticSpline,
  Sylvester,
  type FlowLayer,
  type Transformer,
} from '../src/index';
import { moved } from './support/moved';

const key = Key.of(0);
const groups = [0, 1, 2];
const spline = rationalQuadraticSpline({ bins: 4 });

function coupling(transformer: Transformer): Coupling {
  return new Coupling({
    mask: halfMask(3),
    network: mlp([2, 6, transformer.numParameters], { key }),
    transformer,
  });
}

function autoregressive(fast: 'density' | 'sampling', transformer: Transformer): Autoregressive {
  const { numParameters } = transformer;
  const network = maskedNetwork({ groups, numParameters, hidden: [6], key });
  return new Autoregressive({ groups, network, transformer, fast });
}

const layers: Record<string, { readonly make: () => FlowLayer; readonly largest: number }> = {
  'affine coupling': { make: () => coupling(affine()), largest: 1e3 },
  'rational-quadratic coupling': { make: () => coupling(spline), largest: 1e3 },
  'linear spline coupling': { make: () => coupling(linearSpline({ bins: 4 })), largest: 1e3 },
  'autoregressive, fast density': { make: () => autoregressive('density', affine()), largest: 1e3 },
  'autoregressive, fast sampling': { make: () => autoregressive('sampling', affine()), largest: 1e3 },
  'autoregressive spline': { make: () => autoregressive('density', spline), largest: 1e3 },
  'element-wise spline': {
    make: () => new ElementWise({ eventShape: [3], transformer: spline, key }),
    largest: 1e3,
  },
  'integer coupling': {
    make: () => new IntegerCoupling({ parts: [2, 1], networks: [undefined, mlp([2, 6, 1], { key })] }),
    largest: 1e3,
  },
  // An exponent of these is a weight itself.
  'LU linear': { make: () => moved(new LuLinear({ features: 3, key })), largest: 10 },
  'activation normalization': { make: () => moved(new ActNormFlow({ features: 3 })), largest: 10 },
  'batch normalization': { make: () => moved(new BatchNormFlow({ features: 3 })), largest: 10 },
  Householder: { make: () => new Householder({ features: 3, reflections: 2, key }), largest: 1e3 },
  planar: { make: () => moved(new Planar({ dims: 3, key })), largest: 1e2 },
  radial: { make: () => moved(new Radial({ dims: 3, key })), largest: 1e2 },
  Sylvester: { make: () => new Sylvester({ dims: 3, form: 'triangular', key }), largest: 1e2 },
};

const inputs = {
  'far out': [[1e6, -1e6, 3e4]],
  'at the ends of an interval': [[4, -4, 4]],
  'at zero': [[0, 0, 0]],
  tiny: [[1e-38, -1e-30, 1e-20]],
};

type Ways = Pick<Bijector, 'forwardAndLogDet' | 'inverseAndLogDet'>;

/** Values, and gradients by the input and by the variables, of both directions. */
function everything(layer: Ways, weights: readonly Variable[], input: number[][]): number[] {
  const x = tf.variable(tf.tensor2d(input));
  const variables = [...weights, x];
  const all = (['forward', 'inverse'] as const).flatMap((way) => {
    const { value, grads } = tf.variableGrads(() => {
      const there = way === 'forward' ? layer.forwardAndLogDet(x) : layer.inverseAndLogDet(x);
      const image = 'y' in there ? there.y : there.z;
      return tf.add(tf.mean<tf.Scalar>(image), tf.mean<tf.Scalar>(there.logDet));
    }, variables);
    return [value, ...Object.values(grads)].flatMap((tensor) => [...tensor.dataSync()]);
  });
  x.dispose();
  return all;
}

describe.each(Object.entries(layers))('%s', (_, { make, largest }) => {
  describe.each(Object.entries(inputs))('%s', (_, input) => {
    test.each([...new Set([1, largest])])('weights times %f: values and gradients are finite', (size) => {
      const layer = make();
      const weights = [...trainable(layer).values()];
      for (const weight of weights) tf.tidy(() => weight.assign(tf.mul(size, weight)));
      expect(everything(layer, weights, input).every(Number.isFinite)).toBe(true);
      layer.dispose();
    });
  });
});

const elementWise: Record<string, { readonly bijector: Bijector; readonly points: number[][] }> = {
  Leaky: { bijector: new Leaky(), points: [[0, -1e30, 1e30]] },
  // Both ends of the data, which noise reaches, and far latents; beyond the ends there is no latent.
  'logit preprocessing': { bijector: logitPreprocessing({ levels: 17 }), points: [[0, 16.9999, 8.5]] },
};

test.each(Object.entries(elementWise))('%s: values and gradients are finite', (_, { bijector, points }) => {
  expect(everything(bijector, [], points).every(Number.isFinite)).toBe(true);
});
