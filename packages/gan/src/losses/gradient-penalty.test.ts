import { readFileSync } from 'node:fs';
import {
  ActivationLayer,
  asLayer,
  Conv2d,
  Dense,
  Key,
  LayerNorm,
  mlp,
  Reshape,
  Sequential,
  spectralNorm,
  trainable,
  type ActivationName,
  type Layer,
} from '@dgm/core';
import {
  automaticGradients,
  expectNoLeaks,
  flatten,
  numericalGradients,
  relativeError,
  tensorOf,
} from '@dgm/testing';
import type { Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { gradientPenalty, r1, r2, wganPenalty } from './gradient-penalty';
import type { GradientPenalty } from './gradient-penalty';

interface Reference {
  readonly name: string;
  readonly weights: readonly Numbers[];
  readonly real: Numbers;
  readonly fake: Numbers;
  /** Where the point between is, from the fake, `[n, 1]`. */
  readonly u: Numbers;
  readonly penalties: Readonly<
    Record<'r1' | 'r2' | 'wgan', { value: number; gradients: readonly Numbers[] }>
  >;
}

const references = JSON.parse(
  readFileSync(new URL('../../test/golden/penalties.json', import.meta.url), 'utf8'),
) as readonly Reference[];

const key = Key.of(0);

function criticOf(name: string): Layer {
  if (name === 'convolutions') {
    const softplus = () => new ActivationLayer('softplus');
    return new Sequential([
      new Reshape({ shape: [4, 4, 1] }),
      new Conv2d({ inputs: 1, outputs: 2, kernelSize: 3, padding: 'same', key }),
      softplus(),
      new Conv2d({ inputs: 2, outputs: 2, kernelSize: 3, stride: 2, padding: 'same', key }),
      softplus(),
      new Reshape({ shape: [8] }),
      new Dense({ inputs: 8, outputs: 1, key }),
    ]);
  }
  if (name === 'layer norm') {
    return new Sequential([
      new Dense({ inputs: 3, outputs: 4, key }),
      new LayerNorm({ features: 4 }),
      new ActivationLayer('tanh'),
      new Dense({ inputs: 4, outputs: 1, key }),
    ]);
  }
  return mlp([3, 4, 4, 1], { key, activation: name as ActivationName });
}

const scoresOf = (critic: Layer) => (x: Tensor) => tf.reshape(critic.apply(x), [-1]);

/** A penalty with its gradient for each weight. */
function measured(critic: Layer, penalty: () => Scalar) {
  const weights = [...trainable(critic).values()];
  const { value, grads } = tf.variableGrads(penalty, weights);
  return {
    value: value.dataSync()[0]!,
    // A bias that the gradient with respect to x does not depend on has none.
    gradients: weights.map((weight: Variable) => [
      ...(grads[weight.name] ?? tf.zerosLike(weight)).dataSync(),
    ]),
  };
}

describe.each(references)(
  'penalties of a critic with $name',
  ({ name, weights, real, fake, u, penalties }) => {
    test.each(['r1', 'r2', 'wgan'] as const)(
      '%s and its gradients are those of PyTorch in float64',
      (kind) => {
        const critic = criticOf(name);
        [...trainable(critic).values()].forEach((variable, index) => {
          const given = tf.tidy(() => tensorOf(weights[index]!));
          // The scale of a layer norm is given as its distance from 1.
          const isScale = name === 'layer norm' && index === 2;
          variable.assign(tf.tidy(() => tf.reshape(tf.add(given, isScale ? 1 : 0), variable.shape)));
          given.dispose();
        });
        tf.tidy(() => {
          const [x, y] = [tensorOf(real), tensorOf(fake)];
          const between = tf.add(y, tf.mul(tensorOf(u), tf.sub(x, y)));
          const cases: Record<typeof kind, () => Scalar> = {
            r1: () => r1({ gamma: 1 }).loss(scoresOf(critic), { real: x, fake: y }, key),
            r2: () => r2({ gamma: 1 }).loss(scoresOf(critic), { real: x, fake: y }, key),
            wgan: () =>
              gradientPenalty({ at: 'real', center: 1, weight: 10 }).loss(
                scoresOf(critic),
                { real: between, fake: y },
                key,
              ),
          };
          const { value, gradients } = measured(critic, cases[kind]);
          const expected = penalties[kind];
          expect(relativeError([value], [expected.value])).toBeLessThan(1e-5);
          gradients.forEach((gradient, index) =>
            expect(
              relativeError(gradient, flatten(expected.gradients[index]!)),
              `weight ${index}`,
            ).toBeLessThan(1e-5),
          );
        });
        critic.dispose();
      },
    );
  },
);

test('the penalty between is that on the line from each example to its fake', () => {
  // The slope of s(x) = x^2 / 2 is x: the penalty reads where the points lie.
  tf.tidy(() => {
    const batch = { real: tf.fill([500, 1], 3), fake: tf.fill([500, 1], 1) };
    const points = (center: number): number =>
      gradientPenalty({ at: 'between', center, weight: 1 })
        .loss((x) => tf.sum(tf.mul(0.5, tf.square(x)), 1), batch, key)
        .dataSync()[0]!;
    // x is uniform on [1, 3]: E[x^2] = 13/3 and E[(x - 1)^2] = 4/3.
    expect(points(0)).toBeCloseTo(13 / 3, 0);
    expect(points(1)).toBeCloseTo(4 / 3, 0);
    const wgan = wganPenalty().loss((x) => tf.sum(tf.mul(0.5, tf.square(x)), 1), batch, key);
    expect(wgan.dataSync()[0]).toBeCloseTo(10 * points(1), 4);
  });
});

test.each<[string, () => Layer]>([
  ['spectral normalization', () => mlp([3, 4, 1], { key, activation: 'tanh', weight: spectralNorm() })],
  ['a function of its own', () => asLayer((x) => tf.sum(tf.sin(x), 1, true))],
])('gradients with respect to x are those of finite differences, with %s', (_, make) => {
  const critic = make();
  const penalty = (x: Tensor): Scalar =>
    gradientPenalty({ at: 'real', center: 1, weight: 2 }).loss(scoresOf(critic), { real: x, fake: x }, key);
  const at = [
    [
      [0.3, -0.7, 1.1],
      [0.2, 0.9, -0.4],
    ],
  ];
  const [automatic] = automaticGradients((x) => penalty(x!), at);
  const [numerical] = numericalGradients((x) => penalty(x!), at);
  expect(relativeError(automatic!, numerical!)).toBeLessThan(1e-3);
  critic.dispose();
});

test('a critic without a slope has a finite penalty with finite gradients', () => {
  const critic = mlp([3, 4, 1], { key });
  for (const weight of critic.parameters().values()) weight.assign(tf.tidy(() => tf.zerosLike(weight)));
  tf.tidy(() => {
    const batch = { real: tf.ones([2, 3]), fake: tf.zeros([2, 3]) };
    const { value, gradients } = measured(critic, () => wganPenalty().loss(scoresOf(critic), batch, key));
    expect(value).toBe(10);
    expect(gradients.flat().every(Number.isFinite)).toBe(true);
  });
  critic.dispose();
});

test('frees all but the penalty', () => {
  tf.tidy(() => {
    const batch = { real: tf.ones([2, 3]), fake: tf.zeros([2, 3]) };
    expectNoLeaks(() => {
      for (const penalty of [r1({ gamma: 1 }), r2({ gamma: 1 }), wganPenalty()])
        penalty.loss((x) => tf.sum(tf.square(x), 1), batch, key).dispose();
    });
  });
});

it.each<[string, () => GradientPenalty]>([
  ['at', () => gradientPenalty({ at: 'fakes' as 'fake', weight: 1 })],
  ['weight', () => gradientPenalty({ at: 'real', weight: -1 })],
  ['weight', () => gradientPenalty({ at: 'real' } as { at: 'real'; weight: number })],
  ['center', () => gradientPenalty({ at: 'real', center: NaN, weight: 1 })],
  ['wieght', () => wganPenalty({ wieght: 1 } as object)],
  ['gamma', () => r1({ gamma: -1 })],
  ['gamma', () => r2({} as { gamma: number })],
  ['gamma', () => r1({ gamma: 1, gama: 2 } as { gamma: number })],
  ['options', () => r1(undefined as never)],
  ['options', () => wganPenalty(null as never)],
])('refuses a wrong %s', (name, make) => {
  expect(make).toThrow(name);
});
