import { DgmError, Key, loadWeights, memoryStore, saveWeights } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FactorizedCategorical, TinyVae } from '../../test/support/models';
import { readSafetensors, writeSafetensors, type TensorFile } from './safetensors';

const tinyVae = (seed: number, dims = 3) => new TinyVae({ dims, key: Key.of(seed) });

/** The weights of a model, with a change to the file. */
async function changed(change: (file: TensorFile) => TensorFile): Promise<Uint8Array> {
  return writeSafetensors(change(readSafetensors(await saveWeights(tinyVae(0)))));
}

describe('weights', () => {
  it('come back bit for bit, into another instance', async () => {
    const [a, b] = [tinyVae(0), tinyVae(1)];
    const bytes = await saveWeights(a, { metadata: { note: 'best' } });
    const before = tf.memory().numTensors;
    loadWeights(b, bytes);
    expect(tf.memory().numTensors).toBe(before);
    expect(await saveWeights(b, { metadata: { note: 'best' } })).toEqual(bytes);
    expect(readSafetensors(bytes).metadata).toMatchObject({
      note: 'best',
      format: 'dgm.weights',
      version: '1',
    });
  });

  it('are float32 in the file where the backend keeps integers under that name', async () => {
    const whole = tf.tidy(() => tf.variable(tf.cast(tf.tensor1d([1, 2, 3], 'int32'), 'float32')));
    const module = { parameters: () => new Map([['whole', whole]]), dispose: () => whole.dispose() };
    const { tensors } = readSafetensors(await saveWeights(module));
    expect(tensors.get('whole')!.values).toEqual(Float32Array.of(1, 2, 3));
    module.dispose();
  });

  it.each([
    [
      'a missing weight',
      (file: TensorFile) => ({ ...file, tensors: new Map([...file.tensors].slice(1)) }),
      'decoder',
    ],
    [
      'one too many',
      (file: TensorFile) => ({
        ...file,
        tensors: new Map([...file.tensors, ['extra', [...file.tensors.values()][0]!]]),
      }),
      'extra',
    ],
    [
      'another type',
      (file: TensorFile) => {
        const logStd = { dtype: 'int32', shape: [], values: Int32Array.of(1) } as const;
        return { ...file, tensors: new Map([...file.tensors, ['logStd', logStd]]) };
      },
      'logStd',
    ],
    [
      'a newer format',
      (file: TensorFile) => ({ ...file, metadata: { ...file.metadata, version: '2' } }),
      'version',
    ],
  ])('refuse a file with %s, naming it, and change nothing', async (_, change, argument) => {
    const model = tinyVae(1);
    const before = await saveWeights(model);
    const bytes = await changed(change);
    const error = await Promise.resolve()
      .then(() => loadWeights(model, bytes))
      .catch((thrown: unknown) => thrown);
    expect(DgmError.is(error, 'serialization') && error).toMatchObject({ argument });
    expect(await saveWeights(model)).toEqual(before);
  });

  it('refuse another shape and another model', async () => {
    const bytes = await saveWeights(tinyVae(0));
    expect(() => loadWeights(tinyVae(0, 4), bytes)).toThrow(
      /decoder to be float32 \[1, 4\], got float32 \[1, 3\]/,
    );
    expect(() =>
      loadWeights(new FactorizedCategorical({ dims: 2, levels: 2, key: Key.of(0) }), bytes),
    ).toThrow(/logits/);
  });

  it('may come without our metadata', async () => {
    const model = tinyVae(1);
    loadWeights(model, await changed(({ tensors }) => ({ tensors, metadata: {} })));
    expect(await saveWeights(model)).toEqual(await saveWeights(tinyVae(0)));
  });
});

describe('a part of the weights', () => {
  it('is loaded without `strict`, and told', async () => {
    const [model, fresh] = [tinyVae(1), tinyVae(1)];
    const bytes = await changed(({ tensors, metadata }) => ({
      metadata,
      tensors: new Map([...tensors].map(([path, tensor]) => [path === 'encoder' ? 'other' : path, tensor])),
    }));
    expect(loadWeights(model, bytes, { strict: false })).toEqual({
      loaded: ['decoder', 'logStd'],
      missing: ['encoder'],
      unexpected: ['other'],
    });
    const encoderOf = (owner: TinyVae) => owner.parameters().get('encoder')!.dataSync();
    expect(encoderOf(model)).toEqual(encoderOf(fresh));
    expect(model.parameters().get('decoder')!.dataSync()).toEqual(
      tinyVae(0).parameters().get('decoder')!.dataSync(),
    );
  });

  it('must have the right shapes all the same', async () => {
    const bytes = await saveWeights(tinyVae(0));
    expect(() => loadWeights(tinyVae(0, 4), bytes, { strict: false })).toThrow(
      /decoder to be float32 \[1, 4\]/,
    );
  });

  it('is found under other names', async () => {
    const model = tinyVae(1);
    const bytes = await changed(({ tensors }) => ({
      metadata: {},
      tensors: new Map([...tensors].map(([path, tensor]) => [`module.${path}`, tensor])),
    }));
    const rename = (path: string): string => path.replace('module.', '');
    expect(loadWeights(model, bytes, { rename })).toMatchObject({ missing: [], unexpected: [] });
    expect(await saveWeights(model)).toEqual(await saveWeights(tinyVae(0)));
    expect(() => loadWeights(model, bytes, { rename: () => 'decoder' })).toThrow(/1 paths for 3 tensors/);
  });
});

describe('memoryStore', () => {
  it('keeps copies', async () => {
    const store = memoryStore();
    const bytes = Uint8Array.of(1, 2);
    await store.write('a', bytes);
    bytes[0] = 9;
    (await store.read('a'))[1] = 9;
    expect(await store.read('a')).toEqual(Uint8Array.of(1, 2));
    expect(await store.list()).toEqual(['a']);
    await store.remove('a');
    await store.remove('a');
    await expect(store.read('a')).rejects.toMatchObject({ code: 'serialization' });
  });
});
