import { Key, NumericalError, runSamplingLoop } from '@dgm/core';
import { expectNoLeaks, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rbm, type Rbm } from '../rbm/rbm';
import { bernoulliUnits } from '../rbm/units';
import { bitStates } from './enumerate';
import { annealedImportanceSampling, annealingLoop } from './annealed-importance-sampling';

const [CHAINS, SEEDS] = [50, 100];

let model: Rbm;
let exact: number;
beforeAll(() => {
  model = rbm({ visible: bernoulliUnits({ shape: [8] }), hidden: 6, key: Key.of(0) });
  tf.tidy(() => {
    model
      .parameters()
      .get('weights')!
      .assign(Key.of(1).normal([8, 6]));
    model
      .parameters()
      .get('hiddenBias')!
      .assign(Key.of(2).normal([6]));
    exact = model.logPartition().dataSync()[0]!;
  });
});
afterAll(() => model.dispose());

/** What one estimate of each seed has for its chains. All of them are run together. */
function weightsOfSeeds(temperatures: number, from?: tf.Tensor): tf.Tensor[] {
  const loop = annealingLoop(model.annealedPath(), {
    chains: CHAINS * SEEDS,
    temperatures,
    ...(from && { from }),
  });
  return tf.tidy(() => tf.split(runSamplingLoop(loop, Key.of(3)), SEEDS, 1));
}

it('has the exact normalizer in its 95 % interval for 90 of 100 seeds or more', async () => {
  const key = Key.of(0);
  const estimates = await Promise.all(
    weightsOfSeeds(40).map((weights) =>
      annealedImportanceSampling(model.annealedPath(), { key, run: () => weights }),
    ),
  );
  const covered = estimates.filter(({ interval: [low, high] }) => low <= exact && exact <= high);
  expect(covered.length).toBeGreaterThanOrEqual(90);
  expect(estimates[0]!.standardError).toBeLessThan(0.2);
});

it('brackets the normalizer on average: too low from the base, too high from the target', async () => {
  const key = Key.of(0);
  const samples = tf.tidy(() => {
    const states = bitStates(8)[0]!();
    return tf.gather(states, Key.of(5).categorical(tf.neg(model.energy(states)), [CHAINS * SEEDS]));
  });
  const mean = async (from?: tf.Tensor): Promise<number> => {
    const values = await Promise.all(
      weightsOfSeeds(3, from).map(async (weights) => {
        const options = from === undefined ? {} : { from };
        const run = () => weights;
        return (await annealedImportanceSampling(model.annealedPath(), { key, run, ...options }))
          .logPartition;
      }),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  expect(await mean()).toBeLessThan(exact);
  expect(await mean(samples)).toBeGreaterThan(exact);
  samples.dispose();
});

it('is exact where target and base are one', async () => {
  const flat = rbm({ visible: bernoulliUnits({ shape: [3] }), hidden: 2, key: Key.of(0) });
  flat
    .parameters()
    .get('weights')!
    .assign(tf.zeros([3, 2]));
  const { logPartition, standardError } = await annealedImportanceSampling(flat.annealedPath(), {
    key: Key.of(0),
    chains: 4,
    temperatures: 3,
  });
  expect(logPartition).toBeCloseTo(5 * Math.LN2, 5);
  expect(standardError).toBeLessThan(1e-6);
  flat.dispose();
});

it('loses nothing of thousands of small terms', () => {
  const path = {
    logBasePartition: () => tf.scalar(0),
    draw: (_: Key, n: number) => tf.zeros([n]),
    logRatio: () => tf.fill([2], 0.0123),
    move: (x: tf.Tensor) => tf.clone(x),
  };
  tf.tidy(() => {
    const [sum, , lost] = take(
      runSamplingLoop(annealingLoop(path, { chains: 2, temperatures: 2000 }), Key.of(0)),
    );
    expect(sum! + lost!).toBeCloseTo(2000 * Math.fround(0.0123), 5);
  });
});

it('repeats itself and frees what it makes', async () => {
  const path = model.annealedPath();
  const options = { key: Key.of(0), chains: 3, temperatures: 2 };
  const before = tf.memory().numTensors;
  const [first, second] = [
    await annealedImportanceSampling(path, options),
    await annealedImportanceSampling(path, options),
  ];
  expect(first).toEqual(second);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses wrong options, draws of another number, and weights that are not numbers', async () => {
  const path = model.annealedPath();
  const key = Key.of(0);
  await expect(annealedImportanceSampling(path, { key, chains: 1 })).rejects.toThrow(/chains/);
  await expect(annealedImportanceSampling(path, { key, temperature: 5 } as never)).rejects.toThrow(
    /did you mean "temperatures"/,
  );
  await expect(annealedImportanceSampling(path, {} as never)).rejects.toThrow(/Key/);
  const from = tf.zeros([3, 8]);
  expectNoLeaks(() => expect(() => annealingLoop(path, { chains: 4, from })).toThrow(/4 draws/));
  const run = () => tf.fill([2, 3], NaN);
  await expect(annealedImportanceSampling(path, { key, run })).rejects.toThrow(NumericalError);
  from.dispose();
});
