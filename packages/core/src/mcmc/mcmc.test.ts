import { readFileSync } from 'node:fs';
import {
  drawsAlong,
  effectiveSampleSize,
  gibbs,
  hmc,
  Key,
  langevin,
  mala,
  runSamplingLoop,
  splitRHat,
  type MetropolisState,
} from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { pointAt } from './chain';
import { leapfrog } from './hmc';

/** The log-density of N(0, 1) for each element, up to a constant. */
const standardNormal = (x: Tensor): Tensor => tf.mul(-0.5, tf.sum(tf.square(x), -1));

/** Checks mean and variance of independent draws, within standard errors. */
function expectMoments(
  draws: readonly number[],
  { mean, variance }: { mean: number; variance: number },
): void {
  const first = meanAndError(draws);
  expect(Math.abs(first.mean - mean)).toBeLessThan(STANDARD_ERRORS * first.standardError);
  const second = meanAndError(draws.map((x) => (x - mean) ** 2));
  expect(Math.abs(second.mean - variance)).toBeLessThan(STANDARD_ERRORS * second.standardError);
}

describe('langevin', () => {
  it.each([
    [0.1, 1],
    [0.1, 0.25],
    [0.5, 1],
  ])(
    'with step %d and temperature %d has the stationary law of its autoregression',
    (stepSize, temperature) => {
      // x' = (1 - ε) x + sqrt(2 ε T) z has the variance 2 ε T / (1 - (1 - ε)²) = T / (1 - ε / 2), not (.357)².
      const initial = Key.of(1).normal([4000, 1]);
      const loop = langevin({ logProb: standardNormal, initial, steps: 80, stepSize, temperature });
      expectMoments(take(runSamplingLoop(loop, Key.of(2))), {
        mean: 0,
        variance: temperature / (1 - stepSize / 2),
      });
      initial.dispose();
    },
  );

  it('clamps to a range, on one side too', () => {
    const initial = tf.zeros([200, 2]);
    const options = { logProb: standardNormal, initial, steps: 20, stepSize: 0.5 };
    const both = take(runSamplingLoop(langevin({ ...options, min: -0.5, max: 0.25 }), Key.of(3)));
    expect([Math.min(...both), Math.max(...both)]).toEqual([-0.5, 0.25]);
    const low = take(runSamplingLoop(langevin({ ...options, min: 0 }), Key.of(3)));
    expect(Math.min(...low)).toBe(0);
    expect(Math.max(...low)).toBeGreaterThan(1);
    initial.dispose();
  });
});

describe('mala', () => {
  // On N(0, 1) the log-ratio is (x² - x'²) ε / 4.
  const stepSize = 1.5;

  it('accepts with the probability of its closed form', () => {
    const initial = Key.of(4).normal([6000, 1]);
    const loop = mala({ logProb: standardNormal, initial, steps: 1, stepSize });
    const accepted = tf.tidy(() => {
      const state = loop.start(loop.inputs, Key.of(5));
      return take(tf.clone(loop.next(state, loop.inputs, Key.of(6)).acceptance));
    });
    initial.dispose();

    // E min(1, r) over x ~ N(0, 1) and x' = (1 - ε) x + sqrt(2 ε) z, on a grid.
    const grid = Array.from({ length: 401 }, (_, index) => (index - 200) / 25);
    const weight = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI) / 25;
    const expected = grid.reduce(
      (sum, x) =>
        sum +
        grid.reduce((inner, z) => {
          const proposal = (1 - stepSize) * x + Math.sqrt(2 * stepSize) * z;
          const ratio = Math.exp(Math.min(0, ((x * x - proposal * proposal) * stepSize) / 4));
          return inner + weight(x) * weight(z) * ratio;
        }, 0),
      0,
    );
    const { mean, standardError } = meanAndError(accepted);
    expect(Math.abs(mean - expected)).toBeLessThan(STANDARD_ERRORS * standardError);
    expect(expected).toBeLessThan(0.9);
  });

  it('keeps N(0, 1) exactly where Langevin steps do not', () => {
    const initial = Key.of(7).normal([4000, 1]);
    const loop = mala({ logProb: standardNormal, initial, steps: 60, stepSize });
    expectMoments(take(runSamplingLoop(loop, Key.of(8))), { mean: 0, variance: 1 });
    initial.dispose();
  });

  it('is Hamiltonian Monte Carlo with one leapfrog step of sqrt(2 ε)', () => {
    const initial = Key.of(9).normal([50, 3]);
    const options = { logProb: standardNormal, initial, steps: 5 };
    const a = take(runSamplingLoop(mala({ ...options, stepSize: 0.5 }), Key.of(10)));
    const b = take(runSamplingLoop(hmc({ ...options, stepSize: 1, leapfrogSteps: 1 }), Key.of(10)));
    a.forEach((value, index) => expect(value).toBeCloseTo(b[index]!, 4));
    initial.dispose();
  });
});

describe('hmc', () => {
  it('has leapfrog steps that lead back with the momentum turned round, and keep the volume of the start', () => {
    tf.tidy(() => {
      const density = (x: Tensor): Tensor => tf.sum(tf.cos(x), -1);
      const evaluate = (x: Tensor) => pointAt(density, x, {});
      const x = Key.of(11).normal([20, 2]);
      const momentum = Key.of(12).normal([20, 2]);
      const options = { stepSize: 0.2, steps: 8, evaluate };
      const there = leapfrog(evaluate(x), momentum, options);
      const back = leapfrog(there.point, tf.neg(there.momentum), options);
      const start = x.dataSync();
      back.point.x.dataSync().forEach((value, index) => expect(value).toBeCloseTo(start[index]!, 5));
      expect(Math.max(...tf.abs(tf.sub(there.point.x, x)).dataSync())).toBeGreaterThan(0.5);
    });
  });

  it('samples a correlated normal of two scales', () => {
    // Precision of N(0, [[1, .8], [.8, 1]]).
    const precision = tf.tensor2d([
      [1 / 0.36, -0.8 / 0.36],
      [-0.8 / 0.36, 1 / 0.36],
    ]);
    const initial = tf.zeros([2000, 2]);
    const loop = hmc({
      logProb: (x, { precision }) => tf.mul(-0.5, tf.sum(tf.mul(x, tf.matMul(x, precision!)), 1)),
      ...{ initial, inputs: { precision }, steps: 25, stepSize: 0.35, leapfrogSteps: 6 },
    });
    const draws = take(runSamplingLoop(loop, Key.of(13)));
    const first = draws.filter((_, index) => index % 2 === 0);
    expectMoments(first, { mean: 0, variance: 1 });
    const products = meanAndError(first.map((x, row) => x * draws[2 * row + 1]!));
    expect(Math.abs(products.mean - 0.8)).toBeLessThan(STANDARD_ERRORS * products.standardError);
    tf.dispose([precision, initial]);
  });

  it.each([0.002, 8])(
    'adapts a step size of %d until the wanted share is accepted, and then keeps it',
    (first) => {
      const initial = Key.of(14).normal([100, 3]);
      // With more leapfrog steps some large step sizes lead exactly to -x, and acceptance is no monotone function of the size.
      const options = { logProb: standardNormal, initial, stepSize: first, leapfrogSteps: 1, warmUp: 150 };
      const loop = hmc({ ...options, steps: 190, targetAcceptance: 0.7 });
      tf.tidy(() => {
        let state: MetropolisState = loop.start(loop.inputs, Key.of(15));
        const sizes: number[] = [];
        for (let step = 1; step <= loop.steps; step++) {
          state = loop.next(state, loop.inputs, Key.of(15).fold(step));
          sizes.push(state.stepSize!.dataSync()[0]!);
        }
        expect(new Set(sizes.slice(149)).size).toBe(1);
        expect(new Set(sizes.slice(0, 149)).size).toBeGreaterThan(100);
        expect(state.counted.dataSync()[0]).toBe(40);
        const { mean, standardError } = meanAndError([...state.meanAcceptance.dataSync()]);
        expect(Math.abs(mean - 0.7)).toBeLessThan(0.03 + STANDARD_ERRORS * standardError);
      });
      initial.dispose();
    },
  );

  it('refuses proposals that are not numbers', () => {
    const initial = tf.ones([3, 1]);
    const wall = (x: Tensor): Tensor => tf.log(tf.squeeze(x, [1]));
    const draws = take(runSamplingLoop(hmc({ logProb: wall, initial, steps: 10, stepSize: 1 }), Key.of(16)));
    expect(draws.every((x) => x > 0 && Number.isFinite(x))).toBe(true);
    initial.dispose();
  });
});

describe('gibbs', () => {
  it('draws block after block given the latest of the others', () => {
    // Two standard normals with correlation ρ: each given the other is N(ρ x, 1 - ρ²).
    const rho = 0.9;
    const given = (x: Tensor, key: Key): Tensor =>
      tf.add(tf.mul(rho, x), tf.mul(Math.sqrt(1 - rho ** 2), key.normal(x.shape)));
    const initial = { a: tf.fill([4000], 3), b: tf.zeros([4000]), kept: tf.zeros([1]) };
    const draws = (steps: number, key: Key): number[] =>
      take(
        runSamplingLoop(
          gibbs({
            ...{ initial, steps, result: 'b' },
            conditionals: { a: ({ b }, key) => given(b, key), b: ({ a }, key) => given(a, key) },
          }),
          key,
        ),
      );
    expectMoments(draws(30, Key.of(17)), { mean: 0, variance: 1 });
    // After one sweep b has seen the new a, which has seen b = 0.
    expectMoments(draws(1, Key.of(18)), { mean: 0, variance: (1 + rho ** 2) * (1 - rho ** 2) });
    tf.dispose(initial);
  });
});

describe('every chain', () => {
  const initial = tf.tidy(() => tf.keep(Key.of(19).normal([5, 2])));
  const chains = {
    langevin: () => langevin({ logProb: standardNormal, initial, steps: 4, stepSize: 0.1, max: 1 }),
    mala: () => mala({ logProb: standardNormal, initial, steps: 4, stepSize: 0.1, warmUp: 2 }),
    hmc: () => hmc({ logProb: standardNormal, initial, steps: 4, stepSize: 0.1, warmUp: 2 }),
    gibbs: () =>
      gibbs({
        initial: { x: initial },
        conditionals: { x: ({ x }, key) => key.normal(x.shape) },
        steps: 4,
        result: 'x',
      }),
    'gibbs from a draw': () =>
      gibbs({
        initial: (key) => ({ x: key.fold('x').normal([5, 2]), scale: tf.tensor1d([2]) }),
        conditionals: { x: ({ x, scale }, key) => tf.mul(key.normal(x.shape), scale) },
        steps: 4,
        result: 'x',
      }),
  };

  it.each(Object.entries(chains))('%s: frees what it makes, and repeats itself under one key', (_, make) => {
    const draw = (key: Key) => take(runSamplingLoop(make(), key));
    expectNoLeaks(() => draw(Key.of(1)));
    expect(draw(Key.of(1))).toEqual(draw(Key.of(1)));
    expect(draw(Key.of(1))).not.toEqual(draw(Key.of(2)));
    expect(initial.isDisposed).toBe(false);
  });

  it.each(Object.entries(chains))('%s: gives the states along its steps', (_, make) => {
    const draws = drawsAlong(make(), Key.of(1), { skip: 1, every: 2 });
    expect(draws.shape).toEqual([1, 5, 2]);
    draws.dispose();
    const all = drawsAlong(make(), Key.of(1));
    expect(take(tf.tidy(() => tf.slice(all, 3)))).toEqual(take(runSamplingLoop(make(), Key.of(1))));
    all.dispose();
  });

  it('refuses what it cannot run', () => {
    const options = { logProb: standardNormal, initial, steps: 4, stepSize: 0.1 };
    expect(() => langevin({ ...options, stepSize: 0 })).toThrow('expected stepSize to be a number above 0');
    expect(() => langevin({ ...options, steps: -1 })).toThrow('steps');
    expect(() => langevin({ ...options, temperatur: 2 } as never)).toThrow('did you mean "temperature"');
    expect(() => mala({ ...options, warmUp: 5 })).toThrow('warmUp');
    expect(() => hmc({ ...options, leapfrogSteps: 0 })).toThrow('leapfrogSteps');
    expect(() => hmc({ ...options, targetAcceptance: 1 })).toThrow('targetAcceptance');
    expect(() => langevin({ ...options, logProb: undefined as never })).toThrow('logProb');
    const total = (x: Tensor): Tensor => tf.sum(x);
    expectNoLeaks(() =>
      expect(() => runSamplingLoop(mala({ ...options, logProb: total }), Key.of(0))).toThrow(
        'one number for each',
      ),
    );
    expect(() => gibbs({ initial: { x: initial }, conditionals: {}, steps: 1, result: 'y' as 'x' })).toThrow(
      'result',
    );
    expect(() =>
      gibbs({ initial: { x: initial }, conditionals: {}, steps: 1, result: 'x', inputs: { x: initial } }),
    ).toThrow('other names');
    const drawn = gibbs({
      initial: () => ({ x: tf.ones([1]) }),
      conditionals: {},
      steps: 1,
      result: 'y' as 'x',
    });
    expectNoLeaks(() => expect(() => runSamplingLoop(drawn, Key.of(0))).toThrow('result'));
  });
});

describe('diagnostics', () => {
  interface Row {
    readonly draws: number[][];
    readonly effectiveSampleSize: number;
    readonly splitRHat: number;
  }
  const path = new URL('../../test/golden/mcmc.json', import.meta.url);
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Row>>;

  it.each(Object.entries(golden))('agree with ArviZ: %s', async (_, row) => {
    const draws = tf.tensor2d(row.draws);
    const [size] = await effectiveSampleSize(draws);
    const [rHat] = await splitRHat(draws);
    expect(Math.abs(size! / row.effectiveSampleSize - 1)).toBeLessThan(1e-10);
    expect(Math.abs(rHat! / row.splitRHat - 1)).toBeLessThan(1e-10);
    draws.dispose();
  });

  it('look at each element of an event, and at chains that do not move', async () => {
    const [a, b] = [golden['correlated']!, golden['correlated']!.draws.map((row) => row.map((x) => 2 - x))];
    const draws = tf.tidy(() => tf.stack([tf.tensor2d(a.draws), tf.tensor2d(b), tf.zeros([60, 3])], 2));
    const [first, second, still] = await effectiveSampleSize(draws);
    expect(second).toBeCloseTo(first!, 6);
    expect(still).toBe(180);
    expect((await splitRHat(draws))[2]).toBeNaN();
    draws.dispose();
    const few = tf.zeros([3, 2]);
    await expect(effectiveSampleSize(few)).rejects.toMatchObject({ code: 'shape' });
    few.dispose();
  });
});
