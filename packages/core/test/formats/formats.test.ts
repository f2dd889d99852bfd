import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fit, loadModel, loadWeights, memoryStore } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { EPOCHS_KEPT, STORED_CARD, storedModel, storedRun } from './run';

const here = fileURLToPath(new URL('.', import.meta.url));
const versions = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface Expected {
  readonly weights: Readonly<Record<string, unknown>>;
  readonly curve: readonly unknown[];
}

it('keep a file of every released version', () => {
  const changelog = fileURLToPath(new URL('../../CHANGELOG.md', import.meta.url));
  const released = existsSync(changelog)
    ? [...readFileSync(changelog, 'utf8').matchAll(/^## (\S+)$/gm)].map(([, version]) => version!)
    : [];
  expect(versions.length).toBeGreaterThan(0);
  expect(versions).toEqual(expect.arrayContaining(released));
});

describe.each(versions)('what %s has written', (version) => {
  const folder = join(here, version);
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;

  it('loads as weights', () => {
    const { model } = storedRun(EPOCHS_KEPT);
    loadWeights(model, readFileSync(join(folder, 'weights.safetensors')));
    for (const [path, value] of model.parameters()) {
      expect(value.arraySync(), path).toEqual(expected.weights[path]);
    }
    model.dispose();
  });

  it('opens as a model', async () => {
    const written = storedModel();
    const { model, card } = await loadModel<typeof written>(readFileSync(join(folder, 'model.dgm')));
    expect(card).toEqual(STORED_CARD);
    for (const [path, value] of model.parameters()) {
      expect(value.arraySync(), path).toEqual(written.parameters().get(path)!.arraySync());
    }
    const means = [model, written].map((each) =>
      tf.tidy(() =>
        each
          .given(tf.ones([1, 3]))
          .mean()
          .arraySync(),
      ),
    );
    expect(means[0]).toEqual(means[1]);
    [model, written].forEach((each) => each.dispose());
  });

  it('is training that goes on', async () => {
    const store = memoryStore();
    for (const name of readdirSync(join(folder, 'store'))) {
      await store.write(name, readFileSync(join(folder, 'store', name)));
    }
    const { model, data, options } = storedRun(EPOCHS_KEPT + 2);
    const { curve, epochs } = await fit(model, data, { ...options, checkpoint: { store } });
    expect(epochs).toBe(EPOCHS_KEPT + 2);
    expect(curve.slice(0, EPOCHS_KEPT)).toEqual(expected.curve);
    model.dispose();
  });
});
