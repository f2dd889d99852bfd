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
  loadModel,
  mlp,
  modelBytes,
  normalHead,
  oneHot,
} from '@dgm/core';
import type { Examples, GenerativeModel, Objective, SampleOptions } from '@dgm/core';
import { describeCompiled, describeModel, everyEvent, meanAndError } from '@dgm/testing';
import type { ModelTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as vaePackage from '../index';
import { characteristicVae } from './characteristic-vae';
import type { CharacteristicVae, CharacteristicVaeOptions } from './characteristic-vae';

const key = Key.of(0);
const make = (own: Key, more: Partial<CharacteristicVaeOptions> = {}) =>
  characteristicVae({
    classes: 2,
    classLatents: 1,
    classifier: mlp([1, 4, 2], { key: own.fold('classifier'), activation: 'tanh' }),
    encoder: mlp([2, 8, 4], { key: own.fold('encoder'), activation: 'tanh' }),
    decoder: mlp([2, 8, 2], { key: own.fold('decoder'), activation: 'tanh' }),
    posterior: normalHead({ shape: [2] }),
    likelihood: bernoulliHead({ shape: [2] }),
    ...more,
  });
const everyX = () => tf.tensor2d([[0, 0], [0, 1], [1, 0], [1, 1]]); // prettier-ignore

/** The middles of cells that cover what any z of these models may be, and the area of a cell. */
const CELLS = 60;
const axis = Array.from({ length: CELLS }, (_, index) => -7 + (14 * (index + 0.5)) / CELLS);
const logArea = 2 * Math.log(14 / CELLS);

/** $\ln p(x, y)$ by a sum over cells of z, `[n, K]`. */
function exactJoint(model: CharacteristicVae, x: Tensor): Tensor {
  return tf.tidy(() => {
    const z = tf.tensor2d(everyEvent(axis, 2) as number[][]);
    const [ofClass, style] = tf.split(z, 2, 1) as [Tensor, Tensor];
    const [means, logStds] = ['classMeans', 'classLogStds'].map((name) =>
      tf.reshape(model.parameters().get(name)!, [1, -1]),
    ) as [Tensor, Tensor];
    const logNormal = (standardized: Tensor) =>
      tf.sub(tf.mul(-0.5, tf.square(standardized)), 0.5 * Math.log(2 * Math.PI));
    const logPrior = tf.add(
      tf.sub(logNormal(tf.div(tf.sub(ofClass, means), tf.exp(logStds))), logStds),
      logNormal(style),
    ); // [cells, K]
    const logLikelihood = model.decode(z).logProb(tf.expandDims(x, 1)); // [n, cells]
    const sum = tf.logSumExp(tf.add(tf.expandDims(logLikelihood, 2), tf.expandDims(logPrior, 0)), 1);
    return tf.add(sum, logArea - Math.log(2));
  });
}

/** A model whose rows are labelled by their first pixel, apart from rows (0, 1), of which the class is not known. */
function labelled(model: CharacteristicVae): GenerativeModel {
  const batch = (x: Tensor) => {
    const [first, second] = [0, 1].map((column) => tf.reshape(tf.slice(x, [0, column], [-1, 1]), [-1])) as [
      Tensor,
      Tensor,
    ];
    const isUnknown = tf.mul(tf.sub(1, first), second);
    return { x, context: tf.mul(oneHot(first, { depth: 2 }), tf.expandDims(tf.sub(1, isUnknown), 1)) };
  };
  const objectives = (): readonly Objective[] =>
    model.objectives().map(({ loss, ...rest }) => ({
      ...(rest as Pick<Objective, 'name' | 'parameters'>),
      loss: (x, own, options) => tf.tidy(() => loss(batch(x), own, options)),
    }));
  return Object.assign(Object.create(model) as GenerativeModel, {
    objectives,
    parameters: () => model.parameters(),
    dispose: () => model.dispose(),
    sample: (own: Key, n: number, options?: SampleOptions) => model.sample(own, n, options),
    elbo: (x: Tensor, own: Key) => model.elbo(x, own),
    logWeights: (x: Tensor, own: Key, count: number) => model.logWeights(x, own, count),
    joint: model,
  });
}

const table: ModelTable = {
  characteristicVae: () => ({
    make: (own) => labelled(make(own)),
    data: [[0, 0], [0, 0], [0, 1], [1, 1], [1, 1], [1, 0]], // prettier-ignore
    exactLogLikelihood: (model, x) =>
      tf.tidy(() => tf.logSumExp(exactJoint((model as unknown as { joint: CharacteristicVae }).joint, x), 1)),
    range: [0, 1],
    steps: 60,
    notInFiles: 'what labels the examples here is an object of this test',
  }),
};

describeModel(table);
describeCompiled(table, { engine: compiled });

describe('characteristicVae', () => {
  test('stays below ln p(x, y) of each class, whatever the number of draws, and is one sum over x and y', () => {
    const model = make(key);
    model
      .parameters()
      .get('classMeans')!
      .assign(tf.tensor2d([[-0.8], [0.9]]));
    model
      .parameters()
      .get('classLogStds')!
      .assign(tf.tensor2d([[-0.3], [0.2]]));
    tf.tidy(() => {
      const x = everyX();
      const exact = exactJoint(model, x);
      expect(tf.sum(tf.exp(exact)).dataSync()[0]).toBeCloseTo(1, 5);
      for (const numSamples of [1, 5]) {
        const draws = key.split(100).map((own) => model.jointBounds(x, own, numSamples).dataSync());
        exact.dataSync().forEach((truth, at) => {
          const { mean, standardError } = meanAndError(draws.map((values) => values[at]!));
          expect(mean).toBeLessThan(truth + 4 * standardError);
        });
      }
    });
    model.dispose();
  });

  test('has importance weights that come to p(x)', () => {
    const model = make(key);
    tf.tidy(() => {
      const x = everyX();
      const weights = tf.exp(model.logWeights(x, key, 4000)).arraySync() as number[][];
      const exact = tf.sum(tf.exp(exactJoint(model, x)), 1).dataSync();
      exact.forEach((truth, row) => {
        const { mean, standardError } = meanAndError(weights.map((ofDraw) => ofDraw[row]!));
        expect(Math.abs(mean - truth)).toBeLessThan(4 * standardError);
      });
    });
    model.dispose();
  });

  test('has a bound without labels in which q(y|x) cancels: the mean of the bounds of its draws', () => {
    const model = make(key, { numSamples: 1 });
    tf.tidy(() => {
      const x = everyX();
      // With one draw, b(x, y) is ln p(x, y, z) - ln q(z|x), and the importance weight is its sum over classes.
      const joint = model.jointBounds(x, key);
      const [weights] = tf.unstack(model.logWeights(x, key, 1));
      expect(tf.logSumExp(joint, 1).dataSync()).toBeCloseToArray(weights!.dataSync(), { relative: 1e-5 });
      const gap = tf.sub(weights!, model.elbo(x, key)).dataSync(); // KL[q(y|z) || p(y|z)]
      expect(Math.min(...gap)).toBeGreaterThan(0);
    });
    model.dispose();
  });

  test('reads the class from its own latents, learns it from a few labels, and draws it', async () => {
    // The first pixel is the class, but for one in twenty, and the second is a coin.
    const random = key.fold('data').generator();
    const count = 200;
    const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
    const values = Float32Array.from({ length: 2 * count }, (_, at) => {
      const label = labels[Math.floor(at / 2)]!;
      return at % 2 === 0 ? (random.below(20) === 0 ? 1 - label : label) : random.below(2);
    });
    const data: Examples = { count, shape: [2], values, labels };
    const model = make(key);
    await fit(
      model,
      { train: hideLabels(data, { labelled: 40, key }) },
      {
        ...{ key, batchSize: 100, epochs: 150, optimizer: adam({ learningRate: 2e-2 }) },
        ...{ engine: compiled(), batch: classContext({ classes: 2, unknown: 'zeros' }) },
      },
    );
    const { kind, nats } = await evaluate(model, data, { key, importanceSamples: 50 });
    expect(kind).toBe('importance-sampled');
    expect(nats).toBeLessThan(1.45); // 2 ln 2 = 1.386
    tf.tidy(() => {
      const x = gatherExamples(data, Int32Array.from(labels.keys()));
      const predicted = tf.argMax(model.classify(x), 1).dataSync();
      const wrong = predicted.filter((label, row) => label !== labels[row]).length;
      expect(wrong / count).toBeLessThan(0.1);
      const zeros = model.sample(key, 500, { context: oneHot(tf.zeros([500]), { depth: 2 }) });
      const ones = model.sample(key, 500, { context: oneHot(tf.ones([500]), { depth: 2 }) });
      const [ofZeros, ofOnes] = [zeros, ones].map((draws) => tf.mean(draws, 0).dataSync()[0]!);
      expect(ofOnes! - ofZeros!).toBeGreaterThan(0.5);
    });
    const loaded = await loadModel(await modelBytes(model), { packages: [vaePackage] });
    tf.tidy(() => {
      const again = loaded.model as unknown as CharacteristicVae;
      expect(again.classify(everyX()).dataSync()).toEqual(model.classify(everyX()).dataSync());
    });
    loaded.model.dispose();
    model.dispose();
  }, 30_000);

  test('may give all latents to the class', () => {
    const model = make(key, { classLatents: 2, classifier: mlp([2, 2], { key }) });
    tf.tidy(() => {
      expect(model.jointBounds(everyX(), key).shape).toEqual([4, 2]);
      expect(model.sample(key, 3).shape).toEqual([3, 2]);
    });
    model.dispose();
  });

  test('refuses what does not fit, by name', () => {
    expect(() => characteristicVae(undefined as never)).toThrow('expected options to be an object');
    expect(() => make(key, { classs: 2 } as never)).toThrow('did you mean "classes"');
    expect(() => make(key, { classes: 1 })).toThrow('classes to be an integer of at least 2');
    expect(() => make(key, { classLatents: 3 })).toThrow('classLatents to be an integer from 1 to 2');
    expect(() => make(key, { numSamples: 0 })).toThrow('numSamples');
    expect(() => make(key, { posterior: normalHead({ shape: [2, 1] }) })).toThrow('over vectors');
    const model = make(key);
    const none = undefined as never;
    tf.tidy(() => {
      expect(() => model.elbo(everyX(), none)).toThrow('CharacteristicVae.elbo: expected key');
      expect(() => model.logWeights(everyX(), key, 0)).toThrow('numSamples');
      expect(() => model.classify(tf.zeros([1, 3]))).toThrow('CharacteristicVae.encode');
      expect(() => model.sample(key, 2, { context: tf.zeros([2, 3]) })).toThrow('of shape [2, 2]');
      const loss = model.objectives()[0]!.loss;
      expect(() => loss({ x: everyX(), context: tf.zeros([4, 3]) }, key, { training: true })).toThrow(
        'of shape [4, 2]',
      );
    });
    model.dispose();
  });
});
