import { compiled } from '@dgm/compile';
import {
  adam,
  bernoulliHead,
  classContext,
  evaluate,
  fit,
  gatherExamples,
  hideLabels,
  Key,
  mlp,
  normalHead,
  oneHot,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { expectNoLeaks, meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { elboObjective } from '../objectives/elbo-objective';
import { iwaeObjective } from '../objectives/iwae-objective';
import { semiSupervisedVae } from './semi-supervised-vae';
import type { SemiSupervisedVaeOptions } from './semi-supervised-vae';

const key = Key.of(0);
const examples: Examples = {
  count: 6,
  shape: [2],
  values: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1),
  labels: Int32Array.of(0, 1, 1, 0, 0, 1),
};
const tiny = (more: Partial<SemiSupervisedVaeOptions> = {}) =>
  semiSupervisedVae({
    classes: 2,
    classifier: mlp([2, 8, 2], { key: key.fold('classifier') }),
    encoder: mlp([4, 8, 2], { key: key.fold('encoder') }),
    decoder: mlp([3, 8, 2], { key: key.fold('decoder') }),
    posterior: normalHead({ shape: [1] }),
    likelihood: bernoulliHead({ shape: [2] }),
    classification: 2,
    ...more,
  });
const rows = Int32Array.of(0, 1, 2, 3);

describe('semiSupervisedVae', () => {
  test('has a bound without labels that is that of the sum over all classes', () => {
    const model = tiny();
    tf.tidy(() => {
      const x = gatherExamples(examples, rows);
      const bound = model.elbo(x, key);
      const joint = model.jointBounds(x, key).arraySync() as number[][];
      const logits = model.classify(x).arraySync() as number[][];
      const expected = joint.map((ofClass, i) => {
        const total = Math.log(logits[i]!.reduce((sum, value) => sum + Math.exp(value), 0));
        return ofClass.reduce((sum, value, y) => {
          const logProb = logits[i]![y]! - total;
          return sum + Math.exp(logProb) * (value - logProb);
        }, 0);
      });
      expect(bound.dataSync()).toBeCloseToArray(expected, { relative: 1e-4 });
    });
    model.dispose();
  });

  test('stays below the log-likelihood, by quadrature over z and a sum over y', () => {
    const model = tiny();
    tf.tidy(() => {
      const x = gatherExamples(examples, rows);
      // p(x) is estimated by z from the prior: 2 classes times 20,000 draws.
      const n = 20_000;
      const probability = [0, 1].map((y) => {
        const context = oneHot(tf.fill([n], y), { depth: 2 });
        const draws = model.sample(Key.of(5), n, { context });
        return [0, 1, 2, 3].map((row) => {
          const [a, b] = [examples.values[2 * row]!, examples.values[2 * row + 1]!];
          const hits = tf.logicalAnd(
            tf.equal(tf.slice(draws, [0, 0], [-1, 1]), a),
            tf.equal(tf.slice(draws, [0, 1], [-1, 1]), b),
          );
          return tf.mean(tf.cast(hits, 'float32')).dataSync()[0]!;
        });
      });
      const exact = [0, 1, 2, 3].map((row) => Math.log((probability[0]![row]! + probability[1]![row]!) / 2));
      const bounds = Key.of(6)
        .split(200)
        .map((each) => [...model.elbo(x, each).dataSync()]);
      exact.forEach((truth, row) => {
        const { mean, standardError } = meanAndError(bounds.map((bound) => bound[row]!));
        const noise = 1 / Math.sqrt(2 * n * Math.exp(truth));
        expect(mean).toBeLessThan(truth + 4 * (standardError + noise));
      });
    });
    model.dispose();
  });

  test('pays for labels what Eq. 8 and 9 say', () => {
    const model = tiny();
    tf.tidy(() => {
      const x = gatherExamples(examples, rows);
      const [objective] = model.objectives();
      const batch = { x, context: tf.tensor2d([[1, 0], [0, 0], [0, 1], [0, 0]]) }; // prettier-ignore
      const { total, bound, classification } = objective!.loss(batch, key, { training: false });
      const joint = model.jointBounds(x, key.fold('z')).arraySync() as number[][];
      const marginal = model.elbo(x, key.fold('z')).dataSync();
      const sum = joint[0]![0]! + marginal[1]! + joint[2]![1]! + marginal[3]!;
      expect(bound!.dataSync()[0]).toBeCloseTo(-sum / 4, 4);
      const logs = tf.logSoftmax(model.classify(x)).arraySync() as number[][];
      expect(classification!.dataSync()[0]).toBeCloseTo(-(logs[0]![0]! + logs[2]![1]!) / 4, 5);
      const expected = bound!.dataSync()[0]! + 2 * classification!.dataSync()[0]!;
      expect(total.dataSync()[0]).toBeCloseTo(expected, 4);
    });
    model.dispose();
  });

  test('has importance weights whose mean is the likelihood: they sum to one over all x', () => {
    const model = tiny();
    tf.tidy(() => {
      const weights = model.logWeights(gatherExamples(examples, rows), key, 4000);
      const total = tf.sum(tf.exp(tf.sub(tf.logSumExp(weights, 0), Math.log(4000))));
      expect(total.dataSync()[0]).toBeCloseTo(1, 1);
    });
    model.dispose();
  });

  test('takes the objectives of a VAE, with each class weighed by how probable it is', () => {
    const totals = [
      elboObjective({ weight: 0 }),
      iwaeObjective({ numSamples: 1 }),
      elboObjective({ regularizer: 'monte-carlo' }),
    ].map((objective) => {
      const model = tiny({ objective });
      const terms = tf.tidy(() => {
        const batch = { x: gatherExamples(examples, rows), context: tf.tensor2d([[1, 0], [0, 0], [0, 1], [0, 0]]) }; // prettier-ignore
        const loss = model.objectives()[0]!.loss(batch, key, { training: true });
        return Object.fromEntries(Object.entries(loss).map(([name, term]) => [name, term.dataSync()[0]!]));
      });
      model.dispose();
      return terms;
    });
    const [free, iwae, elbo] = totals;
    expect(free!['bound']).toBeLessThan(elbo!['bound']!);
    expect(iwae!['bound']).toBeCloseTo(elbo!['bound']!, 4); // one sample: the same bound, with the same draws
    expect(elbo!['reconstruction']).toBeCloseTo(free!['reconstruction']!, 4);
  });

  test('refuses a label that has another width, and options that it does not know', () => {
    const model = tiny();
    tf.tidy(() => {
      const batch = { x: gatherExamples(examples, rows), context: tf.zeros([4, 3]) };
      expect(() => model.objectives()[0]!.loss(batch, key, { training: true })).toThrow(
        'of shape [4, 2], got [4, 3]',
      );
    });
    model.dispose();
    expect(() => semiSupervisedVae({ clases: 2 } as never)).toThrow('did you mean "classes"');
  });

  test('learns classes from a hundred labels, and densities from the rest', async () => {
    const data = glyphs({ seed: 0 });
    const binary = (set: Examples): Examples => ({
      ...set,
      values: Float32Array.from(set.values, (value) => (value > 7 ? 1 : 0)),
    });
    const first = (set: Examples, count: number): Examples => ({
      ...set,
      count,
      values: set.values.slice(0, 64 * count),
      labels: set.labels!.slice(0, count),
    });
    const train = hideLabels(binary(data.train), { labelled: 100, key });
    const test = first(binary(data.test), 150);
    const model = semiSupervisedVae({
      classes: 10,
      classifier: mlp([64, 64, 10], { key: key.fold('classifier') }),
      encoder: mlp([74, 64, 16], { key: key.fold('encoder') }),
      decoder: mlp([18, 64, 64], { key: key.fold('decoder') }),
      posterior: normalHead({ shape: [8] }),
      likelihood: bernoulliHead({ shape: [64] }),
    });
    const before = await evaluate(model, test, { key, numSamples: 1 });
    const optimizer = adam({ learningRate: 3e-3 });
    const batch = classContext({ classes: 10, unknown: 'zeros' });
    const engine = compiled();
    await fit(model, { train }, { key, optimizer, batchSize: 100, epochs: 10, batch, engine });
    const after = await evaluate(model, test, { key, numSamples: 1 });
    expect(after.kind).toBe('lower-bound');
    expect(after.nats).toBeLessThan(before.nats - 10);
    const correct = tf.tidy(() => {
      const logits = model.classify(tf.tensor2d(Float32Array.from(test.values), [test.count, 64]));
      return tf
        .argMax(logits, 1)
        .dataSync()
        .filter((label, row) => label === test.labels![row]).length;
    });
    expect(correct / test.count).toBeGreaterThan(0.5);
    const context = oneHot(tf.tensor1d([3, 4]), { depth: 10 });
    expectNoLeaks(() => model.sample(key, 2, { context }).dispose(), 'sample');
    context.dispose();
    model.dispose();
  });
});
