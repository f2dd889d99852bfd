import { expect, it } from 'vitest';
import { algorithms, modelFactories } from './algorithms';
import { documentedExports } from './exports';

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
