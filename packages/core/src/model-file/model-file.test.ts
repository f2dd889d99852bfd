import {
  bernoulliHead,
  conditional,
  Dense,
  DgmError,
  freeze,
  gaussianKernel,
  inspectModel,
  Key,
  loadModel,
  mlp,
  modelBytes,
  normalHead,
  readSafetensors,
  recorderOf,
  Residual,
  Sequential,
  spectralNorm,
  summary,
  tanh,
  trainable,
  unfreeze,
  writeSafetensors,
  BaseModule,
  asLayer,
} from '@dgm/core';
import type { ConditionalDistribution, Distribution, DgmErrorCode, Layer, ModelPackage } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const key = Key.of(3);

async function failure(action: () => Promise<unknown>, code: DgmErrorCode): Promise<DgmError> {
  const before = tf.memory().numTensors;
  try {
    await action();
  } catch (error) {
    expect(tf.memory().numTensors, 'tensors after the error').toBe(before);
    if (DgmError.is(error, code)) return error;
    throw error;
  }
  return expect.fail('expected an error');
}

/** A model of another package: a fixed distribution whose parameters are tensors of its options. */
class Around extends BaseModule implements ConditionalDistribution {
  readonly #network: Layer;
  readonly options: {
    readonly network: Layer;
    readonly offset: Tensor;
    readonly limits: readonly number[];
    readonly beside?: Layer;
  };

  constructor(options: Around['options']) {
    super();
    this.options = options;
    this.#network = this.child('network', options.network);
  }

  given(context: Tensor): Distribution {
    const head = normalHead({ shape: [2] });
    return head.distribution(tf.add(this.#network.apply(context), this.options.offset));
  }
}

function around(options: Around['options']): Around {
  const origin = { package: 'around', version: '2.0.0' };
  return recorderOf(origin)(new Around(options), 'around', [options]);
}

const acme: ModelPackage = { modelParts: { package: 'around', version: '2.0.0', parts: { around } } };

describe('modelBytes and loadModel', () => {
  it('give back the same module to the bit, and its summary', async () => {
    const network = mlp([3, 8, 4], { key, activation: 'tanh', weight: spectralNorm({ coefficient: 0.9 }) });
    const model = conditional(network, normalHead({ shape: [2] }));
    const before = tf.memory().numTensors;
    const { model: again, frozen } = await loadModel<typeof model>(await modelBytes(model));
    const x = key.normal([5, 3]);
    const means = [model, again].map((each) => tf.tidy(() => each.given(x).mean().dataSync()));
    expect(means[1]).toEqual(means[0]);
    expect(summary(again)).toBe(summary(model));
    expect(frozen).toEqual([]);
    again.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('keep a network that is used twice one network', async () => {
    const shared = new Dense({ inputs: 2, outputs: 2, key });
    const model = new Sequential([shared, new Residual({ body: shared })]);
    const { model: again } = await loadModel<Sequential>(await modelBytes(model));
    expect(new Set(again.parameters().values()).size).toBe(2);
    model.dispose();
    again.dispose();
  });

  it('keep tensors, numbers that JSON lacks, and exported functions; the loaded model owns the tensors', async () => {
    const offset = tf.tensor1d([1, -1, NaN, 0.1]);
    const limits = [-0, Infinity, NaN, 1e300];
    const model = around({ network: mlp([3, 4], { key, outputActivation: tanh }), offset, limits });
    const bytes = await modelBytes(model);
    const before = tf.memory().numTensors;
    const { model: again } = await loadModel<Around>(bytes, { packages: [acme] });
    expect(again.options.limits).toEqual(limits);
    expect(again.options.offset.dataSync()).toEqual(offset.dataSync());
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    offset.dispose();
  });

  it('keep the card, and say what made the model', async () => {
    const model = mlp([2, 3], { key });
    const card = {
      licence: 'CC0-1.0',
      data: { columns: [{ name: 'x', kind: 'number', step: 0.1 }], missing: null },
      training: { rows: 100, seed: 0, date: '2026-11-29', heldOut: { nats: 1.5, standardError: 0.1 } },
    };
    const bytes = await modelBytes(model, { card });
    const described = inspectModel(bytes);
    expect(described.card).toEqual(card);
    expect(described.architecture.parts).toEqual([
      { package: '@dgm/core', name: 'mlp', args: [[2, 3], { key: { $key: key.toJSON() } }] },
    ]);
    expect([...described.parameters]).toEqual([
      ['0/kernel', [2, 3]],
      ['0/bias', [3]],
    ]);
    expect(await modelBytes(model, { card })).toEqual(bytes);
    // The hash is the model's: another card is the same model, another weight is not.
    expect(inspectModel(await modelBytes(model)).hash).toBe(described.hash);
    model
      .parameters()
      .get('0/bias')!
      .assign(tf.ones([3]));
    expect(inspectModel(await modelBytes(model)).hash).not.toBe(described.hash);
    model.dispose();
  });

  it('keep what was frozen', async () => {
    const model = mlp([2, 3, 1], { key });
    expect(freeze(model, '0')).toEqual(['0/kernel', '0/bias']);
    const { model: again, frozen } = await loadModel<Layer>(await modelBytes(model));
    expect(frozen).toEqual(['0/kernel', '0/bias']);
    expect([...trainable(again).keys()]).toEqual(['2/kernel', '2/bias']);
    model.dispose();
    again.dispose();
  });

  it('refuse functions and unknown objects, naming the option and what to do', async () => {
    const plain = mlp([2, 2], { key, outputActivation: (x) => tf.square(x) });
    const refused = await failure(() => modelBytes(plain), 'serialization');
    expect(refused.argument).toBe('mlp.outputActivation');
    const nested = new Sequential([new Residual({ body: asLayer((x) => tf.square(x)) })]);
    expect((await failure(() => modelBytes(nested), 'serialization')).message).toMatch(
      /body.*recordConstruction/,
    );
    plain.dispose();
    nested.dispose();
  });

  it('refuse integers that reading takes for a size that no memory has', async () => {
    const offset = tf.zeros([4]);
    const model = around({ network: mlp([3, 4], { key }), offset, limits: [2 ** 24 + 1] });
    expect((await failure(() => modelBytes(model), 'serialization')).argument).toBe('around.limits[0]');
    model.dispose();
    offset.dispose();
  });

  it('refuse weights that are NaN, a disposed tensor, a disposed model and a wrong card', async () => {
    const offset = tf.zeros([4]);
    const model = around({ network: mlp([3, 4], { key }), offset, limits: [] });
    const card = { license: 'MIT' } as object;
    expect((await failure(() => modelBytes(model, { card }), 'argument')).message).toMatch(
      /did you mean "licence"/,
    );
    offset.dispose();
    expect((await failure(() => modelBytes(model), 'serialization')).argument).toBe('around.offset');
    model
      .parameters()
      .get('network/0/bias')!
      .assign(tf.fill([4], NaN));
    const other = model.options.network;
    expect((await failure(() => modelBytes(other), 'numerical')).argument).toBe('0/bias');
    model.dispose();
    await failure(() => modelBytes(model), 'state');
  });

  it('refuse a part that the model borrows, whose weights the file would not hold', async () => {
    const [owned, borrowed] = [mlp([3, 4], { key }), mlp([3, 4], { key })];
    const model = around({ network: owned, offset: tf.zeros([4]), limits: [], beside: borrowed });
    expect((await failure(() => modelBytes(model), 'serialization')).message).toMatch(
      /mlp, with the parameter 0\/kernel to belong to the model.*save the model that owns both/,
    );
    [model, borrowed, model.options.offset].forEach((each) => each.dispose());
  });

  it('name the package that is missing, and import one that is offered', async () => {
    const offset = tf.zeros([4]);
    const model = around({ network: mlp([3, 4], { key }), offset, limits: [] });
    const bytes = await modelBytes(model);
    expect((await failure(() => loadModel(bytes), 'serialization')).message).toMatch(/npm install around/);
    const asked: string[] = [];
    const importPackage = (name: string) => {
      asked.push(name);
      return Promise.resolve(acme);
    };
    const { model: again } = await loadModel(bytes, { importPackage });
    expect(asked).toEqual(['around']);
    [model, again].forEach((each) => each.dispose());
    offset.dispose();
  });
});

describe('a malformed model file', () => {
  /** A file with a right checksum and hash, whatever it says. */
  async function forged(
    change: (metadata: Record<string, string>) => Record<string, string>,
  ): Promise<Uint8Array> {
    const model = mlp([2, 2], { key });
    const { tensors, metadata } = readSafetensors(await modelBytes(model));
    model.dispose();
    const first = writeSafetensors({ tensors, metadata: { ...metadata, ...change({ ...metadata }) } });
    const expected = /to be ([0-9a-f]{64})/.exec(
      (await failure(() => loadModel(first), 'serialization')).message,
    );
    if (expected === null || 'hash' in change({})) return first;
    const changed = { ...metadata, ...change({ ...metadata }), hash: expected[1]! };
    return writeSafetensors({ tensors, metadata: changed });
  }
  const withParts = (...parts: unknown[]) => ({ architecture: JSON.stringify({ parts, packages: {} }) });
  const core = (name: string, ...args: unknown[]) => ({ package: '@dgm/core', name, args });

  it.each<[string, Record<string, string>]>([
    ['of a newer format', { version: '2' }],
    ['that is weights', { format: 'dgm.weights' }],
    ['without parts', withParts()],
    ['that names an export that makes no model', withParts(core('setup', {}))],
    ['that names what every object has', withParts(core('constructor'))],
    ['that names a function as it is', withParts(core('tanh', 0))],
    [
      'with options that are out of range',
      withParts(core('mlp', [2, -2], { key: { $key: '0'.repeat(16) } })),
    ],
    ['with another shape', withParts(core('mlp', [2, 3], { key: { $key: '0'.repeat(16) } }))],
    ['with a size that no memory has', withParts(core('mlp', [1e9, 4], { key: { $key: '0'.repeat(16) } }))],
    [
      'with sizes whose product no memory has',
      withParts(core('mlp', [6e4, 6e4], { key: { $key: '0'.repeat(16) } })),
    ],
    ['with zeros beyond what it holds', withParts(core('GroupNorm', { channels: 2 ** 24, groups: 1 }))],
    ['with a part that comes later', withParts(core('Sequential', [{ $part: 0 }]))],
    ['with an unknown tag', withParts(core('Sequential', [{ $eval: '1' }]))],
    ['with a key that is none', withParts(core('mlp', [2, 2], { key: { $key: 'x' } }))],
    ['with a tensor that is not there', withParts(core('Sequential', [{ $tensor: 'options/7' }]))],
    [
      'with a part that belongs to nothing',
      withParts(
        core('Dense', { inputs: 1, outputs: 1, key: { $key: '0'.repeat(16) } }),
        core('mlp', [2, 2], { key: { $key: '0'.repeat(16) } }),
      ),
    ],
    ['that makes no module', withParts(core('gaussianKernel', [1]))],
    [
      'with arguments nested without end',
      withParts(core('mlp', JSON.parse('['.repeat(4e3) + ']'.repeat(4e3)))),
    ],
    ['that freezes what it does not have', { frozen: '["nothing"]' }],
    ['whose frozen paths are no list', { frozen: '{}' }],
    ['with a card that is no JSON', { card: '{' }],
    ['with a wrong hash', { hash: '0'.repeat(64) }],
  ])('%s is refused by a typed error', async (_, change) => {
    const bytes = await forged(() => change);
    expect((await failure(() => loadModel(bytes), 'serialization')).message).toMatch(/^loadModel: /);
  });

  it('is noticed at every flipped bit and every truncation', async () => {
    const model = mlp([2, 2], { key });
    const bytes = await modelBytes(model);
    model.dispose();
    for (let at = 0; at < bytes.length; at += 5) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      await failure(() => loadModel(flipped), 'serialization');
      await failure(() => loadModel(bytes.slice(0, at)), 'serialization');
    }
  });
});

describe('freeze', () => {
  it('takes a path, its start, or * for a segment, and leaves state alone', () => {
    const model = mlp([2, 3, 1], { key, weight: spectralNorm() });
    expect(freeze(model, '*/bias')).toEqual(['0/bias', '2/bias']);
    expect(freeze(model, '0')).toEqual(['0/kernel/raw']);
    expect(freeze(model, '0')).toEqual([]);
    expect(summary(model)).toMatch(/fixed/);
    expect(unfreeze(model, '*')).toEqual(['0/kernel/raw', '0/bias', '2/bias']);
    expect([...trainable(model).keys()]).toEqual(['0/kernel/raw', '0/bias', '2/kernel/raw', '2/bias']);
    expect(() => freeze(model, 'encoder')).toThrow(/expected path to be the path of a parameter/);
    model.dispose();
    expect(() => freeze(model, '0')).toThrow(/disposed/);
  });
});

it('records survive being options of other things', async () => {
  expect(() => gaussianKernel([1])).not.toThrow();
  const model = conditional(mlp([2, 3], { key }), bernoulliHead({ shape: [3] }));
  const { architecture } = inspectModel(await modelBytes(model));
  expect(architecture.parts.map(({ name }) => name)).toEqual(['mlp', 'bernoulliHead', 'conditional']);
  model.dispose();
});
