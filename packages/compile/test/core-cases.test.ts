import { Key, trainable } from '@dgm/core';
import type { Distribution } from '@dgm/core';
import { tensorOf } from '@dgm/testing';
import type { Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bijectors } from '../../core/test/bijectors.cases';
import { distributions } from '../../core/test/distributions.cases';
import { layers } from '../../core/test/nn.cases';
import { ops } from '../../core/test/ops.cases';
import { compile } from '../src/index';
import { constantKernels } from '../src/kernels/create';
import { kernels } from '../src/kernels/table';
import type { TensorFunction } from '../src/index';
import { expectSame } from './support/compare';
import { specOf } from './support/spec-of';

const used = new Set<string>();

/** Runs a function both ways and compares every output. */
async function check(
  fn: TensorFunction,
  inputs: Readonly<Record<string, Tensor>>,
  key: Key = Key.of(11),
): Promise<void> {
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, specOf(tensor)]));
  let expected: Record<string, Tensor> = {};
  const { kernelNames } = await tf.profile(() => {
    expected = tf.tidy(() => fn({ tensors: inputs, key }));
    return [];
  });
  kernelNames.forEach((kernel) => used.add(kernel));
  const compiled = await compile(fn, specs, { threads: 1 });
  const actual = await compiled.run(inputs, { key });
  for (const [name, tensor] of Object.entries(expected)) expectSame(actual[name]!, tensor, name);
  compiled.dispose();
  tf.dispose([actual, expected]);
}

const inputsOf = (points: readonly Numbers[]) =>
  Object.fromEntries(points.map((point, index) => [`x${index}`, tensorOf(point)]));

/** A weighted sum, so that each element of a gradient is seen. */
const project = (y: Tensor): tf.Scalar =>
  tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.range(0, y.size, 1, 'float32')), y.shape)));

/** The gradient of the squared length of a gradient; the zeros connect what a first gradient does not depend on. */
const secondOrder = (gradients: (xs: Tensor[]) => Tensor[]) =>
  tf.grads((...xs: Tensor[]) =>
    tf.addN([
      ...gradients(xs).map((gradient) => tf.sum(tf.square(gradient))),
      ...xs.map((x) => tf.mul(tf.sum(x), 0)),
    ]),
  );

describe('ops', () => {
  for (const [name, make] of Object.entries(ops)) {
    test(name, async () => {
      const { f, points, order = 2 } = make();
      const names = points.map((_, index) => `x${index}`);
      const inputs = inputsOf(points);
      const gradients = tf.grads((...xs: Tensor[]) => project(f(...xs)));
      await check(({ tensors }) => {
        const xs = names.map((each) => tensors[each]!);
        const first = order > 0 ? gradients(xs) : [];
        const second = order > 1 ? secondOrder(gradients)(xs) : [];
        return {
          value: f(...xs),
          ...Object.fromEntries(first.map((gradient, index) => [`first${index}`, gradient])),
          ...Object.fromEntries(second.map((gradient, index) => [`second${index}`, gradient])),
        };
      }, inputs);
      tf.dispose(inputs);
    });
  }
});

describe('distributions', () => {
  for (const [name, make] of Object.entries(distributions)) {
    test(name, async () => {
      const { parameters, make: build, differentiable } = make();
      const names = Object.keys(parameters);
      const by = differentiable?.parameters ?? names;
      const inputs = Object.fromEntries(names.map((each) => [each, tensorOf(parameters[each]!)]));
      const x = tf.tidy(() => build(...Object.values(inputs)).sample(Key.of(3), [4]));
      const logProb = (given: Readonly<Record<string, Tensor>>) =>
        build(...names.map((each) => given[each]!)).logProb(given['x']!);
      await check(
        ({ tensors }) => {
          const gradients =
            by.length === 0
              ? []
              : tf.grads((...chosen: Tensor[]) =>
                  project(
                    logProb({ ...tensors, ...Object.fromEntries(by.map((each, i) => [each, chosen[i]!])) }),
                  ),
                )(by.map((each) => tensors[each]!));
          return {
            logProb: logProb(tensors),
            ...Object.fromEntries(gradients.map((gradient, index) => [`d ${by[index]}`, gradient])),
          };
        },
        { ...inputs, x },
      );
      tf.dispose([inputs, x]);
    });
    test(`${name}: sample`, async () => {
      const { parameters, make: build } = make();
      const names = Object.keys(parameters);
      const inputs = Object.fromEntries(names.map((each) => [each, tensorOf(parameters[each]!)]));
      const sample: TensorFunction = ({ tensors, key }) => {
        const distribution: Distribution = build(...names.map((each) => tensors[each]!));
        return { x: distribution.sample(key, [3]) };
      };
      try {
        await check(sample, inputs);
      } catch (error) {
        // Samplers that reject draw number by number on the host, and say so.
        expect(error).toMatchObject({ code: 'unsupported' });
      }
      tf.dispose(inputs);
    });
  }
});

describe('layers', () => {
  for (const [name, make] of Object.entries(layers)) {
    test(name, async () => {
      const { make: build, input, call } = make();
      const layer = build(Key.of(0));
      const x = typeof input === 'function' ? input() : tensorOf(input);
      const weights = trainable(layer);
      const variables = [...new Set(weights.values())];
      await check(
        ({ tensors, key }) => {
          const apply = () => layer.apply(tensors['x']!, { ...call, ...(call?.key ? { key } : {}) });
          if (variables.length === 0 || x.size === 0) return { output: apply() };
          const { grads } = tf.variableGrads(() => project(apply()), variables);
          const named = variables.flatMap((variable, index) => {
            const gradient = grads[variable.name];
            return gradient ? [[`d${index}`, gradient] as const] : [];
          });
          return { output: apply(), ...Object.fromEntries(named) };
        },
        { x },
      );
      x.dispose();
      layer.dispose();
    });
  }
});

describe('bijectors', () => {
  for (const [name, make] of Object.entries(bijectors)) {
    test(name, async () => {
      const { make: build, parameters = {}, latent, differentiable = true } = make();
      const names = Object.keys(parameters);
      const inputs = Object.fromEntries(names.map((each) => [each, tensorOf(parameters[each]!)]));
      const z = tensorOf(latent);
      await check(
        ({ tensors }) => {
          const bijector = build(...names.map((each) => tensors[each]!));
          const { y, logDet } = bijector.forwardAndLogDet(tensors['z']!);
          const gradient = tf.grad((at: Tensor) => {
            const image = bijector.forwardAndLogDet(at);
            return tf.addN([project(image.y), project(image.logDet), tf.mul(tf.sum(at), 0)]);
          });
          return { y, logDet, ...(differentiable ? { dz: gradient(tensors['z']!) } : {}) };
        },
        { ...inputs, z },
      );
      tf.dispose([inputs, z]);
    });
  }
});

test('what core emits has a lowering, each with its own test', () => {
  const known = new Set([...Object.keys(kernels), ...Object.keys(constantKernels)]);
  const missing = [...used].filter((name) => tf.getKernel(name, 'cpu') != null && !known.has(name));
  expect(missing).toEqual([]);
  // Tables were run, and gradients with them.
  expect(used.size).toBeGreaterThan(50);
});
