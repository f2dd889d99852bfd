import { expect, it } from 'vitest';
import { algorithms, modelFactories } from './algorithms';
import { documentedExports } from './exports';
import { factories } from './factories';

const exports = documentedExports();
const nameOf = ({ package: owner, name }: { readonly package: string; readonly name: string }): string =>
  `${owner}.${name}`;

it('has a sentence for every export', () => {
  expect(exports.length).toBeGreaterThan(1000);
  // What takes options documents them: the reference says whose they are.
  const bare = exports.filter(({ comment, name }) => comment === '' && !name.endsWith('Options'));
  expect(bare.map(nameOf)).toEqual([]);
});

it('has the source of every model', () => {
  const models = modelFactories();
  expect(models.length).toBeGreaterThan(50);
  const known = new Set(algorithms().map(nameOf));
  expect(models.map(nameOf).filter((name) => !known.has(name))).toEqual([]);
});

it('has an example of every function and class that makes something', () => {
  const all = factories();
  const made = all.map(nameOf);
  expect(made.length).toBeGreaterThan(200);
  // A model, a layer, a head, a prior, an objective, a schedule, a sampler, an optimizer, a codec, a source of data.
  const some = [
    'vae.vae',
    'core.mlp',
    'core.normalHead',
    'priors.gtmPrior',
    'vae.elboObjective',
    'core.cosineSchedule',
  ];
  expect(made).toEqual(
    expect.arrayContaining([...some, 'diffusion.ddim', 'core.adam', 'compress.readCodec']),
  );
  expect(made).toEqual(expect.arrayContaining(['data.csvSource', 'gan.r1', 'vae.downscale', 'core.Normal']));
  // A check, an op, results and a list of paths.
  const others = ['core.checkShape', 'core.exp', 'core.evaluate', 'core.unfreeze', 'core.BaseLayer'];
  expect(made.filter((name) => others.includes(name))).toEqual([]);
  expect(all.filter(({ comment }) => !/^@example/m.test(comment)).map(nameOf)).toEqual([]);
});
