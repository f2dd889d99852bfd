import { adam, categoricalHead, classContext, evaluate, fit, gatherExamples, Key, oneHot } from '@dgm/core';
import type { Examples } from '@dgm/core';
import { made } from '@dgm/arm';
import { dequantized, logitPreprocessing, realNvp } from '@dgm/flows';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { generativeClassifier } from '../src/index';
import type { ConditionalModel, GenerativeClassifierOptions } from '../src/index';

const key = Key.of(0);
const PROBABILITIES = [0.2, 0.3, 0.5];
const conditional = () =>
  made({
    ...{ shape: [2], likelihood: categoricalHead({ shape: [], levels: 3 }), hidden: [12] },
    ...{ contextSize: 3, key: key.fold('made') },
  });
const make = (options: Partial<GenerativeClassifierOptions<ConditionalModel>> = {}) =>
  generativeClassifier({
    classes: 3,
    conditional: conditional(),
    classProbabilities: PROBABILITIES,
    ...options,
  });
const examples: Examples = {
  count: 4,
  shape: [2],
  values: Float32Array.of(0, 0, 0, 1, 2, 0, 1, 2),
  labels: Int32Array.of(0, 1, 2, -1),
};
const x = () => gatherExamples(examples, Int32Array.of(0, 1, 2, 3));
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

describe('generativeClassifier', () => {
  test('is p(y) p(x|y), the sum of it over all classes, and Bayes rule', () => {
    const inner = conditional();
    const model = generativeClassifier({ classes: 3, conditional: inner, classProbabilities: PROBABILITIES });
    tf.tidy(() => {
      const joint = model.jointLogProb(x()).arraySync() as number[][];
      PROBABILITIES.forEach((probability, y) => {
        const context = oneHot(tf.fill([4], y), { depth: 3 });
        numbers(inner.logProb({ x: x(), context })).forEach((logProb, row) =>
          expect(joint[row]![y]).toBeCloseTo(Math.log(probability) + logProb, 5),
        );
      });
      const marginal = numbers(model.logProb(x()));
      const posterior = tf.softmax(model.classify(x())).arraySync() as number[][];
      joint.forEach((row, index) => {
        const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
        expect(marginal[index]).toBeCloseTo(Math.log(total), 5);
        row.forEach((value, y) => expect(posterior[index]![y]).toBeCloseTo(Math.exp(value) / total, 5));
      });
    });
    model.dispose();
  });

  test('is trained on -ln p(x, y) where there is a label, on -ln p(x) where there is none', () => {
    const model = make({ unlabelled: true, classification: 2 });
    tf.tidy(() => {
      const y = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]; // prettier-ignore
      const terms = model
        .objectives()[0]!
        .loss({ x: x(), context: tf.tensor2d(y) }, key, { training: false });
      const joint = model.jointLogProb(x()).arraySync() as number[][];
      const marginal = numbers(model.logProb(x()));
      const ofLabels = joint[0]![0]! + joint[1]![1]! + joint[2]![2]!;
      const likelihood = -(ofLabels + marginal[3]!) / 4;
      const classification = -(ofLabels - marginal[0]! - marginal[1]! - marginal[2]!) / 4;
      expect(numbers(terms['likelihood']!)[0]).toBeCloseTo(likelihood, 5);
      expect(numbers(terms['classification']!)[0]).toBeCloseTo(classification, 5);
      expect(numbers(terms.total)[0]).toBeCloseTo(likelihood + 2 * classification, 5);
      const unlabelled = { x: x(), context: tf.zeros([4, 3]) };
      const { total } = model.objectives()[0]!.loss(unlabelled, key, { training: false });
      expect(numbers(total)[0]).toBeCloseTo(-marginal.reduce((a, b) => a + b) / 4, 5);
    });
    model.dispose();
  });

  test('leaves examples without a label out of the loss by default', () => {
    const model = make();
    tf.tidy(() => {
      const loss = model.objectives()[0]!.loss;
      const context = tf.tensor2d([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]); // prettier-ignore
      const joint = model.jointLogProb(x()).arraySync() as number[][];
      const { total } = loss({ x: x(), context }, key, { training: true });
      expect(numbers(total)[0]).toBeCloseTo(-(joint[0]![0]! + joint[1]![1]! + joint[2]![2]!) / 4, 5);
      expect(() => loss(x() as never, key, { training: true })).toThrow('classContext({ classes })');
      expect(() => loss(undefined as never, key, { training: true })).toThrow('classContext({ classes })');
    });
    model.dispose();
  });

  test('is not trained where no class is known, unless on -ln p(x)', async () => {
    const train = { ...examples, labels: new Int32Array(4).fill(-1) };
    const batch = classContext({ classes: 3, unknown: 'zeros' });
    const options = { key, batch, batchSize: 4, epochs: 1, optimizer: adam() };
    const [joint, mixture] = [make(), make({ unlabelled: true })];
    await expect(fit(joint, { train }, options)).rejects.toThrow(
      'expected train.labels to have the class of at least one example, got 4 unknown labels',
    );
    expect((await fit(mixture, { train }, options)).epochs).toBe(1);
    [joint, mixture].forEach((model) => model.dispose());
  });

  test('has the same loss for labelled rows whether all classes are evaluated or not', () => {
    const losses = [false, true].map((unlabelled) => {
      const model = make({ unlabelled });
      const total = tf.tidy(() => {
        const context = tf.oneHot(tf.tensor1d([0, 1, 2, 2], 'int32'), 3);
        return numbers(model.objectives()[0]!.loss({ x: x(), context }, key, { training: true }).total)[0]!;
      });
      model.dispose();
      return total;
    });
    expect(losses[1]).toBeCloseTo(losses[0]!, 5);
  });

  test('draws a class for each example, or the class that is asked for', () => {
    const model = make();
    const [n, sevens] = [600, tf.oneHot(tf.fill([600], 2, 'int32'), 3)];
    // The probability of an event over draws agrees with the likelihood: four standard errors.
    const events = tf.tensor2d([[0, 0]]);
    const drawn = model.sample(key, n);
    const share = numbers(drawn).reduce(
      (count, value, at, all) => count + (at % 2 === 0 && value === 0 && all[at + 1] === 0 ? 1 : 0),
      0,
    );
    const probability = Math.exp(tf.tidy(() => numbers(model.logProb(events))[0]!));
    const noise = Math.sqrt((probability * (1 - probability)) / n);
    expect(Math.abs(share / n - probability)).toBeLessThan(4 * noise);
    expectNoLeaks(() => model.sample(key, 5).dispose(), 'sample');
    expectNoLeaks(() => model.sample(key, n, { context: sevens }).dispose(), 'sample of a class');
    tf.dispose([sevens, events, drawn]);
    model.dispose();
  });

  test('evaluates examples without labels, and no examples at all', async () => {
    const model = make();
    const { kind, measure, nats } = await evaluate(model, examples, { key });
    expect([kind, measure]).toEqual(['exact', 'probability']);
    tf.tidy(() => {
      expect(nats).toBeCloseTo(-numbers(tf.mean(model.logProb(x())))[0]!, 5);
      expect(model.jointLogProb(tf.zeros([0, 2])).shape).toEqual([0, 3]);
      expect(model.logProb(tf.zeros([0, 2])).shape).toEqual([0]);
    });
    model.dispose();
  });

  test('works over a flow, whose likelihood is a density', () => {
    const flow = realNvp({ dims: 2, couplings: 2, hidden: [8], contextSize: 2, key });
    const model = generativeClassifier({ classes: 2, conditional: flow });
    expect(model.levels).toBeUndefined();
    tf.tidy(() => {
      const points = tf.tensor2d([[0.3, -0.2]]);
      const each = [0, 1].map((y) => {
        const context = tf.oneHot(tf.tensor1d([y], 'int32'), 2);
        return Math.exp(numbers(flow.logProb({ x: points, context }))[0]!) / 2;
      });
      expect(numbers(model.logProb(points))[0]).toBeCloseTo(Math.log(each[0]! + each[1]!), 5);
    });
    model.dispose();
  });

  test('refuses what does not fit, by name, and frees what it was given nothing for', () => {
    expect(() => make({ clases: 3 } as never)).toThrow('did you mean "classes"');
    expect(() => generativeClassifier({ classes: 3 } as never)).toThrow('expected conditional to be a model');
    expect(() => make({ classes: 4 })).toThrow('contextSize: 4');
    expect(() => make({ classProbabilities: [0.5, 0.5, 0.5] })).toThrow('sum to 1');
    expect(() => make({ classProbabilities: [Number.NaN, 0.5, 0.5] })).toThrow('sum to 1');
    expect(() => make({ classProbabilities: 3 as never })).toThrow('sum to 1');
    expect(() => generativeClassifier(undefined as never)).toThrow('generativeClassifier');
    expect(() => make({ conditional: 5 as never })).toThrow('expected conditional');
    const joint = make();
    expect(() => make({ conditional: joint as never })).toThrow('to have a method given');
    joint.dispose();
    expect(() => make({ classification: -1 })).toThrow('classification');
    const model = make();
    tf.tidy(() => {
      expect(() => model.logProb(tf.zeros([2, 3]))).toThrow('of shape [n, 2], got [2, 3]');
      const loss = model.objectives()[0]!.loss;
      const batch = { x: x(), context: tf.zeros([4, 2]) };
      expect(() => loss(batch, key, { training: true })).toThrow('of shape [4, 3], got [4, 2]');
      // A label that is not known is an error by default.
      const toBatch = classContext({ classes: 3 });
      const rows = Int32Array.of(3);
      expect(() => toBatch(examples, rows, { key, training: true })).toThrow('means unknown');
    });
    model.dispose();
  });
});

describe('generativeClassifier over a bound', () => {
  const bounded = () => {
    const preprocessing = logitPreprocessing({ levels: 3 });
    const flow = realNvp({ dims: 2, couplings: 2, hidden: [8], contextSize: 3, preprocessing, key });
    return dequantized({ flow, levels: 3 });
  };

  test('has the bounds of all classes from the same draws', () => {
    const inner = bounded();
    const model = generativeClassifier({ classes: 3, conditional: inner, classProbabilities: PROBABILITIES });
    expect([model.likelihoodKind, model.isDequantized, model.levels]).toEqual(['lower-bound', true, 3]);
    tf.tidy(() => {
      const joint = model.classify(x(), key, 2).arraySync() as number[][];
      PROBABILITIES.forEach((probability, y) => {
        const context = oneHot(tf.fill([4], y), { depth: 3 });
        const [one, two] = [0, 1].map((draw) => numbers(inner.elbo({ x: x(), context }, key.fold(draw))));
        joint.forEach((row, index) => {
          const mean = (one![index]! + two![index]!) / 2;
          expect(row[y]).toBeCloseTo(Math.log(probability) + mean, 5);
        });
      });
      expect(model.jointBounds(tf.zeros([0, 2]), key).shape).toEqual([0, 3]);
      expect(model.elbo(tf.zeros([0, 2]), key).shape).toEqual([0]);
    });
    expectNoLeaks(() => {
      const batch = x();
      model.elbo(batch, key).dispose();
      batch.dispose();
    }, 'elbo');
    model.dispose();
  });

  test('bounds p(x) from below, with other draws for q(y|x) than for the bounds', () => {
    const model = generativeClassifier({ classes: 3, conditional: bounded() });
    tf.tidy(() => {
      const logQ = tf.logSoftmax(model.classify(x(), key.fold('class')));
      const bounds = model.jointBounds(x(), key.fold('bound'));
      const expected = numbers(tf.sum(tf.mul(tf.exp(logQ), tf.sub(bounds, logQ)), 1));
      expect(numbers(model.elbo(x(), key))).toBeCloseToArray(expected, { absolute: 1e-5 });
      // Each copy has draws of its own; the mean of the weights over draws and classes estimates p(x).
      const copies = tf.tile(tf.tensor2d([[1, 2]]), [400, 1]);
      const weights = tf.sum(tf.exp(model.jointBounds(copies, key)), 1);
      const elbos = model.elbo(copies, key.fold('copies'));
      const noise = tf.sqrt(tf.div(tf.moments(elbos).variance, 400));
      const [logProb, elbo, error] = numbers(tf.stack([tf.log(tf.mean(weights)), tf.mean(elbos), noise])) as [
        number,
        number,
        number,
      ];
      expect(elbo).toBeLessThan(logProb + 4 * error);
      expect(elbo).toBeGreaterThan(logProb - 2); // and not far below
    });
    model.dispose();
  });

  test('has the bound -Infinity for an example that no class can have', () => {
    const model = generativeClassifier({ classes: 3, conditional: bounded() });
    tf.tidy(() => {
      const [impossible, possible] = numbers(model.elbo(tf.tensor2d([[9, 0], [1, 0]]), key)); // prettier-ignore
      expect(impossible).toBe(-Infinity);
      expect(possible).toBeGreaterThan(-20);
      expect(() => model.elbo(x(), undefined as never)).toThrow('GenerativeClassifier.elbo: expected key');
    });
    model.dispose();
  });

  test('is trained as its conditional model is, on labels, and draws classes', async () => {
    const model = generativeClassifier({ classes: 3, conditional: bounded() });
    const context = tf.oneHot(tf.tensor1d([0, 1, 2, 0], 'int32'), 3);
    const batch = { x: x(), context };
    const loss = model.objectives()[0]!.loss;
    const { total, ...terms } = loss(batch, key, { training: true });
    expect(Number.isFinite(numbers(total)[0])).toBe(true);
    const drawn = model.sample(key, 5, {});
    expect(drawn.shape).toEqual([5, 2]);
    expect(() => loss(batch.x as never, key, { training: true })).toThrow('context');
    tf.dispose([batch, total, terms, drawn]);
    model.dispose();
  });

  test('refuses what needs an exact likelihood', () => {
    const conditional = bounded();
    const refused = (options: object) => () =>
      generativeClassifier({ classes: 3, conditional, ...options } as never);
    expect(refused({ unlabelled: true })).toThrow('expected unlabelled to be left out');
    expect(refused({ classification: 1 })).toThrow('expected classification to be left out');
    const model = generativeClassifier({ classes: 3, conditional });
    tf.tidy(() => {
      expect(() => model.classify(x(), key, 0)).toThrow('numSamples');
      expect(() => model.classify(x(), undefined as never)).toThrow('key');
    });
    model.dispose();
  });
});
