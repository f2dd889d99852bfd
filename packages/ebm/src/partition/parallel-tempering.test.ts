import { Key, runSamplingLoop } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { boltzmannMachine } from '../boltzmann/boltzmann-machine';
import { rbm, type Rbm } from '../rbm/rbm';
import { bernoulliUnits } from '../rbm/units';
import { parallelTempering } from './parallel-tempering';

const key = Key.of(0);
const CHAINS = 500;

/** One hidden unit that turns all visible bits on or off together: 0 has three times the mass of 1. */
function withModes(use: (model: Rbm) => void): void {
  const model = rbm({ visible: bernoulliUnits({ shape: [6] }), hidden: 1, key });
  tf.tidy(() => {
    const parameters = model.parameters();
    parameters.get('weights')!.assign(tf.fill([6, 1], 8));
    parameters.get('visibleBias')!.assign(tf.fill([6], -4));
    parameters.get('hiddenBias')!.assign(tf.tensor1d([-24 - Math.log(3)]));
    use(model);
  });
  model.dispose();
}

it('visits modes that Gibbs sampling does not leave, as often as their mass says', () => {
  withModes((model) => {
    const path = model.annealedPath();
    const shareOfOnes = (x: tf.Tensor): number => take(tf.mean(x))[0]!;
    const ones = tf.ones([CHAINS, 6]);
    expect(shareOfOnes(model.gibbs(ones, { key, steps: 10 }))).toBeGreaterThan(0.95);
    const loop = parallelTempering(path, { chains: CHAINS, steps: 40, temperatures: 6 });
    // Every replica starts in the mode of 1.
    const start = () => ({ replicas: tf.ones([6, CHAINS, 6]) });
    const share = shareOfOnes(runSamplingLoop({ ...loop, start }, key));
    const bias = model.parameters().get('visibleBias')!;
    const { grads } = tf.variableGrads(() => model.logPartition(), [bias]);
    const expected = take(grads[bias.name]!)[0]!;
    expect(Math.abs(share - expected)).toBeLessThan(
      STANDARD_ERRORS * Math.sqrt((expected * (1 - expected)) / CHAINS),
    );
  });
});

it('draws a Boltzmann machine with the exact means of units and of pairs', () => {
  const model = boltzmannMachine({ shape: [4], key });
  tf.tidy(() => {
    const [weights, bias] = ['weights', 'bias'].map((name) => model.parameters().get(name)!);
    weights!.assign(tf.mul(2, Key.of(1).normal([4, 4])));
    bias!.assign(Key.of(2).normal([4]));
    const loop = parallelTempering(model.annealedPath(), { chains: CHAINS, steps: 15, temperatures: 3 });
    const x = runSamplingLoop(loop, key);
    const { grads } = tf.variableGrads(() => model.logPartition(), [weights!, bias!]);
    const close = (means: tf.Tensor, expected: tf.Tensor): void => {
      const exact = take(expected);
      take(means).forEach((mean, index) => {
        const p = exact[index]!;
        expect(Math.abs(mean - p)).toBeLessThanOrEqual(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / CHAINS));
      });
    };
    close(tf.mean(x, 0), grads[bias!.name]!);
    const above = tf.tensor2d([0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0], [4, 4]);
    close(tf.mul(above, tf.div(tf.matMul(x, x, true), CHAINS)), grads[weights!.name]!);
  });
  model.dispose();
});

it('repeats itself and frees what it makes', () => {
  withModes((model) => {
    const loop = parallelTempering(model.annealedPath(), { chains: 3, steps: 2, temperatures: 2 });
    expectNoLeaks(() => {
      const draws = (): number[] => tf.tidy(() => [...take(runSamplingLoop(loop, key))]);
      expect(draws()).toEqual(draws());
    });
  });
});

it('refuses wrong options and what is no path', () => {
  withModes((model) => {
    const path = model.annealedPath();
    const options = { chains: 3, steps: 2 };
    expect(() => parallelTempering(path, { ...options, temperatures: 1 })).toThrow(/temperatures/);
    expect(() => parallelTempering(path, { ...options, chain: 1 } as never)).toThrow(/did you mean "chains"/);
    expect(() => parallelTempering({} as never, options)).toThrow(/AnnealedPath/);
  });
});
