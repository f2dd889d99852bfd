import { compiled } from '@dgm/compile';
import { countParameters, fit, Key, sizeOf, type Dataset, type Shape } from '@dgm/core';
import { dataset, subset } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../src/datasets/datasets';
import { thresholded } from '../src/datasets/thresholded';
import { discoverFamilies } from '../src/families';

const COUNT = 64;

/** Random examples in the form of a data set whose files are not here. */
function madeUp(name: string, shape: Shape, levels?: number): Dataset {
  const random = Key.of(0).fold(name).generator();
  const draw = () => (levels === undefined ? random.normal() : Math.floor(levels * random.uniform()));
  const values = Float32Array.from({ length: COUNT * sizeOf(shape) }, draw);
  const examples = { count: COUNT, shape, values };
  return dataset({
    ...{ name, train: examples, validation: examples, test: examples },
    ...(levels === undefined ? {} : { levels }),
  });
}

/** One data set of each form that `--dataset` can name; the images are smaller. */
const datasets: readonly Dataset[] = [
  await loadDataset('glyphs', { quick: true }),
  thresholded(await loadDataset('glyphs', { quick: true }), 'binarized-digits'),
  await loadDataset('two-moons', { quick: true }),
  madeUp('csv', [6]),
  madeUp('mnist', [12, 12, 1], 256),
  madeUp('cifar10', [8, 8, 3], 256),
];

const { candidates, broken } = await discoverFamilies();
const accepted = (data: Dataset) => candidates.filter(({ entry }) => entry.accepts?.(data) ?? true);

describe('every recipe', () => {
  it('is found, and accepts a data set', () => {
    expect(broken).toEqual([]);
    const learned = new Set(datasets.flatMap(accepted));
    expect(candidates.filter((candidate) => !learned.has(candidate))).toEqual([]);
  });

  it.each(datasets.map((data) => [data.name, data] as const))(
    'makes a model of %s where it accepts that',
    async (_, data) => {
      for (const { entry } of accepted(data)) {
        const before = tf.memory().numTensors;
        const { model, training } = await entry.create({ dataset: data, key: Key.of(0), quick: true });
        expect(countParameters(model), entry.name).toBeGreaterThan(0);
        expect(model.eventShape, entry.name).toEqual(data.train.shape);
        expect(training.epochs, entry.name).toBeGreaterThan(0);
        model.dispose();
        expect(tf.memory().numTensors, entry.name).toBe(before);
      }
    },
  );
});

/** Of each package the flagship, or the first recipe where there is none. */
const representatives = [...new Set(candidates.map(({ package: name }) => name))].map((name) => {
  const family = candidates.filter((candidate) => candidate.package === name);
  return [name, (family.find(({ entry }) => entry.isFlagship) ?? family[0]!).entry] as const;
});

describe('a family', () => {
  it.each(representatives)('%s takes a compiled step of training', async (_, entry) => {
    const data = datasets.find((each) => entry.accepts?.(each) ?? true)!;
    const { model, training } = await entry.create({ dataset: data, key: Key.of(0), quick: true });
    const train = subset(
      data.train,
      Array.from({ length: training.batchSize }, (_row, index) => index),
    );
    const { curve } = await fit(
      model,
      { ...data, train },
      {
        ...training,
        key: Key.of(1),
        epochs: 1,
        engine: compiled(),
        validate: () => 0,
      },
    );
    expect(Number.isFinite(curve[0]!.train)).toBe(true);
    model.dispose();
  });
});
