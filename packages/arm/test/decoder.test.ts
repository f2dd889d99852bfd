import { readFileSync } from 'node:fs';
import { adam, categoricalHead, fit, Key } from '@dgm/core';
import { everyEvent, expectNoLeaks, tensorOf } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { recurrentArm } from '../src/index';
import type { AutoregressiveModel, RecurrentArmOptions } from '../src/index';
import { CausalConv1d } from '../src/layers/causal-conv1d';
import { CausalStack } from '../src/layers/causal-stack';

const golden = JSON.parse(readFileSync(new URL('golden/decoder.json', import.meta.url), 'utf8')) as {
  readonly hidden: number;
  readonly values: number;
  readonly context: number[];
  readonly x: number[];
  readonly logProb: number[];
  readonly weights: Readonly<Record<string, number[]>>;
};
const likelihood = categoricalHead({ shape: [], levels: 3 });
const key = Key.of(0);
const options = { shape: [4], likelihood, key, hidden: 6, contextSize: 2, contextTo: 'state' } as const;

const decoders: Readonly<Record<string, Partial<RecurrentArmOptions>>> = {
  gru: {},
  'lstm, two layers, a network in between': { cell: 'lstm', layers: 2, contextHidden: [5] },
  'an order of its own': { order: [2, 0, 3, 1] },
};

describe.each(Object.entries(decoders))('recurrentArm with its state from a context: %s', (_, more) => {
  const withModel = (use: (model: AutoregressiveModel) => void): void => {
    const model = recurrentArm({ ...options, ...more });
    tf.tidy(() => use(model));
    model.dispose();
  };
  const contexts = (n: number): Tensor => key.fold('context').normal([n, 2]);

  it('steps to what teacher forcing gives: the same draws, cached and by full passes', () => {
    withModel((model) => {
      const context = contexts(16);
      const [cached, full, predicted] = (['cached', 'full', 'predictive'] as const).map((method) => [
        ...model.sample(Key.of(1), 16, { context, method }).dataSync(),
      ]);
      expect(cached).toEqual(full);
      expect(predicted).toEqual(full);
      expect(new Set(cached).size).toBe(3);
    });
  });

  it('gives probabilities that sum to 1 for every context, and the first variable knows the context', () => {
    withModel((model) => {
      const context = contexts(2);
      const everything = tf.expandDims(tensorOf(everyEvent([0, 1, 2], 4)), 1);
      const total = tf.sum(tf.exp(model.given(context).logProb(everything)), 0);
      expect(total.dataSync()).toBeCloseToArray([1, 1]);
      const first = tf.unstack(
        tf.slice(model.conditionals(tf.zeros([2, 4]), { context }), [0, 0, 0], [2, 1, 3]),
      );
      expect(first[0]!.dataSync()).not.toEqual(first[1]!.dataSync());
    });
  });

  it('has a gradient by its context, and one of 0 by what comes later', () => {
    withModel((model) => {
      const x = tf.zeros([2, 4]);
      const byContext = tf.grad((context) => tf.sum(model.given(context).logProb(x)))(contexts(2));
      expect(tf.min(tf.abs(byContext)).dataSync()[0]).toBeGreaterThan(0);
      const later = tf.oneHot([3, 3], 4);
      const place = [...(more.order ? Array.from(more.order) : [0, 1, 2, 3])].indexOf(3);
      const before = (input: Tensor): Tensor =>
        tf.slice(model.conditionals(input, { context: contexts(2) }), [0, 0, 0], [2, place + 1, 3]);
      expect([...before(tf.add(x, later)).dataSync()]).toEqual([...before(x).dataSync()]);
    });
  });

  it('frees what it makes', () => {
    expectNoLeaks(() => {
      const model = recurrentArm({ ...options, ...more });
      const context = contexts(2);
      const distribution = model.given(context);
      const x = distribution.sample(key);
      tf.dispose([distribution.logProb(x), x, context]);
      model.dispose();
    });
  });
});

describe('a decoder', () => {
  it('learns to say what its context holds', async () => {
    // The context is one of two vectors; the sequence goes up after one and down after the other.
    const model = recurrentArm({ ...options, hidden: 8 });
    const count = 4;
    const values = Int32Array.from({ length: count * 4 }, (_, at) => {
      const [row, column] = [Math.floor(at / 4), at % 4];
      return row % 2 === 0 ? column % 3 : 2 - (column % 3);
    });
    const examples = { count, shape: [4], values };
    const contextOf = (rows: ArrayLike<number>): Tensor =>
      tf.oneHot(
        tf.tensor1d(
          Array.from(rows, (row) => row % 2),
          'int32',
        ),
        2,
      );
    await fit(
      model,
      { train: examples, validation: examples },
      {
        key,
        optimizer: adam({ learningRate: 3e-2 }),
        batchSize: count,
        epochs: 40,
        batch: (given, rows) =>
          tf.tidy(() => {
            const all = tf.tensor2d(Float32Array.from(given.values), [count, 4]);
            return { x: tf.gather(all, tf.tensor1d(Array.from(rows), 'int32')), context: contextOf(rows) };
          }),
      },
    );
    tf.tidy(() => {
      const context = tf.cast(contextOf([0, 1]), 'float32');
      expect(model.sample(Key.of(5), 2, { context, temperature: 0.1 }).arraySync()).toEqual([
        [0, 1, 2, 0],
        [2, 1, 0, 2],
      ]);
    });
    model.dispose();
  });

  it('is told of training: dropout is for that', () => {
    const model = recurrentArm({ ...options, dropout: 0.5 });
    tf.tidy(() => {
      const [context, x] = [key.normal([2, 2]), tf.zeros([2, 4])];
      const under = (seed?: number): number[] => [
        ...model
          .given(context, seed === undefined ? {} : { training: true, key: Key.of(seed) })
          .logProb(x)
          .dataSync(),
      ];
      expect(under(1)).toEqual(under(1));
      expect(under(1)).not.toEqual(under(2));
      expect(under()).not.toEqual(under(1));
      const loss = model.objectives()[0]!.loss({ x, context }, Key.of(1), { training: true }).total;
      expect(loss.dataSync()[0]).toBeCloseTo(-(under(1)[0]! + under(1)[1]!) / 2, 5);
    });
    model.dispose();
  });

  it('gives the log-probabilities of PyTorch with teacher forcing', () => {
    const { hidden, values, weights, context, x, logProb } = golden;
    const model = recurrentArm({
      ...{ shape: [5], likelihood: categoricalHead({ shape: [], levels: values }), key },
      ...{ cell: 'lstm', hidden, contextSize: 2, contextTo: 'state' },
    });
    const variables = model.parameters();
    expect([...variables.keys()].sort()).toEqual(Object.keys(weights).sort());
    tf.tidy(() => {
      for (const [path, variable] of variables) variable.assign(tf.tensor(weights[path]!, variable.shape));
      const actual = model.given(tf.tensor(context, [3, 2])).logProb(tf.tensor(x, [3, 5]));
      expect(actual.dataSync()).toBeCloseToArray(logProb);
    });
    model.dispose();
  });

  it('has to have a context', () => {
    expectNoLeaks(() => {
      expect(() => recurrentArm({ ...options, contextSize: 0 })).toThrow('at least 1');
    });
    const model = recurrentArm(options);
    expectNoLeaks(() => expect(() => model.sample(key, 2)).toThrow('context'));
    model.dispose();
  });

  it('is recurrent: other layers cannot go on from a state', () => {
    const layer = new CausalStack([new CausalConv1d({ inputs: 1, outputs: 1, kernelSize: 2, key })]);
    tf.tidy(() => {
      const x = tf.zeros([1, 3, 1]);
      expect(() => layer.run(x, layer.initialState(1))).toThrow('recurrent');
    });
    layer.dispose();
  });
});
