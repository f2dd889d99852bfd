import { DgmError, fit, Independent, Key, mlp, Normal, sgd, standardNormal } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as ebm from '../src/index';

/** The package as a program without types sees it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- What untyped callers pass is the point of these tests.
const js = ebm as any;
const key = Key.of(0);
const visible = ebm.bernoulliUnits({ shape: [4] });

it.each<[string, () => unknown, RegExp]>([
  ['units without options', () => js.categoricalUnits(), /options/],
  ['units without a shape', () => js.bernoulliUnits({}), /shape/],
  ['units whose shape is a number', () => js.bernoulliUnits({ shape: 4 }), /such as \[16\]/],
  ['a trace by name', () => js.implicitScoreMatching({ trace: 'exact' }), /exactTrace/],
  ['noise that is no distribution', () => js.noiseContrastiveEstimation({ noise: {} }), /without sample/],
  [
    'noise of several distributions',
    () => js.noiseContrastiveEstimation({ noise: new Normal(0, 1, { shape: [2] }) }),
    /Independent/,
  ],
  ['a grid without a size', () => js.gridEdges(), /\[rows, columns\]/],
  ['a grid of a number', () => js.gridEdges(4), /\[rows, columns\]/],
  ['a misspelt option of a grid', () => js.gridEdges([3, 3], { periodc: true }), /did you mean "periodic"/],
  ['an RBM without options', () => js.rbm(), /options/],
  ['visible units that are none', () => js.rbm({ visible: {}, hidden: 3, key }), /without encode/],
  ['hidden units that are none', () => js.rbm({ visible, hidden: {}, key }), /hidden/],
  ['an objective by name', () => js.boltzmannMachine({ shape: [3], key, objective: 'mpf' }), /objective/],
  ['half an objective', () => js.boltzmannMachine({ shape: [3], key, objective: { data: 'bits' } }), /loss/],
  ['edges that are no array', () => js.boltzmannMachine({ shape: [3], key, edges: 5 }), /pairs/],
  ['an edge of one unit', () => js.boltzmannMachine({ shape: [3], key, edges: [[0]] }), /pairs/],
  ['an edge of three units', () => js.boltzmannMachine({ shape: [3], key, edges: [[0, 1, 2]] }), /pairs/],
  ['a machine whose shape is a number', () => js.boltzmannMachine({ shape: 3, key }), /shape/],
  ['a Potts model without options', () => js.pottsModel(), /options/],
  ['a Potts model of half a value', () => js.pottsModel({ shape: [3], levels: 2.5, key }), /levels/],
  [
    'edges of a Potts model that are no array',
    () => js.pottsModel({ shape: [3], levels: 2, key, edges: 5 }),
    /pairs/,
  ],
  ['a conditional RBM without options', () => js.conditionalRbm(), /options/],
  [
    'visible units by name',
    () => js.conditionalRbm({ visible: 'bits', hidden: 2, contextSize: 2, key }),
    /visible/,
  ],
  ['frames without a number', () => js.temporalContext(), /options/],
  ['documents without options', () => js.replicatedSoftmax(), /options/],
  ['sparsity that is null', () => js.rbm({ visible, hidden: 3, key, sparsity: null }), /sparsity/],
  ['patterns in an array', () => js.hopfieldNetwork({ patterns: [[1, 0]] }), /tensor/],
  ['an energy model without options', () => js.energyModel(), /options/],
  ['a joint model without options', () => js.jointEnergyModel(), /options/],
])('%s: a typed error, and nothing is kept', (_, make, message) => {
  expectNoLeaks(() => {
    expect(make).toThrow(DgmError);
    expect(make).toThrow(message);
  });
});

it('methods refuse what is no tensor, no option and no batch', () => {
  const model = ebm.rbm({ visible, hidden: 3, key });
  const machine = ebm.boltzmannMachine({ shape: [4], key });
  const network = mlp([2, 4, 3], { key, activation: 'swish' });
  const joint = ebm.jointEnergyModel({ network, classes: 3, shape: [2], range: [-1, 1], bufferSize: 3, key });
  const x = tf.zeros([1, 4]);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- As above.
  const [m, b, j] = [model, machine, joint] as any[];
  expectNoLeaks(() => {
    const calls: readonly (() => unknown)[] = [
      () => m.jointEnergy(),
      () => m.jointEnergy(x, [[1, 0, 1]]),
      () => m.gibbs(x),
      () => m.gibbs(x, { key, step: 3 }),
      () => m.logPartition('all'),
      () => b.recall(x, null),
      () => j.jointEnergy(),
      () => j.jointEnergy(tf.zeros([1, 2])),
    ];
    tf.tidy(() => calls.forEach((call) => expect(call, String(call)).toThrow(DgmError)));
  });
  [model, machine, joint].forEach((each) => each.dispose());
  x.dispose();
});

it('methods of Potts models and of RBMs with biases of their own refuse the same', () => {
  const models = [
    ebm.pottsModel({ shape: [4], levels: 3, key }),
    ebm.conditionalRbm({ visible, hidden: 3, contextSize: 4, key }),
    ebm.replicatedSoftmax({ words: 4, maxLength: 3, hidden: 2, key }),
  ];
  const x = tf.zeros([1, 4]);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- As above.
  const [p, c, d] = models as any[];
  expectNoLeaks(() => {
    const calls: readonly (() => unknown)[] = [
      () => p.energy(),
      () => p.logits([[0, 1, 2, 0]]),
      () => p.conditionals(null),
      () => p.sample(),
      () => p.sample(key, '3'),
      () => c.energy(5),
      () => c.logProb({}),
      () => c.logProb({ x }),
      () => c.hiddenLogits(null),
      () => c.logPartition(),
      () => c.continue(x),
      () => c.continue(tf.zeros([1, 1, 4]), { key }),
      () => c.sample(key, 1, { context: 3 }),
      () => d.energy([[1, 2, 0, 0]]),
      () => d.logPartition(3),
      () => d.sample(key, 1),
      () => d.sample(key, NaN, { context: tf.zeros([1, 1]) }),
      () => d.sample(undefined, 1, { context: tf.zeros([1, 1]) }),
    ];
    tf.tidy(() => calls.forEach((call) => expect(call, String(call)).toThrow(DgmError)));
  });
  models.forEach((each) => each.dispose());
  x.dispose();
});

it('asynchronous methods of machines refuse a missing key and another model', async () => {
  const models = [ebm.pottsModel({ shape: [4], levels: 3, key }), ebm.rbm({ visible, hidden: 2, key })];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- As above.
  const [p, m] = models as any[];
  const calls: readonly (() => Promise<unknown>)[] = [
    () => p.partition(),
    () => js.perturbAndMap(),
    () => js.perturbAndMap(m, { key }),
    () => js.perturbAndMap(p),
    () => js.perturbAndMap(p, { key, draws: '10' }),
    () => js.perturbAndMap(p, { key, chains: 10 }),
  ];
  const before = tf.memory().numTensors;
  for (const call of calls) await expect(call(), String(call)).rejects.toThrow(DgmError);
  expect(tf.memory().numTensors).toBe(before);
  models.forEach((each) => each.dispose());
});

it('annealing refuses what is no path, no function and no result of it', async () => {
  const model = ebm.rbm({ visible, hidden: 3, key });
  const path = model.annealedPath();
  const from = tf.zeros([3, 2, 2]);
  const calls: readonly (() => Promise<unknown>)[] = [
    () => js.annealedImportanceSampling(),
    () => js.annealedImportanceSampling(model, { key }),
    () => js.annealedImportanceSampling(path, null),
    () => js.annealedImportanceSampling(path, { key, run: 5 }),
    () => js.annealedImportanceSampling(path, { key, run: () => tf.zeros([3, 5]) }),
    () => js.annealedImportanceSampling(path, { key, from }),
  ];
  const before = tf.memory().numTensors;
  for (const call of calls) await expect(call(), String(call)).rejects.toThrow(DgmError);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
  from.dispose();
});

it('bounds refuse a missing key and no trees', async () => {
  const machine = ebm.boltzmannMachine({ shape: [4], key });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- As above.
  const b = machine as any;
  await expect(b.logPartitionBounds()).rejects.toThrow(DgmError);
  await expect(b.logPartitionBounds({ key, trees: 0 })).rejects.toThrow(/trees/);
  machine.dispose();
});

it('takes empty batches', () => {
  const machine = ebm.boltzmannMachine({ shape: [4], key, sampleSteps: 2 });
  const hidden = ebm.subspaceUnits({ gates: 2, size: 2 });
  const model = ebm.rbm({ visible, hidden, key, sampleSteps: 2 });
  tf.tidy(() => {
    const none = tf.zeros([0, 4]);
    for (const each of [machine, model]) {
      expect(each.energy(none).shape).toEqual([0]);
      expect(each.sample(key, 0).shape).toEqual([0, 4]);
    }
    expect(machine.recall(none).shape).toEqual([0, 4]);
    expect(model.jointEnergy(none, tf.zeros([0, 2, 3])).shape).toEqual([0]);
  });
  [machine, model].forEach((each) => each.dispose());
});

it('refuses examples of which there are none, and noise of another shape', async () => {
  const examples = tf.zeros([0, 4]);
  expectNoLeaks(() =>
    expect(() => ebm.rbm({ visible, hidden: 2, key, examples })).toThrow(/number of examples/),
  );
  examples.dispose();
  const model = ebm.energyModel({
    network: mlp([2, 4, 1], { key, activation: 'swish' }),
    ...{ shape: [2], range: [-1, 1], key },
    objective: ebm.noiseContrastiveEstimation({ noise: standardNormal([3]) }),
  });
  const train = { count: 2, shape: [2], values: new Float32Array(4) };
  const training = { key, optimizer: sgd({ learningRate: 0.1 }), batchSize: 2, epochs: 1 };
  await expect(fit(model, { train }, training)).rejects.toThrow(DgmError);
  model.dispose();
});

it('names the labels that a joint model was not given', async () => {
  const network = mlp([2, 4, 3], { key, activation: 'swish' });
  const model = ebm.jointEnergyModel({ network, classes: 3, shape: [2], range: [-1, 1], bufferSize: 3, key });
  const train = { count: 2, shape: [2], values: new Float32Array(4) };
  const training = { key, optimizer: sgd({ learningRate: 0.1 }), batchSize: 2, epochs: 1 };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- As above.
  await expect(fit(model as any, { train }, training)).rejects.toThrow(/classContext/);
  model.dispose();
});

it('refuses an objective of a joint model, which has its own', () => {
  const network = mlp([2, 4, 3], { key, activation: 'swish' });
  const noise = new Independent(new Normal(0, 1, { shape: [2] }), 1);
  const objective = ebm.noiseContrastiveEstimation({ noise });
  const make = () =>
    js.jointEnergyModel({ network, classes: 3, shape: [2], range: [-1, 1], bufferSize: 3, key, objective });
  expect(make).toThrow(/"objective"/);
  network.dispose();
});
