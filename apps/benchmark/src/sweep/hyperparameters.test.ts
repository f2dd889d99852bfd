import { adam, cosineSchedule, Key, setup, sgd } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { beforeAll, expect, it } from 'vitest';
import { pixelFrequencies } from '../../test/fixtures/pixel-frequencies';
import type { Recipe, Training } from '../recipes/shared/recipe';
import { describeOptimizer } from '../run/train-model';
import { createExperiment, inspectRecipe } from './hyperparameters';

beforeAll(() => setup({ backend: 'cpu' }));

const task = { dataset: glyphs({ train: 8, validation: 8, test: 8 }), key: Key.of(0), quick: true };
const widths: (number | undefined)[] = [];
const recipe = (more: Partial<Training> = {}): Recipe => ({
  ...pixelFrequencies('pixels'),
  create: async (given) => {
    widths.push(given.width);
    const experiment = await pixelFrequencies('pixels').create(given);
    return { ...experiment, training: { ...experiment.training, ...more } };
  },
});

it('knows which hyperparameters a recipe has', async () => {
  for (const [each, own] of [
    [pixelFrequencies('pixels'), []],
    [recipe(), ['width']],
  ] as const) {
    const { experiment, names } = await inspectRecipe(each, task);
    expect(names).toEqual(['learningRate', 'batchSize', 'clipNorm', 'emaDecay', ...own]);
    experiment.model.dispose();
  }
});

it('changes those that are set, and leaves the others as they are', async () => {
  const changed = await createExperiment(recipe(), task, {
    learningRate: 0.1,
    batchSize: 4,
    clipNorm: 1,
    emaDecay: 0.9,
    width: 7,
  });
  const { optimizer, ...training } = changed.training;
  expect(describeOptimizer(optimizer)).toBe('sgd(learningRate 0.1)');
  expect(training).toEqual({ batchSize: 4, epochs: 3, clipNorm: 1, ema: { decay: 0.9 } });
  expect(widths.at(-1)).toBe(7);
  const own = await createExperiment(recipe(), task, { batchSize: 4 });
  expect(describeOptimizer(own.training.optimizer)).toBe('sgd(learningRate 2)');
  expect(widths.at(-1)).toBeUndefined();
  for (const { model } of [changed, own]) model.dispose();
});

it('keeps the form of a schedule, for each player', async () => {
  const schedule = cosineSchedule(0.5, { steps: 100, final: 0.05 });
  const optimizer = { one: sgd({ learningRate: schedule }), other: adam({ learningRate: 1e-3 }) };
  const { model, training } = await createExperiment(recipe({ optimizer }), task, { learningRate: 0.02 });
  const players = training.optimizer as typeof optimizer;
  expect(players.one.learningRate(0)).toBe(0.02);
  expect(players.one.learningRate(50)).toBeCloseTo(0.02 * 0.55, 12);
  expect(players.one.learningRate(1000)).toBeCloseTo(0.002, 12);
  expect(players.other.learningRate(10)).toBe(0.02);
  expect(players.other.name).toBe('adam');
  model.dispose();
});
