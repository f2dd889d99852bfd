import { Key } from '@dgm/core';
import { STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { boltzmannMachine, type BoltzmannMachine } from './boltzmann-machine';
import { gridEdges } from './graph';
import { perturbAndMap } from './perturb-and-map';
import { pottsModel, type PottsModel } from './potts-model';

const key = Key.of(0);

function withWeights<M extends BoltzmannMachine | PottsModel>(model: M, scale: number): M {
  tf.tidy(() => {
    for (const [index, name] of ['weights', 'bias'].entries()) {
      const variable = model.parameters().get(name)!;
      variable.assign(tf.mul(index === 0 ? scale : 1, Key.of(index + 1).normal(variable.shape)));
    }
  });
  return model;
}

const exactOf = (model: BoltzmannMachine | PottsModel): number =>
  tf.tidy(() => take(model.logPartition())[0]!);

it.each<[string, () => BoltzmannMachine | PottsModel]>([
  ['an Ising grid', () => boltzmannMachine({ shape: [4, 4], edges: gridEdges([4, 4]), key })],
  ['a Potts grid', () => pottsModel({ shape: [3, 3], levels: 3, edges: gridEdges([3, 3]), key })],
  ['a Potts model of all pairs', () => pottsModel({ shape: [5], levels: 3, key })],
  [
    'a tree',
    () => pottsModel({ shape: [6], levels: 4, edges: [[0, 1], [1, 2], [1, 3], [3, 4], [3, 5]], key }), // prettier-ignore
  ],
])('brackets the exact ln Z: %s', async (_, make) => {
  const model = withWeights(make(), 1);
  const { samples, lower, upper } = await perturbAndMap(model, { key, draws: 200 });
  const exact = exactOf(model);
  expect(lower.mean - STANDARD_ERRORS * lower.standardError).toBeLessThan(exact);
  expect(upper.mean + STANDARD_ERRORS * upper.standardError).toBeGreaterThan(exact);
  // And neither is trivial: the lower is above the best state alone, the upper below ln Z of weights of 0.
  const mode = await model.mode();
  const best = tf.tidy(() => -take(model.energy(tf.expandDims(mode, 0)))[0]!);
  expect(lower.mean).toBeGreaterThan(best);
  expect(upper.mean).toBeLessThan(best + (Math.log(model.levels) * samples.size) / 200);
  tf.dispose([samples, mode]);
  model.dispose();
});

it('is exact where nothing interacts: the bound, and the law of the samples', async () => {
  const model = withWeights(pottsModel({ shape: [2], levels: 3, edges: [], key }), 1);
  const draws = 2000;
  const { samples, upper } = await perturbAndMap(model, { key, draws });
  expect(Math.abs(upper.mean - exactOf(model))).toBeLessThan(STANDARD_ERRORS * upper.standardError);
  expect(upper.standardError).toBeLessThan(0.1);
  tf.tidy(() => {
    const expected = take(tf.softmax(model.parameters().get('bias')!));
    const values = [...samples.dataSync()];
    expected.forEach((p, index) => {
      const [unit, value] = [Math.floor(index / 3), index % 3];
      const share = values.filter((each, at) => at % 2 === unit && each === value).length / draws;
      expect(Math.abs(share - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / draws));
    });
  });
  samples.dispose();
  model.dispose();
});

it('draws the same for the same key, and finds the mode of a grid that cannot be enumerated', async () => {
  const grid = { shape: [3, 30], edges: gridEdges([3, 30]), key };
  const model = withWeights(boltzmannMachine(grid), 2);
  const [a, b] = [
    await perturbAndMap(model, { key, draws: 2 }),
    await perturbAndMap(model, { key, draws: 2 }),
  ];
  expect(a.upper).toEqual(b.upper);
  expect([...a.samples.dataSync()]).toEqual([...b.samples.dataSync()]);
  const mode = await model.mode();
  tf.tidy(() => {
    // No change of one unit or of two neighbours lowers the energy, and no sample is below it.
    const flips = [...gridEdges([3, 30]), ...Array.from({ length: 90 }, (_, i) => [i, i] as const)];
    const masks = tf.maximum(
      tf.oneHot(flips.map(([i]) => i), 90), // prettier-ignore
      tf.oneHot(flips.map(([, j]) => j), 90), // prettier-ignore
    );
    const others = tf.abs(tf.sub(tf.reshape(mode, [1, 90]), masks));
    const energies = take(model.energy(tf.reshape(others, [-1, 3, 30])));
    const lowest = take(model.energy(tf.expandDims(mode, 0)))[0]!;
    expect(Math.min(...energies)).toBeGreaterThan(lowest);
    expect(Math.min(...take(model.energy(a.samples)))).toBeGreaterThanOrEqual(lowest);
  });
  tf.dispose([a.samples, b.samples, mode]);
  model.dispose();
});

it('refuses what it cannot perturb', async () => {
  const wide = boltzmannMachine({ shape: [24], key });
  const broken = boltzmannMachine({ shape: [3], key });
  broken
    .parameters()
    .get('bias')!
    .assign(tf.tensor1d([0, NaN, 0]));
  const before = tf.memory().numTensors;
  await expect(perturbAndMap(wide, { key })).rejects.toThrow(/logPartitionBounds/);
  await expect(perturbAndMap(broken, { key })).rejects.toThrow(/weights of the model/);
  await expect(perturbAndMap({} as never, { key })).rejects.toThrow(/without logPotentials/);
  await expect(perturbAndMap(broken, {} as never)).rejects.toThrow(/key/);
  await expect(perturbAndMap(broken, { key, draws: 1 })).rejects.toThrow(/draws/);
  await expect(perturbAndMap(broken, { key, draw: 5 } as never)).rejects.toThrow(/did you mean "draws"/);
  expect(tf.memory().numTensors).toBe(before);
  [wide, broken].forEach((each) => each.dispose());
});
