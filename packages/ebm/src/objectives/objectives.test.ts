import {
  adam,
  exactTrace,
  fit,
  hutchinsonTrace,
  Independent,
  Key,
  mlp,
  Normal,
  sigmoid,
  standardNormal,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { boltzmannMachine } from '../boltzmann/boltzmann-machine';
import { energyModel } from '../energy/energy-model';
import { rbm } from '../rbm/rbm';
import { bernoulliUnits, gaussianUnits } from '../rbm/units';
import { bitStates } from '../partition/enumerate';
import { minimumProbabilityFlow, pseudoLikelihood } from './bit-flips';
import type { EnergyFunction, EnergyObjective } from './energy-objective';
import { energyDiscrepancy, noiseContrastiveEstimation } from './noise-contrastive';
import { maximumLikelihood } from './maximum-likelihood';
import { denoisingScoreMatching, implicitScoreMatching } from './score-matching';

const key = Key.of(0);
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

/** $E(x) = \frac k2 \|x\|^2$. */
const quadratic = (k: Tensor | number): EnergyFunction => ({
  energy: (x) =>
    tf.tidy(() => tf.mul(k, tf.mul(0.5, tf.sum(tf.square(tf.reshape(x, [x.shape[0]!, -1])), 1)))),
});

const lossOf = (objective: EnergyObjective, model: EnergyFunction, x: Tensor, own = key): number =>
  tf.tidy(() => objective.loss(model, x, own).total.dataSync()[0]!);

/** The losses of single examples, each with its own noise, about an expected value. */
function expectMean(objective: EnergyObjective, model: EnergyFunction, x: Tensor, expected: number): void {
  const losses = Array.from({ length: 60 }, (_, draw) => lossOf(objective, model, x, Key.of(draw)));
  const { mean, standardError } = meanAndError(losses);
  expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * standardError);
}

describe('implicitScoreMatching', () => {
  it.each([
    ['exact', exactTrace()],
    // Of a quadratic energy the estimate of the trace has no variance.
    ['sliced', hutchinsonTrace()],
  ])('has the value and the gradient of a quadratic energy, %s', (_, trace) => {
    tf.tidy(() => {
      const x = Key.of(1).normal([5, 2, 2]);
      const k = tf.scalar(1.7);
      const square = tf.sum(tf.square(x)).dataSync()[0]! / 5;
      const { value, grad } = tf.valueAndGrad(
        (each: Scalar) => implicitScoreMatching({ trace }).loss(quadratic(each), x, key).total,
      )(k);
      expect(take(value)).toBeCloseToArray([-4 * 1.7 + 0.5 * 1.7 ** 2 * square], CLOSE);
      expect(take(grad)).toBeCloseToArray([-4 + 1.7 * square], CLOSE);
    });
  });

  it('has the gradient of central differences through a network', () => {
    const network = mlp([2, 8, 1], { key, activation: 'swish' });
    tf.tidy(() => {
      const x = Key.of(1).normal([4, 2]);
      const model = { energy: (each: Tensor) => tf.squeeze(network.apply(each), [1]) };
      const kernel = [...network.parameters().values()][0]!;
      const objective = implicitScoreMatching();
      const { grads } = tf.variableGrads(() => objective.loss(model, x, key).total, [kernel]);
      const direction = Key.of(2).normal(kernel.shape);
      const start = tf.clone(kernel);
      const [above, below] = [0.01, -0.01].map((step) => {
        kernel.assign(tf.add(start, tf.mul(step, direction)));
        return lossOf(objective, model, x);
      });
      const [along] = take(tf.sum(tf.mul(grads[kernel.name]!, direction)));
      expect(along!).toBeCloseTo((above! - below!) / 0.02, 2);
    });
    network.dispose();
  });
});

it('denoisingScoreMatching has the mean of a quadratic energy', () => {
  tf.tidy(() => {
    const x = Key.of(1).normal([50, 3]);
    const [k, std] = [0.8, 0.5];
    const square = tf.sum(tf.square(x)).dataSync()[0]! / 50;
    // E |e - std k (x + std e)|^2 / 2
    const expected = 0.5 * (3 * (1 - k * std ** 2) ** 2 + (k * std) ** 2 * square);
    expectMean(denoisingScoreMatching({ std }), quadratic(k), x, expected);
  });
});

describe('noiseContrastiveEstimation', () => {
  const noise = standardNormal([1]);
  it('is at its minimum where the energy and the learned normalizer are those of the data', () => {
    tf.tidy(() => {
      // Data with a variance of 1/2: E(x) = x^2 and ln Z = ln(pi) / 2, by quadrature.
      const loss = (k: Tensor, logPartition: Tensor): Scalar => {
        const x = tf.mul(Math.SQRT1_2, Key.of(1).normal([4000, 1]));
        const model = { ...quadratic(k), learnedPartition: logPartition };
        return noiseContrastiveEstimation({ noise, ratio: 2 }).loss(model, x, key).total;
      };
      const gradients = tf.grads(loss)([tf.scalar(2), tf.scalar(0.5 * Math.log(Math.PI))]);
      gradients.forEach((gradient) => expect(Math.abs(take(gradient)[0]!)).toBeLessThan(0.03));
      const wrong = tf.grads(loss)([tf.scalar(2), tf.scalar(0)]);
      expect(Math.abs(take(wrong[1]!)[0]!)).toBeGreaterThan(0.1);
    });
  });

  it('is the entropy of the odds where it cannot tell the two apart', () => {
    tf.tidy(() => {
      const model = { ...quadratic(1), learnedPartition: tf.scalar(0.5 * Math.log(2 * Math.PI)) };
      const x = Key.of(1).normal([7, 1]);
      const expected = Math.log(4 / 1) + 3 * Math.log(4 / 3);
      expect(lossOf(noiseContrastiveEstimation({ noise, ratio: 3 }), model, x)).toBeCloseTo(expected, 5);
    });
  });

  it('gives the model its normalizer as a parameter', () => {
    const model = energyModel({
      network: mlp([1, 4, 1], { key, activation: 'swish' }),
      ...{ shape: [1], range: [-3, 3], key, objective: noiseContrastiveEstimation({ noise }) },
    });
    expect(model.parameters().get('logPartition')!.trainable).toBe(true);
    model.dispose();
  });
});

describe('energyDiscrepancy', () => {
  it('is sigma^2 w^2 / 2 for a linear energy and many negatives', () => {
    tf.tidy(() => {
      const model = { energy: (x: Tensor) => tf.mul(0.6, tf.squeeze(x, [1])) };
      const objective = energyDiscrepancy({ std: 0.5, negatives: 400, stabilization: 0 });
      expectMean(objective, model, Key.of(1).normal([30, 1]), 0.5 * 0.3 ** 2);
    });
  });

  it('is ln(1 + w / M) for a constant energy', () => {
    tf.tidy(() => {
      const model = quadratic(0);
      const x = tf.zeros([3, 2, 2]);
      expect(lossOf(energyDiscrepancy({ std: 1, negatives: 4, stabilization: 2 }), model, x)).toBeCloseTo(
        Math.log(1.5),
        5,
      );
    });
  });
});

describe('of bits', () => {
  /** A model of three bits, its energies by the number of the state, and a batch of states 1, 6 and 6. */
  function withBits(use: (model: EnergyFunction, energies: readonly number[], x: Tensor) => void): void {
    const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden: 2, key });
    tf.tidy(() => {
      model
        .parameters()
        .get('weights')!
        .assign(Key.of(1).normal([3, 2]));
      const states = bitStates(3)[0]!();
      const x = tf.gather(states, tf.tensor1d([1, 6, 6], 'int32'));
      use(model, [...take(model.energy(states))], x);
    });
    model.dispose();
  }
  const meanOver = (term: (state: number, flipped: number) => number): number =>
    [1, 6, 6].reduce((sum, state) => sum + [1, 2, 4].reduce((s, bit) => s + term(state, state ^ bit), 0), 0) /
    3;

  it('pseudoLikelihood is the sum of the conditionals of enumeration', () => {
    withBits((model, energies, x) => {
      const p = energies.map((energy) => Math.exp(-energy));
      const expected = meanOver((state, flipped) => -Math.log(p[state]! / (p[state]! + p[flipped]!)));
      expect(lossOf(pseudoLikelihood(), model, x)).toBeCloseTo(expected, 4);
    });
  });

  it('maximumLikelihood has the value and the gradient of enumeration', () => {
    const model = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden: 2, key });
    tf.tidy(() => {
      const weights = model.parameters().get('weights')!;
      weights.assign(Key.of(1).normal([3, 2]));
      const states = bitStates(3)[0]!();
      const x = tf.gather(states, tf.tensor1d([1, 6, 6], 'int32'));
      const energies = [...take(model.energy(states))];
      const logPartition = Math.log(energies.reduce((sum, energy) => sum + Math.exp(-energy), 0));
      const expected = (energies[1]! + 2 * energies[6]!) / 3 + logPartition;
      const objective = maximumLikelihood();
      const { value, grads } = tf.variableGrads(() => objective.loss(model, x, key).total, [weights]);
      expect(take(value)[0]).toBeCloseTo(expected, 4);
      // dL/dW = E_model[x h] - E_data[x h]
      const correlations = (of: Tensor, shares: readonly number[]): Tensor =>
        tf.matMul(
          tf.mul(of, tf.tensor2d(shares.map((share) => [share]))),
          sigmoid(model.hiddenLogits(of)),
          true,
        );
      const underModel = energies.map((energy) => Math.exp(-energy - logPartition));
      const difference = tf.sub(correlations(states, underModel), correlations(x, [1 / 3, 1 / 3, 1 / 3]));
      expect(take(grads[weights.name]!)).toBeCloseToArray([...take(difference)], CLOSE);
    });
    model.dispose();
  });

  it('minimumProbabilityFlow is the flow of enumeration', () => {
    withBits((model, energies, x) => {
      const expected = meanOver((state, flipped) => Math.exp((energies[state]! - energies[flipped]!) / 2));
      expect(lossOf(minimumProbabilityFlow(), model, x)).toBeCloseTo(expected, 4);
    });
  });
});

it.each([
  ['implicitScoreMatching', implicitScoreMatching()],
  ['denoisingScoreMatching', denoisingScoreMatching({ std: 0.3 })],
  [
    'noiseContrastiveEstimation',
    noiseContrastiveEstimation({ noise: new Independent(new Normal(0, 2, { shape: [1] }), 1) }),
  ],
  ['energyDiscrepancy', energyDiscrepancy({ std: 0.5 })],
])('%s learns the shape of a normal density', async (_, objective) => {
  const model = energyModel({
    network: mlp([1, 16, 1], { key, activation: 'swish' }),
    ...{ shape: [1], range: [-4, 4], key, objective, steps: 10 },
  });
  const values = tf.tidy(() => Float32Array.from(take(Key.of(1).normal([256, 1]))));
  const train: Examples = { count: 256, shape: [1], values };
  await fit(model, { train }, { key, optimizer: adam({ learningRate: 0.02 }), batchSize: 64, epochs: 30 });
  tf.tidy(() => {
    const [centre, left, right] = take(model.energy(tf.tensor2d([[0], [-1.5], [1.5]])));
    // E(1.5) - E(0) = 1.125
    expect(left! - centre!).toBeGreaterThan(0.5);
    expect(right! - centre!).toBeGreaterThan(0.5);
    expect(Math.max(left!, right!) - centre!).toBeLessThan(2);
    expect(model.sample(key, 3).shape).toEqual([3, 1]);
  });
  model.dispose();
});

describe('refuses', () => {
  const network = () => mlp([2, 4, 1], { key, activation: 'swish' });
  const real = { shape: [2], range: [-1, 1], key };
  const visible = bernoulliUnits({ shape: [3] });
  it.each([
    ['noise without a width', () => denoisingScoreMatching({} as never), /std/],
    [
      'a misspelt option',
      () => energyDiscrepancy({ std: 1, negative: 3 } as never),
      /did you mean "negatives"/,
    ],
    ['no noise', () => noiseContrastiveEstimation({} as never), /noise/],
    ['half a draw', () => noiseContrastiveEstimation({ noise: standardNormal([2]), ratio: 0.5 }), /ratio/],
    [
      'bits of a deep model',
      () => energyModel({ network: network(), ...real, objective: pseudoLikelihood() } as never),
      /for reals/,
    ],
    [
      'a buffer that nothing uses',
      () =>
        energyModel({
          network: network(),
          ...real,
          bufferSize: 5,
          objective: denoisingScoreMatching({ std: 1 }),
        } as never),
      /left out with an objective/,
    ],
    [
      'what is no objective',
      () => energyModel({ network: network(), ...real, objective: 'score' } as never),
      /denoisingScoreMatching/,
    ],
    [
      'scores of bits',
      () => rbm({ visible, hidden: 2, key, objective: implicitScoreMatching() }),
      /for bits/,
    ],
    [
      'bits of real units',
      () => rbm({ visible: gaussianUnits({ shape: [3] }), hidden: 2, key, objective: pseudoLikelihood() }),
      /bernoulliUnits/,
    ],
    [
      'sums over real numbers',
      () => energyModel({ network: network(), ...real, objective: maximumLikelihood() } as never),
      /sums over all states/,
    ],
    [
      'sums over too many hidden and visible units',
      () => rbm({ visible: gaussianUnits({ shape: [3] }), hidden: 21, key, objective: maximumLikelihood() }),
      /at most 20 bits/,
    ],
    [
      'sums over too many units',
      () => boltzmannMachine({ shape: [21], key, objective: maximumLikelihood() }),
      /graph to be small or narrow/,
    ],
    [
      'chains that nothing uses',
      () => rbm({ visible, hidden: 2, key, chains: 5, objective: pseudoLikelihood() }),
      /left out/,
    ],
  ])('%s', (_, make, message) => {
    // A network that was given outlives the error.
    expect(make).toThrow(message);
  });

  it('a network whose second derivative is wrong, for scores', () => {
    expectNoLeaks(() => {
      const wrong = network();
      const energy = {
        ...wrong,
        apply: (x: Tensor) => tf.elu(wrong.apply(x)),
        parameters: () => wrong.parameters(),
      };
      expect(() =>
        energyModel({ network: energy, ...real, objective: denoisingScoreMatching({ std: 1 }) } as never),
      ).toThrow(/second derivatives/);
      wrong.dispose();
    });
  });
});
