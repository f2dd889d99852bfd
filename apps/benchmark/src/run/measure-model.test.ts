import { eager, Key, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { beforeAll, expect, it } from 'vitest';
import { pixelFrequencies } from '../../test/fixtures/pixel-frequencies';
import { measureModel } from './measure-model';

beforeAll(() => setup({ backend: 'cpu' }));

it('takes metrics, with the features that they are in, and curves from the recipe, on the test rows', async () => {
  const dataset = glyphs({ train: 8, validation: 8, test: 16 });
  const experiment = await pixelFrequencies('pixels').create({ dataset, key: Key.of(0), quick: true });
  const measured = await measureModel(
    {
      ...experiment,
      measure: ({ count }) =>
        Promise.resolve({
          metrics: { rows: { value: count } },
          features: { name: 'made-conv', sha256: 'ab' },
          curves: [{ name: 'a', x: { name: 'b' }, y: { name: 'c' }, points: [[0, 1]] }],
        }),
    },
    dataset,
    { key: Key.of(1), engine: eager() },
  );
  expect(measured).toMatchObject({
    test: { kind: 'exact' },
    metrics: { rows: { value: 16 } },
    extra: { features: { name: 'made-conv', sha256: 'ab' } },
    curves: [{ name: 'a' }],
  });
  experiment.model.dispose();
});
