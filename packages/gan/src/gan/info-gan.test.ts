import { compiled } from '@dgm/compile';
import { adam, fit, Key, mlp, prepareLoss } from '@dgm/core';
import type { ConditionedBatch, Examples } from '@dgm/core';
import { checkModelFile, expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { conditionedPoints } from '../../test/gan.cases';
import { r1, r2 } from '../losses/gradient-penalty';
import type { Gan } from './gan';
import { auxiliaryClassifierGan, InfoGan, infoGan } from './info-gan';
import type { AuxiliaryClassifierGanOptions, InfoGanOptions } from './info-gan';
import { Code } from './recognition';

const key = Key.of(0);
const optimizer = adam({ learningRate: 1e-2, beta1: 0.5 });

const penalties = [r1({ gamma: 0.05 }), r2({ gamma: 0.05 })];

const networks = (inputs: number, read: number) => ({
  generator: mlp([inputs, 16, 3], { key: key.fold('generator'), activation: 'leakyRelu' }),
  critic: mlp([3, 16, 1], { key: key.fold('critic'), activation: 'leakyRelu' }),
  reader: mlp([3, 12, read], { key: key.fold('recognition') }),
});

const informed = (options: Partial<InfoGanOptions> = {}): InfoGan => {
  const { reader, ...players } = networks(5, 4);
  return infoGan({
    ...players,
    penalties,
    latent: 2,
    code: { classes: 2, uniform: 1 },
    recognition: reader,
    ...options,
  });
};

const classified = (options: Partial<AuxiliaryClassifierGanOptions> = {}): Gan<ConditionedBatch> => {
  const { reader, ...players } = networks(4, 2);
  return auxiliaryClassifierGan({
    ...players,
    penalties,
    latent: 2,
    contextSize: 2,
    classifier: reader,
    ...options,
  });
};

/** Points of two classes, far apart, with their one-hot classes. */
const classes = (): ConditionedBatch => {
  const { x, context } = conditionedPoints();
  return tf.tidy(() => ({ x, context: tf.concat([tf.sub(1, context), context], 1) }));
};

/** On which side the points are on average: 2 at the mean of one class, (1, 0, -1), and -2 at that of the other. */
const sideOf = (x: Tensor): number => tf.mean(tf.sum(tf.mul(x, [1, 0, -1]), 1)).dataSync()[0]!;

/** Codes of one class. */
const codesOf = (index: number, n: number): Tensor => {
  const row = [0, 0, 0].map((_, column) => (column === index ? 1 : 0));
  return tf.tensor2d(Array.from({ length: n }, () => row));
};

describe('a code', () => {
  test('has the log-density of a class and of normal variables', () => {
    tf.tidy(() => {
      const code = new Code('test', { classes: 3, uniform: 1 });
      const [logits, mean, logVariance] = [[0.5, -1, 2], 0.3, Math.log(0.5)];
      const value = code.logProb(
        tf.tensor2d([[...logits, mean, logVariance]]),
        tf.tensor2d([[0, 0, 1, -0.2]]),
      );
      const ofClass = 2 - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const ofVariable = -0.5 * (0.5 ** 2 / 0.5 + logVariance + Math.log(2 * Math.PI));
      expect(value.dataSync()[0]).toBeCloseTo(ofClass + ofVariable, 5);
    });
  });

  test('is drawn with equal probabilities, and uniformly', () => {
    tf.tidy(() => {
      const drawn = new Code('test', { classes: 4, uniform: 2 }).draw(key, 4000);
      const [means, squares] = [drawn, tf.square(drawn)].map((x) => [...tf.mean(x, 0).dataSync()]);
      expect(means!).toBeCloseToArray([0.25, 0.25, 0.25, 0.25, 0, 0], { absolute: 0.05 });
      expect(squares!).toBeCloseToArray([0.25, 0.25, 0.25, 0.25, 1 / 3, 1 / 3], { absolute: 0.05 });
      expect(new Code('test', { uniform: 2 }).draw(key, 3).shape).toEqual([3, 2]);
    });
  });
});

describe('infoGan', () => {
  test('finds the classes of data without labels, and reads them from examples', async () => {
    const model = informed();
    const { x, context } = classes();
    const train: Examples = { count: 32, shape: [3], values: x.dataSync() as Float32Array };
    await fit(model, { train }, { key, batchSize: 32, epochs: 400, optimizer, engine: compiled() });
    tf.tidy(() => {
      const { classes: read, uniform } = model.recognize(x);
      expect(uniform!.shape).toEqual([32, 1]);
      const [found, labels] = [tf.argMax(read!, 1), tf.argMax(context, 1)].map((each) => each.dataSync());
      const agreement = labels!.filter((label, row) => label === found![row]).length / 32;
      // Which code a class gets is arbitrary.
      expect(Math.abs(agreement - 0.5)).toBe(0.5);
      // Samples of the code that the first example is read as are like it, those of the other code are not.
      const side = (label: number): number => (label === 1 ? 1 : -1);
      const drawn = (code: number): number => sideOf(model.sample(key, 64, { context: codesOf(code, 64) }));
      expect(side(labels![0]!) * drawn(found![0]!)).toBeGreaterThan(1);
      expect(side(labels![0]!) * drawn(1 - found![0]!)).toBeLessThan(-1);
      expectNoLeaks(() => tf.dispose({ ...model.recognize(x) }));
    });
    tf.dispose([x, context]);
    model.dispose();
  });

  test('draws codes where none are given, and refuses those of another width', () => {
    const model = informed();
    tf.tidy(() => {
      expect(model).toBeInstanceOf(InfoGan);
      expect(model.sample(key, 3).shape).toEqual([3, 3]);
      expect(() => model.sample(key, 3, { context: codesOf(0, 2) })).toThrow('context');
      expect(() => model.sample(key, 1, { context: tf.zeros([1, 2]) })).toThrow('context');
      expect(() => model.recognize(tf.zeros([2, 4]))).toThrow('InfoGan.recognize');
    });
    model.dispose();
  });

  test.each<[string, Partial<InfoGanOptions>, string]>([
    ['a misspelt option', { wieght: 1 } as object, 'weight'],
    ['an empty code', { code: {} }, 'code'],
    ['a code of one class', { code: { classes: 1 } }, 'code'],
    ['a misspelt code', { code: { class: 2 } as object }, 'classes'],
    ['no code', { code: undefined as never }, 'code'],
    ['no recognition network', { recognition: undefined as never }, 'recognition'],
    ['a recognition network of another width', { recognition: networks(1, 3).reader }, '[n, 4]'],
    ['a negative weight', { weight: -1 }, 'weight'],
  ])('refuses %s', (_, options, message) => {
    expect(() => informed(options)).toThrow(message);
  });
});

describe('auxiliaryClassifierGan', () => {
  test('draws each class where it is, without leaks', async () => {
    const model = classified();
    const batch = classes();
    const train: Examples = { count: 32, shape: [3], values: batch.x.dataSync() as Float32Array };
    const oneHot = batch.context.arraySync() as number[][];
    await fit(
      model,
      { train },
      {
        ...{ key, batchSize: 32, epochs: 300, optimizer, engine: compiled() },
        batch: (examples, rows) => ({
          x: tf.tensor2d(
            [...rows].map((row) => [...(examples.values as Float32Array).slice(3 * row, 3 * row + 3)]),
          ),
          context: tf.tensor2d([...rows].map((row) => oneHot[row]!)),
        }),
      },
    );
    tf.tidy(() => {
      const drawn = (index: number): number => {
        const context = tf.slice(codesOf(index, 64), [0, 0], [64, 2]);
        return sideOf(model.sample(key, 64, { context }));
      };
      expect(drawn(1)).toBeGreaterThan(1);
      expect(drawn(0)).toBeLessThan(-1);
    });
    for (const objective of model.objectives()) {
      expectNoLeaks(() => {
        const options = prepareLoss(objective, batch, key, { training: true });
        const terms = objective.loss(batch, key, options);
        expect(Object.keys(terms)).toContain('recognition');
        tf.dispose([terms, { ...options.prepared }]);
      });
    }
    tf.dispose({ ...batch });
    model.dispose();
  });

  test('is read back from a file to the bit', async () => {
    const model = classified();
    const context = tf.tensor2d([[0, 1]]);
    await checkModelFile(model, (each) => ({ sample: each.sample(key, 1, { context }) }));
    context.dispose();
    model.dispose();
  });

  test.each<[string, Partial<AuxiliaryClassifierGanOptions>, string]>([
    ['a misspelt option', { clasifier: 1 } as object, 'classifier'],
    ['no classifier', { classifier: undefined as never }, 'classifier'],
    ['one class', { contextSize: 1 }, 'contextSize'],
    ['a classifier of another width', { classifier: networks(1, 3).reader }, '[n, 2]'],
  ])('refuses %s', (_, options, message) => {
    expect(() => classified(options)).toThrow(message);
  });
});
