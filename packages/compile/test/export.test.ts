import { categoricalHead, DgmError, normalHead, Key, mlp } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import { vae } from '@dgm/vae';
import type { Vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import protobuf from 'protobufjs/light.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportFunction, exportOnnx } from '../src/index';
import type { MessageType } from '../src/onnx/protobuf';
import { Model } from '../src/onnx/schema';

const DIMS = 6;
const BATCH = 4;
let model: Vae;

beforeAll(() => {
  model = vae({
    encoder: mlp([DIMS, 8, 4], { key: Key.of(0) }),
    decoder: mlp([2, 8, DIMS * 5], { key: Key.of(1) }),
    posterior: normalHead({ shape: [2] }),
    likelihood: categoricalHead({ shape: [DIMS], levels: 5 }),
  });
});
afterAll(() => model.dispose());

/** Our schema as protobufjs, an independent reader, wants it: each message once, for an attribute may hold a graph. */
function asProtobufjs(root: MessageType): Record<string, object> {
  const names = new Map([[root, 'Model']]);
  const messages: Record<string, object> = {};
  const nameOf = (type: MessageType): string => {
    if (!names.has(type)) names.set(type, `Message${names.size}`);
    return names.get(type)!;
  };
  // A map visits what is added while it is read.
  for (const [type, name] of names) {
    const fields = Object.entries(type).map(([field, { id, type: of, repeated }]) => {
      const described = { id, type: typeof of === 'string' ? of : nameOf(of) };
      return [field, { ...described, ...(repeated && { rule: 'repeated' }) }] as const;
    });
    messages[name] = { fields: Object.fromEntries(fields) };
  }
  return messages;
}

/** What a reader of the file finds in it. */
function read(file: Uint8Array) {
  const root = protobuf.Root.fromJSON({ nested: asProtobufjs(Model) });
  const message = root.lookupType('Model').decode(file);
  const { metadataProps, graph } = message as unknown as {
    metadataProps: { key: string; value: string }[];
    graph: { initializer: { name: string }[]; node: { opType: string }[] };
  };
  return {
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
    weights: graph.initializer.map(({ name }) => name),
    operators: graph.node.map(({ opType }) => opType),
  };
}

interface Described {
  readonly shape: number[];
  readonly dtype: string;
  readonly distribution?: string;
}

/** Runs a file as a stranger would: noise is drawn as the metadata say, here from the keys that the model would use. */
async function run(
  file: Uint8Array,
  given: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, ort.Tensor>>> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
  const feeds = Object.fromEntries(
    Object.entries(given).map(([name, x]) => [
      name,
      new ort.Tensor('float32', Float32Array.from(x.dataSync()), x.shape),
    ]),
  );
  const results = await session.run(feeds);
  await session.release();
  return results as Readonly<Record<string, ort.Tensor>>;
}

const batch = () => tf.tidy(() => tf.floor(Key.of(2).uniform([BATCH, DIMS], { max: 5 })));
const inputsOf = (file: Uint8Array) =>
  JSON.parse(read(file).metadata['dgm.inputs']!) as Readonly<Record<string, Described>>;

describe('exportOnnx', () => {
  test('encode: mean and variance of the posterior, as eager computes them', async () => {
    const x = batch();
    const results = await run(exportOnnx(model, { method: 'encode', batch: BATCH }), { x });
    const [mean, variance] = tf.tidy(() => {
      const q = model.encode(x);
      return [q.mean(), q.variance()] as const;
    });
    expect(Object.keys(results).sort()).toEqual(['encode/mean', 'encode/variance']);
    expect(results['encode/mean']!.dims).toEqual([BATCH, 2]);
    expect(relativeError(results['encode/mean']!.data as Float32Array, mean.dataSync())).toBeLessThan(1e-5);
    expect(relativeError(results['encode/variance']!.data as Float32Array, variance.dataSync())).toBeLessThan(
      1e-5,
    );
    tf.dispose([x, mean, variance]);
  });

  test('elbo: the noise is an input that the metadata describe', async () => {
    const file = exportOnnx(model, { method: 'elbo', batch: BATCH });
    expect(inputsOf(file)).toEqual({
      x: { shape: [BATCH, DIMS], dtype: 'float32' },
      'noise/0': { shape: [BATCH, 2], dtype: 'float32', distribution: 'normal' },
    });
    const x = batch();
    const key = Key.of(3);
    const noise = key.normal([BATCH, 2]);
    const { elbo } = await run(file, { x, 'noise/0': noise });
    const expected = model.elbo(x, key);
    expect(relativeError(elbo!.data as Float32Array, expected.dataSync())).toBeLessThan(1e-5);
    tf.dispose([x, noise, expected]);
  });

  test('sample: no other input than noise, and draws of the right range', async () => {
    const file = exportOnnx(model, { method: 'sample', batch: BATCH });
    const inputs = inputsOf(file);
    const drawn = { normal: 'normal', 'uniform on [0, 1)': 'uniform' } as const;
    expect(Object.values(inputs).map(({ distribution }) => distribution)).toEqual(Object.keys(drawn));
    const noise = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, distribution }]) => [
        name,
        Key.of(4).fold(name)[drawn[distribution as keyof typeof drawn]](shape),
      ]),
    );
    const { sample } = await run(file, noise);
    expect(sample!.dims).toEqual([BATCH, DIMS]);
    (sample!.data as Float32Array).forEach((value) => expect([0, 1, 2, 3, 4]).toContain(value));
    tf.dispose(noise);
  });

  test('names the model, the method and the weights', () => {
    const { metadata, weights } = read(
      exportOnnx(model, { method: 'elbo', batch: 2, metadata: { author: 'me' } }),
    );
    expect(metadata).toMatchObject({ 'dgm.model': 'Vae', 'dgm.method': 'elbo', author: 'me' });
    expect(metadata['dgm.version']).toMatch(/^\d+\.\d+\.\d+/);
    expect(weights).toContain('encoder/network/0/kernel');
  });

  test('decode: latents in, the likelihood out', async () => {
    const z = Key.of(5).normal([BATCH, 2]);
    const file = exportOnnx(model, { method: 'decode', batch: BATCH });
    expect(inputsOf(file)).toEqual({ x: { shape: [BATCH, 2], dtype: 'float32' } });
    const results = await run(file, { x: z });
    const mean = tf.tidy(() => model.decode(z).mean());
    expect(relativeError(results['decode/mean']!.data as Float32Array, mean.dataSync())).toBeLessThan(1e-5);
    tf.dispose([z, mean]);
  });

  test.each([-1, 0, 2.5, 'N'])('refuses a batch of %s', (batch) => {
    expect(() => exportOnnx(model, { method: 'encode', batch: batch as number })).toThrow(
      expect.objectContaining({ code: 'argument', argument: 'batch' }),
    );
  });

  test('refuses what the model has not', () => {
    expect(() => exportOnnx(model, { method: 'logProb' })).toThrow(
      expect.toSatisfy((error) => DgmError.is(error, 'argument')),
    );
  });
});

describe('exportFunction', () => {
  test('a chain of Reshapes is one, none where it leads back, and none that nothing reads', async () => {
    const file = exportFunction(
      ({ tensors }) => ({ y: tf.matMul(tf.matMul(tensors['x']!, tensors['x']!), tensors['x']!) }),
      { x: { shape: [1, 3, 3] } },
    );
    expect(read(file).operators).toEqual(['Reshape', 'Gemm', 'Gemm', 'Reshape']);
    const x = tf.tensor3d([1, 2, 0, 0, 1, 0, 0, 0, 1], [1, 3, 3]);
    const { y } = await run(file, { x });
    expect([...(y!.data as Float32Array)]).toEqual([1, 6, 0, 0, 1, 0, 0, 0, 1]);
    x.dispose();
  });

  // The second row has names that are otherwise given to results and constants.
  test.each([
    ['a', 'b', 'product', 'minus'],
    ['v0', 'c0', 'v1', '_v0'],
  ])('writes any function, with the names that it gives: %s, %s, %s and %s', async (a, b, product, minus) => {
    const file = exportFunction(
      ({ tensors }) => ({
        [product]: tf.mul(2, tf.matMul(tensors[a]!, tensors[b]!)),
        [minus]: tf.neg(tensors[a]!),
      }),
      { [a]: { shape: [2, 3] }, [b]: { shape: [3, 1] } },
    );
    const [x, y] = [Key.of(0).normal([2, 3]), Key.of(1).normal([3, 1])];
    const results = await run(file, { [a]: x, [b]: y });
    const expected = tf.tidy(() => tf.mul(2, tf.matMul(x, y)));
    expect(relativeError(results[product]!.data as Float32Array, expected.dataSync())).toBeLessThan(1e-6);
    expect([...(results[minus]!.data as Float32Array)]).toEqual([...x.dataSync()].map((value) => -value));
    tf.dispose([x, y, expected]);
  });

  test('leaves a convolution what it is, however the engine would compute it', () => {
    const file = exportFunction(
      ({ tensors }) => ({
        y: tf.conv2d(tensors['x'] as tf.Tensor4D, tensors['filter'] as tf.Tensor4D, 1, 'same'),
      }),
      { x: { shape: [8, 8, 8, 32] }, filter: { shape: [5, 5, 32, 32] } },
    );
    expect(read(file).operators).toContain('Conv');
    expect(read(file).operators).not.toContain('Gemm');
  });

  test('refuses an output that has the name of an input', () => {
    expect(() =>
      exportFunction(({ tensors }) => ({ a: tf.neg(tensors['a']!) }), { a: { shape: [2] } }),
    ).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });

  test('refuses to write a function that assigns', () => {
    const variable = tf.variable(tf.scalar(1));
    expect(() =>
      exportFunction(() => {
        variable.assign(tf.scalar(2));
        return { x: tf.scalar(0) };
      }, {}),
    ).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'unsupported')));
    expect(variable.dataSync()[0]).toBe(1);
    variable.dispose();
  });
});
