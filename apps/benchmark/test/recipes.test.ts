import { compiled } from '@dgm/compile';
import { Key, sgd, type Dataset, type GenerativeModel } from '@dgm/core';
import { describeCompiled, type CompiledTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { normalizedGradients } from '../src/recipes/published/normalized-gradients';
import { discoverFamilies } from '../src/families';
import type { Experiment } from '../src/recipes/shared/recipe';

const [PIXELS, LEVELS, COUNT, SIDE] = [6, 4, 24, 4];

/** Two kinds of tiny images: dark ones and bright ones. */
const images = () =>
  tf.tidy(() => {
    const kind = tf.mul(2, Key.of(1).bernoulli([COUNT, 1], 0.5));
    return tf.add(tf.tile(kind, [1, PIXELS]), Key.of(2).bernoulli([COUNT, PIXELS], 0.5));
  });

/** Black-and-white ones of 4 x 4, for the models that learn nothing else. */
const bits = () => tf.tidy(() => Key.of(3).bernoulli([COUNT, SIDE, SIDE, 1], 0.4));

function datasetOf(make: () => Tensor, levels: number): Dataset {
  const tensor = make();
  const examples = {
    count: COUNT,
    shape: tensor.shape.slice(1),
    values: tensor.dataSync() as Float32Array,
  };
  tensor.dispose();
  return { name: 'tiny', levels, sha256: '', train: examples, validation: examples, test: examples };
}

const kinds = [images, bits].map((data) => ({ data, dataset: datasetOf(data, data === bits ? 2 : LEVELS) }));

// Adam's first steps divide a gradient by its own size, and so blow up the rounding of those that are next to nothing.
const training = { optimizer: sgd({ learningRate: 1e-2 }) };

/** Recipes that differ from another in the number of latent variables alone are the same composition. */
const isRepeated = (name: string) => /^svae-2018-\w+-(?!10$)|^vae-prior-.*-16$/.test(name);

/** The recipes that combine packages. Those of one package are compiled in that package's own tests. */
const { candidates } = await discoverFamilies();
const combinations = candidates.filter((candidate) => candidate.package === '@dgm/benchmark');

const table: Record<string, CompiledTable[string]> = Object.fromEntries(
  combinations
    .map(({ entry }) => entry)
    .filter(({ name }) => !isRepeated(name))
    .map(({ name, create, accepts }) => {
      const { dataset, data } = kinds.find((kind) => accepts!(kind.dataset))!;
      // The entries of this folder make their models at once.
      const make = (key: Key) =>
        (create({ dataset, key, quick: true }) as Experiment).model as GenerativeModel;
      return [name, () => ({ make, data, training })];
    }),
);

table['an optimizer of normalized gradients'] = () => ({
  ...table['vampprior-2018-vamp']!(),
  training: { optimizer: normalizedGradients(training.optimizer) },
});

describeCompiled(table, { engine: compiled, report: () => undefined });
