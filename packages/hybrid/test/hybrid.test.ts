import {
  adam,
  classContext,
  evaluate,
  fit,
  Flatten,
  hideLabels,
  Key,
  loadModel,
  mlp,
  modelBytes,
  normalHead,
  Sequential,
  sizeOf,
  stopGradient,
} from '@dgm/core';
import type { Examples, Module } from '@dgm/core';
import type { idf } from '@dgm/flows';
import { denseFlow, dequantized, glow, logitPreprocessing, realNvp, residualFlow } from '@dgm/flows';
import { everyEvent } from '@dgm/testing';
import { jointEnergyModel } from '@dgm/ebm';
import { vae } from '@dgm/vae';
import * as vaePackage from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as hybridPackage from '../src/index';
import { convexWeights, densityWeight, gradientNorms, hybrid, hybridIdf } from '../src/index';
import type { HybridWeights } from '../src/index';
import { chains, jointEnergyHybrid, trunkHybrid } from './models.cases';

const key = Key.of(0);
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const flowOf = () => realNvp({ dims: 2, couplings: 2, hidden: [8], key: key.fold('flow') });
const head = (outputs = 2) => mlp([2, 8, outputs], { key: key.fold('classifier') });
const make = (weights?: HybridWeights) => {
  const density = flowOf();
  const features = (x: tf.Tensor) => density.encode(x);
  return hybrid({ density, features, classifier: head(), classes: 2, ...(weights && { weights }) });
};
const batch = () => ({
  x: tf.tensor2d([[0.1, -1], [2, 0.4], [-0.7, 0.3]]), // prettier-ignore
  context: tf.tensor2d([[1, 0], [0, 1], [0, 0]]), // prettier-ignore
});

describe('hybrid', () => {
  test('has the loss -w_y ln p(y|x) - w_x ln p(x), without p(y|x) where there is no label', () => {
    for (const weights of [undefined, convexWeights(0.25), densityWeight(0.1)]) {
      const { classification: wy, density: wx } = weights ?? { classification: 1, density: 1 };
      const model = make(weights);
      tf.tidy(() => {
        const { x, context } = batch();
        const terms = model.objectives()[0]!.loss({ x, context }, key, { training: false });
        const logProb = numbers(model.logProb(x));
        const logits = tf.logSoftmax(model.classify(x)).arraySync() as number[][];
        const classification = -(logits[0]![0]! + logits[1]![1]!) / 3;
        const density = -(logProb[0]! + logProb[1]! + logProb[2]!) / 3;
        expect(numbers(terms.total)[0]).toBeCloseTo(Number(wy) * classification + Number(wx) * density, 5);
        expect(numbers(terms['density']!)[0]).toBeCloseTo(density, 5);
        expect(numbers(terms['classification']!)[0]).toBeCloseTo(classification, 5);
        const unlabelled = { x, context: tf.zeros([3, 2]) };
        const { total } = model.objectives()[0]!.loss(unlabelled, key, { training: false });
        expect(numbers(total)[0]).toBeCloseTo(Number(wx) * density, 5);
        expect(() => model.objectives()[0]!.loss(x as never, key, { training: false })).toThrow(
          'classContext({ classes })',
        );
      });
      model.dispose();
    }
  });

  test('reports a likelihood without weights, and a joint one that sums to it', () => {
    const [model, other] = [make(densityWeight(0.01)), make()];
    tf.tidy(() => {
      const { x } = batch();
      expect(numbers(model.logProb(x))).toEqual(numbers(other.logProb(x)));
      const summed = tf.logSumExp(model.jointLogProb(x), 1);
      expect(numbers(summed)).toBeCloseToArray(numbers(model.logProb(x)), { relative: 1e-5 });
    });
    model.dispose();
    other.dispose();
  });

  test('follows a schedule of weights in training, and ends at its last value', () => {
    const rising = { at: (step: tf.Scalar) => tf.mul<tf.Scalar>(0.1, step), final: 1 };
    const model = make({ classification: 1, density: rising });
    tf.tidy(() => {
      const unlabelled = { x: batch().x, context: tf.zeros([3, 2]) };
      const loss = model.objectives()[0]!.loss;
      const at = (step?: number) =>
        numbers(
          loss(unlabelled, key, { training: step !== undefined, ...(step && { step: tf.scalar(step) }) })
            .total,
        )[0]!;
      expect(at(3) / at()).toBeCloseTo(0.3, 5);
    });
    model.dispose();
  });

  test('shares the parameters of the density model through its features, but for a stopped gradient', () => {
    const gradients = [false, true].map((isStopped) => {
      const density = flowOf();
      const model = hybrid({
        density,
        features: (x) => (isStopped ? stopGradient(density.encode(x)) : density.encode(x)),
        classifier: head(),
        classes: 2,
        weights: { classification: 1, density: 0 },
      });
      const { x, context } = batch();
      const variables = [...density.parameters().values()];
      const { value, grads } = tf.variableGrads(
        () => model.objectives()[0]!.loss({ x, context }, key, { training: true }).total,
        variables,
      );
      const size = Object.values(grads).reduce(
        (sum, gradient) => sum + numbers(gradient).reduce((total, entry) => total + Math.abs(entry), 0),
        0,
      );
      tf.dispose([x, context, value, grads]);
      model.dispose();
      return size;
    });
    expect(gradients[0]).toBeGreaterThan(1e-3);
    expect(gradients[1]).toBe(0);
  });

  test('predicts targets other than classes by any family', () => {
    const density = flowOf();
    const model = hybrid({ density, classifier: head(2), target: normalHead({ shape: [1] }) });
    tf.tidy(() => {
      const { x } = batch();
      const y = tf.tensor2d([[0.5], [-1], [2]]);
      const terms = model.objectives()[0]!.loss({ x, context: y }, key, { training: false });
      const expected = numbers(tf.neg(tf.mean(model.predict(x).logProb(y))))[0]!;
      expect(numbers(terms['classification']!)[0]).toBeCloseTo(expected, 5);
      expect(() => model.classify(x)).toThrow('call predict(x)');
    });
    model.dispose();
  });

  test('has a bound, and importance weights, where its density has', async () => {
    const data: Examples = { count: 3, shape: [2], values: Float32Array.of(0, 1, 2, 2, 1, 0) };
    const flow = realNvp({
      ...{ dims: 2, couplings: 2, hidden: [8], key },
      preprocessing: logitPreprocessing({ levels: 3 }),
    });
    const model = hybrid({ density: dequantized({ flow, levels: 3 }), classifier: head(), classes: 2 });
    const bound = await evaluate(model, data, { key });
    expect([bound.kind, bound.measure]).toEqual(['lower-bound', 'dequantized']);
    const estimate = await evaluate(model, data, { key, importanceSamples: 200 });
    expect(estimate.nats).toBeLessThan(bound.nats + 4 * (bound.standardError + estimate.standardError));
    model.dispose();
  });

  test('classifies by the mean of the posterior of a VAE', () => {
    const encoder = mlp([2, 8, 4], { key: key.fold('encoder') });
    const density = vae({
      ...{ encoder, decoder: mlp([2, 8, 4], { key: key.fold('decoder') }) },
      ...{ posterior: normalHead({ shape: [2] }), likelihood: normalHead({ shape: [2] }) },
    });
    const classifier = head();
    const model = hybrid({ density, features: 'encode', classifier, classes: 2 });
    tf.tidy(() => {
      const { x } = batch();
      const means = tf.slice(encoder.apply(x), [0, 0], [3, 2]);
      const expected = numbers(classifier.apply(means));
      expect(numbers(model.classify(x))).toBeCloseToArray(expected, { relative: 1e-6 });
      expect(numbers(model.elbo(x, key))).toEqual(numbers(density.elbo(x, key)));
      expect(() => model.elbo(x, undefined as never)).toThrow('expected key');
    });
    model.dispose();
  });

  test('has a trunk that p(x) and p(y|x) share, in training and in its file', async () => {
    const model = trunkHybrid(key);
    const batch = { x: tf.tensor2d([[2, 1, 0, 0], [0, 0, 1, 2]]), context: tf.eye(2) }; // prettier-ignore
    const pulls = await gradientNorms(model, batch, key);
    expect(Math.min(pulls.classification, pulls.density)).toBeGreaterThan(1e-3);
    const distinct = (of: Module) => new Set(of.parameters().values()).size;
    const paths = [...model.parameters().keys()];
    expect(paths.filter((path) => path.endsWith('1/kernel'))).toHaveLength(2);
    expect(distinct(model)).toBe(paths.length - 2);
    expect(new Set(model.objectives()[0]!.parameters).size).toBe(model.objectives()[0]!.parameters.length);
    const loaded = await loadModel(await modelBytes(model), {
      packages: [hybridPackage, vaePackage],
    });
    expect(distinct(loaded.model)).toBe(distinct(model));
    loaded.model.dispose();
    tf.dispose([batch.x, batch.context]);
    model.dispose();
  });

  test.each([
    ['Glow', () => glow({ shape: [4, 4, 1], steps: 1, hidden: 3, key })],
    ['residual', () => residualFlow({ dims: 4, blocks: 1, hidden: [4], key })],
    ['densely connected', () => denseFlow({ dims: 4, blocks: 1, depth: 1, growth: 3, key })],
  ])('classifies the latents of a flow: %s', async (_, make) => {
    const density = make();
    const x = Key.of(3).normal([6, ...density.eventShape]);
    density.initialize(x);
    const classifier = new Sequential([new Flatten(), mlp([sizeOf(density.eventShape), 2], { key })]);
    const model = hybrid({ density, features: 'encode', classifier, classes: 2 });
    const context = tf.tile(tf.eye(2), [3, 1]);
    const pulls = await gradientNorms(model, { x, context }, key);
    expect(pulls.classification).toBeGreaterThan(0);
    expect(pulls.density).toBeGreaterThan(0);
    expect(model.classify(x).shape).toEqual([6, 2]);
    expect(numbers(model.logProb(x))).toEqual(numbers(density.logProb(x)));
    tf.dispose([x, context]);
    model.dispose();
  });

  test('is the joint energy-based model of its logits, over the energy that they have', async () => {
    const model = jointEnergyHybrid(key);
    const network = mlp([2, 16, 2], { key: key.fold('logits'), activation: 'swish' });
    const other = jointEnergyModel({ ...chains, key, network, classes: 2 });
    tf.tidy(() => {
      const { x } = batch();
      const context = tf.tensor2d([[1, 0], [0, 1], [1, 0]]); // prettier-ignore
      expect(numbers(model.energy(x))).toEqual(numbers(other.energy(x)));
      expect(numbers(tf.logSoftmax(model.classify(x)))).toBeCloseToArray(numbers(other.classLogProbs(x)), {
        absolute: 1e-6,
      });
      // E(x, y) = -f(x)_y
      const joint = numbers(tf.sum(tf.mul(model.jointEnergy(x), context), 1));
      expect(joint).toBeCloseToArray(numbers(other.jointEnergy({ x, context })), { absolute: 1e-6 });
      const negatives = { negatives: tf.tensor2d([[0.3, -0.2], [-1, 1], [0.7, 0]]) }; // prettier-ignore
      const [ours, theirs] = [model, other].map((each) =>
        each.objectives()[0]!.loss({ x, context }, key, { training: true, prepared: negatives }),
      );
      expect(numbers(ours!.total)[0]).toBeCloseTo(numbers(theirs!.total)[0]!, 5);
    });
    // Its likelihood, with a normalizer by quadrature.
    const axis = Array.from({ length: 60 }, (_, index) => -2 + (4 * (index + 0.5)) / 60);
    const cell = (4 / 60) ** 2;
    const logPartition = tf.tidy(() => {
      const plane = tf.tensor2d(everyEvent(axis, 2) as number[][]);
      return numbers(tf.add(tf.logSumExp(tf.neg(model.energy(plane))), Math.log(cell)))[0]!;
    });
    const partition = { kind: 'exact', logPartition, standardError: 0, interval: [logPartition, logPartition] } as const; // prettier-ignore
    const data: Examples = { count: 2, shape: [2], values: Float32Array.of(0, 1, -1, 0.5) };
    const { kind, nats } = await evaluate(model, data, { key, partition });
    const energy = tf.tidy(() => numbers(tf.mean(model.energy(tf.tensor2d(data.values, [2, 2]))))[0]!);
    expect(kind).toBe('exact');
    expect(nats).toBeCloseTo(energy + logPartition, 5);
    [model, other].forEach((each) => each.dispose());
  });

  test('learns from a few labels and many examples', async () => {
    const random = key.fold('data').generator();
    const [count, values] = [200, new Float32Array(400)];
    const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
    labels.forEach((label, row) => {
      values.set([(label === 1 ? 2 : -2) + 0.5 * random.normal(), random.normal()], 2 * row);
    });
    const train = hideLabels({ count, shape: [2], values, labels }, { labelled: 20, key });
    const model = make({ classification: 10, density: 1 });
    await fit(
      model,
      { train },
      {
        ...{ key, batchSize: 100, epochs: 25, optimizer: adam({ learningRate: 2e-2 }) },
        batch: classContext({ classes: 2, unknown: 'zeros' }),
      },
    );
    const wrong = tf.tidy(() => {
      const predicted = tf.argMax(model.classify(tf.tensor2d(values, [count, 2])), 1).dataSync();
      return predicted.filter((label, row) => label !== labels[row]).length;
    });
    expect(wrong).toBeLessThan(10);
    model.dispose();
  });

  test('refuses what does not fit, by name', () => {
    const density = flowOf();
    const whole = { density, classifier: head(), classes: 2 };
    expect(() => hybrid({ ...whole, classs: 2 } as never)).toThrow('did you mean "classes"');
    expect(() => hybrid({ classifier: head(), classes: 2 } as never)).toThrow('expected density to be');
    expect(() => hybrid({ density, classifier: head() } as never)).toThrow('got neither');
    expect(() => hybrid({ ...whole, target: normalHead({ shape: [1] }) })).toThrow('got both');
    expect(() => hybrid({ ...whole, weights: { classification: -1, density: 1 } })).toThrow(
      'weights.classification',
    );
    expect(() => hybrid({ ...whole, weights: { classification: 1 } as never })).toThrow('weights.density');
    expect(() => hybrid({ ...whole, weights: { classification: '1', density: 1 } as never })).toThrow(
      'got "1"',
    );
    expect(() => convexWeights(1.5)).toThrow('lambda');
    expect(() => densityWeight(Number.NaN)).toThrow('lambda');
    expect(() => hybrid({ ...whole, features: 'encoded' } as never)).toThrow('did you mean "encode"');
    expect(() => hybrid({ ...whole, features: 3 } as never)).toThrow("'encode', a layer or a function");
    expect(() => hybrid({ ...whole, features: null } as never)).toThrow('got null');
    expect(() => hybrid({ ...whole, features: {} } as never)).toThrow('got object');
    const misspelt = { classification: 1, densty: 1 };
    expect(() => hybrid({ ...whole, weights: misspelt as never })).toThrow(
      'expected weights to be among classification, density, got "densty"; did you mean "density"',
    );
    expect(() => hybrid({ ...whole, weights: 1 as never })).toThrow(
      'expected weights to be an object, got 1',
    );
    const regression = { density, classifier: head(), target: 'normal' };
    expect(() => hybrid(regression as never)).toThrow('a family of distributions');
    const given = realNvp({ dims: 2, couplings: 1, hidden: [2], contextSize: 2, key });
    expect(() => hybrid({ ...whole, density: given as never })).toThrow('is for generativeClassifier');
    given.dispose();
    const shortened = hybrid({ ...whole, features: (x) => tf.slice(x, [0, 0], [1, 2]) });
    tf.tidy(() => {
      expect(() => shortened.classify(tf.zeros([2, 2]))).toThrow('to return [2, 2], got [1, 2]');
    });
    const without = hybrid({ ...whole, features: (() => undefined) as never });
    expect(() => without.classify(tf.zeros([2, 2]))).toThrow('features to return a tensor, got undefined');
    const model = hybrid({ ...whole, classes: 3 });
    tf.tidy(() => {
      expect(() => model.classify(tf.zeros([2, 2]))).toThrow('to return [2, 3], got [2, 2]');
      expect(() => model.sample(key, 2, { context: tf.zeros([2, 3]) })).toThrow('to be left out');
      const loss = model.objectives()[0]!.loss;
      const wrong = { x: tf.zeros([2, 2]), context: tf.zeros([2, 2]) };
      expect(() => loss(wrong, key, { training: true })).toThrow('of shape [2, 3], got [2, 2]');
    });
    model.dispose();
  });
});

describe('gradientNorms', () => {
  /** The norm of the gradient of a loss with respect to the parameters of the density model. */
  const norm = (model: ReturnType<typeof make>, loss: () => tf.Scalar) =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, [...model.density.parameters().values()]);
      const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
      return Math.sqrt(squares.reduce((sum, square) => sum + numbers(square)[0]!, 0));
    });

  test('are those of ln p(y|x) and ln p(x), whatever the weights', async () => {
    const [model, { x, context }] = [make(densityWeight(0.01)), batch()];
    const { classification, density } = await gradientNorms(model, { x, context }, key);
    const ofDensity = norm(model, () => tf.neg(tf.mean<tf.Scalar>(model.logProb(x))));
    const ofClasses = norm(model, () =>
      tf.neg(tf.div<tf.Scalar>(tf.sum(tf.mul(context, tf.logSoftmax(model.classify(x)))), 3)),
    );
    expect(density / ofDensity).toBeCloseTo(1, 5);
    expect(classification / ofClasses).toBeCloseTo(1, 5);
    tf.dispose([x, context]);
    model.dispose();
  });

  test('are 0 for the classes where nothing is shared, and leave no tensors', async () => {
    const model = hybrid({ density: flowOf(), classifier: head(), classes: 2 });
    const labelled = batch();
    const before = tf.memory().numTensors;
    const { classification, density } = await gradientNorms(model, labelled, key);
    expect(tf.memory().numTensors).toBe(before);
    expect(classification).toBe(0);
    expect(density).toBeGreaterThan(0);
    await expect(gradientNorms(model, labelled.x as never, key)).rejects.toThrow('batch.context');
    await expect(gradientNorms({} as never, labelled, key)).rejects.toThrow('to be a hybrid');
    tf.dispose([labelled.x, labelled.context]);
    model.dispose();
  });
});

describe('hybridIdf', () => {
  const options = { dims: 2, classes: 2, levels: 4, couplings: 2, hidden: [16], key };

  test('stays on the integers and sums to 1, before and after training, and is undone exactly', async () => {
    const model = hybridIdf({ ...options, weights: densityWeight(0.5) });
    const grid = Array.from({ length: 81 }, (_, at) => at - 40);
    const everything = tf.tensor2d(everyEvent(grid, 2) as number[][]);
    const mass = () => tf.tidy(() => numbers(tf.exp(model.logProb(everything))).reduce((a, b) => a + b, 0));
    const values = Float32Array.of(0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 1);
    const train: Examples = { count: 6, shape: [2], values, labels: Int32Array.of(0, 0, 1, 1, 0, 0) };
    expect(Math.abs(mass() - 1)).toBeLessThan(1e-5);
    const before = await evaluate(model, train, { key });
    const batch = classContext({ classes: 2 });
    await fit(
      model,
      { train },
      { key, batch, batchSize: 6, epochs: 30, optimizer: adam({ learningRate: 2e-2 }) },
    );
    expect((await evaluate(model, train, { key })).nats).toBeLessThan(before.nats);
    expect(Math.abs(mass() - 1)).toBeLessThan(1e-5);
    tf.tidy(() => {
      const flow = model.density as ReturnType<typeof idf>;
      const latents = flow.encode(everything);
      expect(numbers(latents).every(Number.isInteger)).toBe(true);
      expect(numbers(flow.decode(latents))).toEqual(numbers(everything));
      expect(numbers(model.sample(key, 50)).every(Number.isInteger)).toBe(true);
    });
    everything.dispose();
    model.dispose();
  });

  test('refuses options that it does not know', () => {
    expect(() => hybridIdf({ ...options, clases: 2 } as never)).toThrow('did you mean "classes"');
    expect(() => hybridIdf({ ...options, levels: 1 })).toThrow('levels');
    expect(() => hybridIdf({ ...options, classifier: 'mlp' as never })).toThrow('asLayer');
    expect(() => hybridIdf({ ...options, key: undefined } as never)).toThrow('key');
  });
});
