import {
  categoricalHead,
  DgmError,
  gibbs,
  hmc,
  Key,
  langevin,
  mala,
  odeSamplingLoop,
  rungeKutta,
  runSamplingLoop,
} from '@dgm/core';
import type { SamplingLoop } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { allMakers } from '../../arm/test/arm.cases';
import { compileLoop } from '../src/function/compile';
import { compile, compileSampler } from '../src/index';

const key = Key.of(0);
const likelihood = categoricalHead({ shape: [], levels: 5 });

/** Values of a tensor, which is freed. */
async function taken(tensor: Tensor | Promise<Tensor>): Promise<number[]> {
  const x = await tensor;
  const values = [...x.dataSync()];
  x.dispose();
  return values;
}

describe.each(Object.entries(allMakers))('%s in a compiled loop', (_, make) => {
  test('draws what it draws eagerly, for each context, and leaves no tensors', async () => {
    const model = make({ shape: [3, 3], likelihood, key, contextSize: 2 });
    const contexts = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[0, 1], [3, -2]])] as const; // prettier-ignore
    const before = tf.memory().numTensors;
    const sampler = await compileSampler(model.samplingLoop(2, { context: contexts[0] }));
    for (const seed of [1, 2]) {
      expect(await taken(sampler.sample(Key.of(seed)))).toEqual(
        await taken(model.sample(Key.of(seed), 2, { context: contexts[0] })),
      );
    }
    expect(await taken(sampler.sample(Key.of(1), { context: contexts[1] }))).toEqual(
      await taken(model.sample(Key.of(1), 2, { context: contexts[1] })),
    );
    sampler.dispose();
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...contexts]);
    model.dispose();
  });

  test('and in one function with all of its steps', async () => {
    const model = make({ shape: [3, 3], likelihood, key });
    const sampler = await compile(({ key: own }) => ({ x: model.sample(own, 2) }), {});
    const { x } = await sampler.run({}, { key: Key.of(1) });
    expect(await taken(x)).toEqual(await taken(model.sample(Key.of(1), 2)));
    sampler.dispose();
    model.dispose();
  });
});

describe('compileSampler', () => {
  test('keeps given entries, draws by temperature, and follows the weights', async () => {
    const model = allMakers['convArm']!({ shape: [6], likelihood, key, order: [5, 0, 1, 3, 2, 4] });
    const values = tf.fill([4, 6], 2);
    const options = { temperature: 0.7, given: { values, known: [1, 0, 0, 1, 0, 0] } };
    const sampler = await compileSampler(model.samplingLoop(4, options));
    const expected = await taken(model.sample(Key.of(1), 4, options));
    expect(await taken(sampler.sample(Key.of(1)))).toEqual(expected);
    expect(expected.filter((_, index) => index % 6 === 0 || index % 6 === 3)).toEqual(new Array(8).fill(2));
    for (const weight of model.parameters().values()) tf.tidy(() => weight.assign(tf.mul(weight, -1)));
    const after = await taken(sampler.sample(Key.of(1)));
    expect(after).toEqual(await taken(model.sample(Key.of(1), 4, options)));
    expect(after).not.toEqual(expected);
    sampler.dispose();
    values.dispose();
    model.dispose();
  });

  test('one capture draws in any number of steps, by the numbers of each', async () => {
    const loopOf = (steps: number): SamplingLoop =>
      odeSamplingLoop({
        field: (t, y) => tf.mul(t, y),
        start: (_, key) => key.normal([3]),
        solver: rungeKutta({ steps, order: 2 }),
        interval: { from: 1, to: 0 },
      });
    const sampler = await compileSampler(loopOf(2));
    for (const loop of [loopOf(2), loopOf(7)]) {
      const drawn = await taken(sampler.sample(key, {}, loop.perStep!));
      const expected = await taken(runSamplingLoop(loop, key));
      drawn.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 6));
    }
    for (const perStep of [{ from: [1] }, { from: [1, 0.5], to: [0] }, { from: [], to: [] }])
      await expect(sampler.sample(key, {}, perStep)).rejects.toMatchObject({
        code: 'argument',
        argument: 'perStep',
      });
    sampler.dispose();
  });

  test('a loop of one step', async () => {
    const loop: SamplingLoop = {
      steps: 0,
      inputs: {},
      start: (_, own) => ({ x: own.normal([2]) }),
      next: () => {
        throw new Error('There is no other step.');
      },
      finish: ({ x }) => tf.neg(x!),
    };
    const sampler = await compileSampler(loop);
    const expected = tf.tidy(() => tf.neg(key.fold(0).normal([2])));
    expect(await taken(sampler.sample(key))).toEqual(await taken(expected));
    sampler.dispose();
  });
});

describe('Markov chains in a compiled loop', () => {
  const initial = tf.tidy(() => tf.keep(Key.of(3).normal([8, 2])));
  const scale = tf.tidy(() => tf.keep(tf.scalar(2)));
  const chain = {
    logProb: (x: Tensor, { scale }: Record<string, Tensor>) =>
      tf.mul(-0.5, tf.sum(tf.square(tf.div(x, scale!)), 1)),
    ...{ initial, inputs: { scale }, steps: 6, stepSize: 0.3 },
  };
  test.each(
    Object.entries({
      langevin: langevin({ ...chain, min: -1 }),
      mala: mala({ ...chain, warmUp: 4 }),
      hmc: hmc({ ...chain, leapfrogSteps: 2, warmUp: 6 }),
      gibbs: gibbs({
        initial: { a: initial, b: initial },
        conditionals: { a: ({ b }, key) => tf.add(b, key.normal([8, 2])), b: ({ a }) => tf.neg(a) },
        steps: 3,
        result: 'b',
      }),
    }),
  )('%s draws what it draws eagerly', async (_, loop) => {
    const sampler = await compileSampler(loop);
    const compiled = await taken(sampler.sample(Key.of(4)));
    const eager = await taken(runSamplingLoop(loop, Key.of(4)));
    compiled.forEach((value, index) => expect(value).toBeCloseTo(eager[index]!, 5));
    sampler.dispose();
  });
});

describe('a compiled loop of many steps', () => {
  test('hands on what no step reads, and outputs that do not change', async () => {
    const offset = tf.tensor1d([1, 2]);
    const loop: SamplingLoop = {
      steps: 5,
      inputs: { offset },
      start: ({ offset }, own) => ({ x: own.normal([2]), last: tf.zeros([2]), fixed: tf.exp(offset!) }),
      next: ({ x }, { offset }, own) => ({
        x: tf.add(tf.mul(x!, tf.exp(offset!)), own.normal([2])),
        last: tf.clone(x!),
        fixed: tf.exp(offset!),
      }),
      finish: ({ x, last, fixed }) => tf.stack([x!, last!, fixed!]),
    };
    const sampler = await compileSampler(loop);
    const compiled = await taken(sampler.sample(key));
    const eager = await taken(runSamplingLoop(loop, key));
    compiled.forEach((value, index) => expect(value / eager[index]!).toBeCloseTo(1, 5));
    sampler.dispose();
    offset.dispose();
  });

  test('in several runs, where its draws are many, and without draws', async () => {
    const walk = (steps: number, draws: boolean): SamplingLoop => ({
      steps,
      inputs: {},
      start: () => ({ x: tf.zeros([2 ** 17]) }),
      next: ({ x }, _, own) => ({ x: tf.add(x!, draws ? own.uniform(x!.shape) : 1) }),
      finish: ({ x }) => tf.clone(x!),
    });
    for (const loop of [walk(5, true), walk(7, false)]) {
      const sampler = await compileSampler(loop);
      const compiled = await sampler.sample(key);
      const eager = runSamplingLoop(loop, key);
      expect(tf.tidy(() => tf.max(tf.abs(tf.sub(compiled, eager))).dataSync()[0])).toBe(0);
      tf.dispose([compiled, eager]);
      sampler.dispose();
    }
  });

  test('keeps the draws of calls that overlap apart', async () => {
    const loop: SamplingLoop = {
      steps: 5,
      inputs: {},
      start: () => ({ x: tf.zeros([3]) }),
      next: ({ x }, _, own) => ({ x: tf.add(x!, own.normal([3])) }),
      finish: ({ x }) => tf.clone(x!),
    };
    const sampler = await compileSampler(loop);
    for (const seeds of [[0], [1, 2, 3]]) {
      const samples = await Promise.all(seeds.map((seed) => taken(sampler.sample(Key.of(seed)))));
      const eager = await Promise.all(seeds.map((seed) => taken(runSamplingLoop(loop, Key.of(seed)))));
      expect(samples).toEqual(eager);
    }
    sampler.dispose();
  });

  test('a loop is not used once it was disposed of', async () => {
    const specs = { x: { shape: [2] } };
    const options = { changing: [] };
    const loop = await compileLoop(({ tensors }) => ({ x: tf.add(tensors['x']!, 1) }), specs, options);
    const inputs = { start: { x: tf.zeros([2]) }, tensors: {}, numbers: {}, key: () => key };
    expect(await taken((await loop.run(3, inputs))['x']!)).toEqual([3, 3]);
    loop.dispose();
    await expect(loop.run(3, inputs)).rejects.toSatisfy((error) => DgmError.is(error, 'state'));
    inputs.start.x.dispose();
  });
});
