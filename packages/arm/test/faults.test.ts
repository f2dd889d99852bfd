import { bernoulliHead, categoricalHead, fit, adam, Key, normalHead } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  convArm,
  finiteMemory,
  made,
  madeEnsemble,
  nade,
  pixelCnn,
  recurrentArm,
  transformerArm,
  waveNet,
} from '../src/index';

const key = Key.of(0);
const likelihood = categoricalHead({ shape: [], levels: 4 });
const shape = [3];
const small = () => made({ shape, likelihood, hidden: [8], key });

describe('predictive sampling', () => {
  test('ends where a NaN is drawn or given, in as many passes as there are variables', () => {
    const model = made({ shape, likelihood: normalHead({ shape: [] }), hidden: [8], key });
    for (const variable of model.parameters().values()) {
      if (variable.trainable) variable.assign(tf.fill(variable.shape, NaN));
    }
    expect([...tf.tidy(() => model.sample(key, 2).dataSync())].every(Number.isNaN)).toBe(true);
    model.dispose();
  });
});

describe('topK', () => {
  test('draws from no more than k values where all are equally probable', () => {
    const model = finiteMemory({ shape: [1], likelihood, memory: 1, key });
    for (const variable of model.parameters().values()) variable.assign(tf.zerosLike(variable));
    tf.tidy(() => {
      const values = (topK: number) => new Set(model.sample(key, 200, { topK }).dataSync()).size;
      expect([values(1), values(3)]).toEqual([1, 3]);
    });
    model.dispose();
  });
});

describe('an empty batch', () => {
  const factories = {
    made: small,
    madeEnsemble: () => madeEnsemble({ shape, likelihood, hidden: [8], masks: 2, key }),
    nade: () => nade({ shape, likelihood, hidden: 4, key }),
    waveNet: () => waveNet({ shape, likelihood, hidden: 4, key }),
    transformerArm: () => transformerArm({ shape, likelihood, features: 4, heads: 1, blocks: 1, key }),
  };
  test.each(Object.entries(factories))(
    'is sampled and scored, and nothing breaks after it: %s',
    (_, make) => {
      const model = make();
      tf.tidy(() => {
        expect(model.sample(key, 0).shape).toEqual([0, 3]);
        expect(model.logProb(tf.zeros([0, 3])).shape).toEqual([0]);
        expect(model.sample(key, 1).shape).toEqual([1, 3]);
      });
      model.dispose();
    },
  );
});

describe('wrong options', () => {
  const base = { shape, likelihood, key };
  const wrong: readonly (readonly [string, () => unknown, string])[] = [
    [
      'an unknown option',
      () => made({ ...base, hidden: [8], activaton: 'relu' } as never),
      'did you mean "activation"',
    ],
    ['no key', () => made({ shape, likelihood, hidden: [8] } as never), 'made: expected key'],
    ['no likelihood', () => nade({ shape, key, hidden: 4 } as never), 'nade: expected likelihood'],
    ['no shape', () => nade({ likelihood, key, hidden: 4 } as never), 'nade: expected shape'],
    [
      'a likelihood that is no head',
      () => nade({ ...base, likelihood: {}, hidden: 4 } as never),
      'a distribution head',
    ],
    ['no hidden layer', () => made({ ...base } as never), 'hidden to be a list of integers of at least 1'],
    [
      'a cell that is none',
      () => recurrentArm({ ...base, hidden: 4, cell: 'rnn' as 'gru' }),
      'one of gru, lstm',
    ],
    [
      'misspelt positions',
      () => transformerArm({ ...base, features: 4, heads: 1, blocks: 1, positions: 'learnd' as 'learned' }),
      'did you mean "learned"',
    ],
    [
      'a misspelt encoding',
      () => convArm({ ...base, encoding: 'onehot' as 'one-hot' }),
      'did you mean "one-hot"',
    ],
    [
      'no blocks',
      () => transformerArm({ ...base, features: 4, heads: 1, blocks: -1 }),
      'blocks to be an integer of at least 1',
    ],
    ['no layers', () => recurrentArm({ ...base, hidden: 4, layers: 0 }), 'layers'],
    ['no dilations', () => convArm({ ...base, dilations: [] }), 'dilations to have at least one entry'],
    ['a negative size', () => waveNet({ ...base, shape: [-4], hidden: 4 }), 'shape'],
    ['a negative context', () => made({ ...base, hidden: [8], contextSize: -1 }), 'contextSize'],
    ['dropout of all', () => convArm({ ...base, dropout: 1 }), 'dropout to be a number in [0, 1)'],
    [
      'an order of fractions',
      () => made({ ...base, hidden: [8], order: [0.4, 1.3, 2.2] }),
      'each of the numbers 0 to 2 once',
    ],
    ['an image that is none', () => pixelCnn({ ...base, hidden: 4, blocks: 1 }), 'pixelCnn: expected shape'],
    ['an odd number of channels', () => pixelCnn({ ...base, shape: [2, 2], hidden: 3, blocks: 1 }), 'even'],
  ];
  test.each(wrong)('are refused by name, and nothing leaks: %s', (_, make, message) => {
    expectNoLeaks(() => expect(make).toThrow(message));
  });

  test.each([
    ['a method that is none', { method: 'fast' as 'full' }, 'one of cached, predictive, full'],
    ['an unknown name', { topk: 2 } as never, 'did you mean "topK"'],
    ['an infinite temperature', { temperature: Infinity }, 'temperature'],
  ])('of sample are refused by name: %s', (_, options, message) => {
    const model = small();
    expectNoLeaks(() => expect(() => model.sample(key, 2, options)).toThrow(message));
    model.dispose();
  });

  test('of in-painting are refused by name: values that are none, and entries without a mask', () => {
    const model = small();
    tf.tidy(() => {
      const given = { values: tf.tensor2d([[9, 0, 0]]), known: [1, 0, 0] };
      expect(() => model.sample(key, 1, { given })).toThrow(
        'given.values to be integers from 0 to 3 where known, got 9',
      );
      expect(model.sample(key, 1, { given: { ...given, known: [0, 1, 0] } }).shape).toEqual([1, 3]);
      expect(() => model.sample(key, 1, { given: { values: given.values } as never })).toThrow(
        'known for 3 entries',
      );
    });
    model.dispose();
  });
});

test('a conditional model is trained and scored on batches with contexts, and draws by them', async () => {
  const model = made({
    shape: [2],
    likelihood: bernoulliHead({ shape: [] }),
    hidden: [8],
    contextSize: 1,
    key,
  });
  const train = { count: 32, shape: [2], values: Float32Array.from({ length: 64 }, (_, i) => (i >> 1) % 2) };
  await fit(
    model,
    { train },
    {
      key,
      optimizer: adam({ learningRate: 0.1 }),
      batchSize: 32,
      epochs: 80,
      batch: (_, rows) => {
        const context = tf.tensor2d(Array.from(rows, (row) => [row % 2]));
        return { x: tf.tidy(() => tf.tile(context, [1, 2])), context };
      },
    },
  );
  tf.tidy(() => {
    const context = tf.tensor2d([[0], [1]]);
    const own = model.logProb({ x: tf.tensor2d([[0, 0], [1, 1]]), context }); // prettier-ignore
    expect(Math.min(...own.dataSync())).toBeGreaterThan(Math.log(0.9));
    expect(
      model
        .given(context)
        .logProb(tf.zeros([2]))
        .dataSync()[0],
    ).toBeCloseTo(own.dataSync()[0]!, 5);
    expect(model.given(tf.zeros([0, 1])).logProb(tf.zeros([0, 2])).shape).toEqual([0]);
    expect(() => model.logProb(tf.zeros([2, 2]))).toThrow('context of shape [2, 1], got none');
    expect(() => model.sample(key, 2, { context: tf.zeros([1, 1]) })).toThrow('of shape [2, 1]');
  });
  model.dispose();
});
