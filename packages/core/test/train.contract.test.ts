import { DgmError, Key, ModelStep, eager, sgd, type Engine, type GenerativeModel } from '@dgm/core';
import { describeModel } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

import { FactorizedCategorical, SUPPORT, TinyVae } from './support/models';
import { TinyEnergy, TinyGan } from './support/players';

const packages = [
  { modelParts: { ...SUPPORT, parts: { FactorizedCategorical, TinyVae, TinyGan, TinyEnergy } } },
];

// The models that the tests of training stand on keep the contract themselves.
describeModel({
  FactorizedCategorical: () => ({
    packages,
    make: (key) => new FactorizedCategorical({ dims: 2, levels: 3, key }),
    data: [
      [0, 1],
      [0, 2],
      [0, 1],
      [2, 1],
    ],
    range: [0, 2],
    everyEvent: [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [a, b])),
  }),
  TinyVae: () => ({
    packages,
    make: (key) => new TinyVae({ dims: 3, key }),
    data: [
      [0.5, 1, 1.5],
      [-1, -2, -2.5],
      [0.2, 0.1, 0.4],
      [1, 1.8, 3],
    ],
    exactLogLikelihood: (model, x) => {
      const rows = x.arraySync() as number[][];
      return tf.tensor1d(rows.map((row) => (model as TinyVae).exactLogProb(Float32Array.from(row))));
    },
  }),
  TinyGan: () => ({
    packages,
    make: (key) => new TinyGan(key),
    data: () => tf.add(Key.of(1).normal([32, 3]), 2),
    zeroGradient: ['critic/2/bias'], // what the critic adds to all its values cancels
    steps: 300,
    measure: meanGap,
  }),
  TinyEnergy: () => ({
    packages,
    make: (key) => new TinyEnergy(key),
    data: () => tf.add(tf.mul(Key.of(1).normal([32, 3]), 0.5), 1),
    steps: 60,
    measure: meanGap,
  }),
});

/** The distance between the means of samples and data: a measure of models whose losses say nothing. */
function meanGap(model: GenerativeModel, data: Tensor, key: Key): number {
  return tf.tidy(() => {
    const gap = tf.sub(tf.mean(model.sample(key, 256), 0), tf.mean(data, 0));
    return tf.sum(tf.square(gap)).dataSync()[0]!;
  });
}

/** What `fit` counts on in an engine. */
const engines: Record<string, () => Engine> = { eager };

describe.each(Object.entries(engines))('engine %s', (_, makeEngine) => {
  const feed = (batch: Tensor, step: number) => ({
    batch,
    key: Key.of(step),
    learningRates: { elbo: 0.1 },
    step,
  });

  /** Takes three steps; the middle one with weights put in from outside. */
  async function threeSteps() {
    const model = new TinyVae({ dims: 3, key: Key.of(0) });
    const program = new ModelStep(model, {
      optimizer: sgd({ momentum: 0.5 }),
      clipNorm: 1,
      ema: { decay: 0.5 },
    });
    const batch = tf.ones([4, 3]);
    const smaller = tf.ones([2, 3]);
    const step = await makeEngine().prepare(program);
    await step.run(feed(batch, 1));
    await step.run(feed(smaller, 2));
    const terms = [...(await step.drain())];
    await step.sync();
    const logStd = model.parameters().get('logStd')!;
    const before = logStd.dataSync()[0]!;
    tf.tidy(() => logStd.assign(tf.scalar(before + 1)));
    await step.load();
    await step.run(feed(batch, 3));
    terms.push(...(await step.drain()));
    await step.sync();
    const state = [...program.state].map(([path, variable]) => [path, [...variable.dataSync()]] as const);
    step.dispose();
    step.dispose();
    program.dispose();
    model.dispose();
    tf.dispose([batch, smaller]);
    return { terms, state: Object.fromEntries(state), before };
  }

  it('runs steps of any batch size, reads their terms in order, and sees what was loaded', async () => {
    const { terms, state, before } = await threeSteps();
    expect(terms.map((term) => Object.keys(term).sort())).toEqual(Array(3).fill(['elbo/elbo', 'elbo/total']));
    terms.forEach((term) => expect(term['elbo/total']).toBe(-term['elbo/elbo']!));
    expect(new Set(terms.map((term) => term['elbo/total'])).size).toBe(3);
    // One clipped step moves the weight by at most 0.1 * (1 + momentum), from where it was put.
    expect(Math.abs(state['model/logStd']![0]! - (before + 1))).toBeLessThan(0.2);
    expect(Object.keys(state)).toContain('optimizer/elbo/momentum/decoder');
    expect(Object.keys(state)).toContain('average/decoder');
  });

  it('repeats itself and leaves nothing behind', async () => {
    const first = await threeSteps();
    const before = tf.memory().numTensors;
    expect(await threeSteps()).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('passes on what a step throws', async () => {
    const model = new TinyVae({ dims: 3, key: Key.of(0) });
    const program = new ModelStep(model, { optimizer: sgd() });
    const step = await makeEngine().prepare(program);
    const before = tf.memory().numTensors;
    const batch = tf.ones([4, 5]);
    const error: unknown = await Promise.resolve()
      .then(() => step.run(feed(batch, 1)))
      .catch((thrown: unknown) => thrown);
    batch.dispose();
    expect(DgmError.is(error, 'shape')).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    step.dispose();
    program.dispose();
    model.dispose();
  });
});
