import { DgmError, Key, Permutation, Sigmoid, Uniform, Independent, standardNormal } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as flows from '../src/index';

const key = Key.of(0);
const vector = { dims: 4, key };
const image = { shape: [4, 4, 1], key };

/** Every factory with the least that it needs. JavaScript callers may give anything, so the types are dropped. */
type Factory = (options: Record<string, unknown>) => flows.Flow | flows.DequantizedFlow;
const factories: Record<string, [make: Factory, options: Record<string, unknown>, count: string]> = {
  realNvp: [flows.realNvp as unknown as Factory, { ...vector, hidden: [4] }, 'couplings'],
  maf: [flows.maf as unknown as Factory, { ...vector, hidden: [4] }, 'layers'],
  iaf: [flows.iaf as unknown as Factory, { ...vector, hidden: [4] }, 'layers'],
  neuralSplineFlow: [flows.neuralSplineFlow as unknown as Factory, { ...vector, hidden: [4] }, 'layers'],
  cnf: [flows.cnf as unknown as Factory, { ...vector, hidden: [4] }, 'contextSize'],
  planarFlow: [flows.planarFlow as unknown as Factory, vector, 'layers'],
  sylvesterFlow: [flows.sylvesterFlow as unknown as Factory, vector, 'layers'],
  residualFlow: [flows.residualFlow as unknown as Factory, { ...vector, hidden: [4] }, 'blocks'],
  denseFlow: [flows.denseFlow as unknown as Factory, { ...vector, growth: 2 }, 'blocks'],
  idf: [flows.idf as unknown as Factory, { ...vector, hidden: [4] }, 'couplings'],
  autoregressiveIdf: [flows.autoregressiveIdf as unknown as Factory, { ...vector, levels: 3 }, 'couplings'],
  histogramFlow: [flows.histogramFlow as unknown as Factory, { ...vector, levels: 3 }, 'levels'],
  glow: [flows.glow as unknown as Factory, { ...image, hidden: 2 }, 'steps'],
  imageIdf: [flows.imageIdf as unknown as Factory, { ...image, levels: 3, hidden: 2 }, 'steps'],
};

const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));

describe.each(Object.entries(factories))('%s', (name, [make, options, count]) => {
  test('refuses options that it does not know, and values that mean nothing', () => {
    const refused = [{ contxt: 2 }, { key: undefined }, { contextSize: -1 }];
    const counts = [-1, NaN, 2.5].map((value) => ({ [count]: value }));
    const sizes = 'dims' in options ? [0, -1, 2.5].map((dims) => ({ dims })) : [{ shape: [4] }];
    for (const wrong of [...refused, ...counts, ...sizes]) {
      expectNoLeaks(() => expect(() => make({ ...options, ...wrong })).toThrow(isArgumentError));
    }
    expect(() => make({ ...options, contxt: 2 })).toThrow(new RegExp(`${name}: .*contextSize`, 's'));
  });

  // The base is the last thing that is looked at.
  test.skipIf(['autoregressiveIdf', 'histogramFlow'].includes(name))(
    'frees what it made when it fails',
    () => {
      expectNoLeaks(() => expect(() => make({ ...options, base: standardNormal([7]) })).toThrow('[7]'));
    },
  );
});

test.each([
  ['sylvesterFlow', () => flows.sylvesterFlow({ ...vector, form: 'foo' as never }), 'form'],
  ['neuralSplineFlow', () => flows.neuralSplineFlow({ ...vector, kind: 'ar' as never }), 'kind'],
  ['residualFlow', () => flows.residualFlow({ ...vector, activation: 'relu' as never }), 'activation'],
  ['flow without layers', () => flows.flow({} as never), 'layers'],
  ['splines', () => flows.rationalQuadraticSpline({ maximum: Infinity }), 'maximum'],
  ['splines', () => flows.rationalQuadraticSpline({ minimum: NaN }), 'minimum'],
])('%s: a name or number that is none is refused', (_, make, argument) => {
  expectNoLeaks(() =>
    expect(make).toThrow(expect.toSatisfy((e) => DgmError.is(e, 'argument') && e.argument === argument)),
  );
});

test('layers and bases that do not fit are refused when the flow is made, and nothing stays behind', () => {
  expectNoLeaks(() => {
    expect(() =>
      flows.flow({ layers: [new flows.Leaky(), Permutation.reverse(3)], eventShape: [2] }),
    ).toThrow('[2]');
    expect(() => flows.maf({ ...vector, base: standardNormal([3]) })).toThrow('event of shape [4]');
  });
});

test('masks that keep all or nothing, or are no masks, are refused', () => {
  const options = { eventShape: [2, 1, 1], network: (x: tf.Tensor) => x };
  for (const mask of [[true, true], [false, false], [true], [0.5, 1] as never]) {
    expect(() => new flows.MaskedCoupling({ ...options, mask, transformer: flows.additive() })).toThrow(
      isArgumentError,
    );
    expect(() => new flows.MaskedIntegerCoupling({ ...options, mask })).toThrow(isArgumentError);
  }
});

describe.each(['realNvp', 'neuralSplineFlow', 'maf'] as const)('%s of one dimension', (name) => {
  test('is an unconditional map, or one that the context moves', () => {
    const count = name === 'realNvp' ? { couplings: 2 } : { layers: 2 };
    const model = flows[name]({ dims: 1, key, hidden: [8], contextSize: 1, ...count });
    tf.tidy(() => {
      for (const variable of model.parameters().values()) {
        if (variable.trainable) variable.assign(tf.mul(0.1, key.fold(variable.size).normal(variable.shape)));
      }
      const x = tf.expandDims(tf.linspace(-20, 20, 1001), 1);
      const masses = [-1, 1].map((value) => {
        const context = tf.fill([1001, 1], value);
        return tf.mul(0.04, tf.sum(tf.exp(model.logProb({ x, context })))).dataSync()[0]!;
      });
      expect(masses).toBeCloseToArray([1, 1], { absolute: 5e-3 });
      const [low, high] = [-1, 1].map(
        (value) => model.encode(tf.ones([1, 1]), tf.fill([1, 1], value)).dataSync()[0]!,
      );
      expect(Math.abs(low! - high!)).toBeGreaterThan(1e-3);
    });
    model.dispose();
  });
});

test('a bad batch does not spoil activation normalization', () => {
  const model = flows.maf({ ...vector, layers: 2, hidden: [4], actNorm: true });
  const good = tf.add(5, tf.mul(2, key.normal([50, 4])));
  const bad = [tf.zeros([50, 3]), tf.fill([50, 4], NaN), tf.ones([1, 4]), tf.zeros([0, 4])];
  for (const batch of bad) expectNoLeaks(() => expect(() => model.initialize(batch)).toThrow());
  model.initialize(good);
  expect(tf.mean(model.logProb(good)).dataSync()[0]).toBeGreaterThan(-12);
  model.dispose();
});

test('learned noise that leaves [0, 1) is refused; with a sigmoid it is not', () => {
  const noise = (layers: Pick<flows.RealNvpOptions, 'preprocessing'>) =>
    flows.realNvp({ dims: 2, key, couplings: 2, hidden: [4], contextSize: 2, ...layers });
  const free = noise({});
  expectNoLeaks(() => expect(() => flows.variationalDequantizer(free, { levels: 4 })).toThrow('Sigmoid'));
  free.dispose();
  flows.variationalDequantizer(noise({ preprocessing: new Sigmoid() }), { levels: 4 }).dispose();
});

test('values that are no level have a bound of -Infinity', () => {
  const model = flows.dequantized({
    levels: 4,
    flow: flows.flow({
      layers: [],
      eventShape: [2],
      base: new Independent(new Uniform(0, 4, { shape: [2] }), 1),
    }),
  });
  const x = tf.tensor2d([[0, 3], [4, 0], [0.5, 1], [-1, 2]]); // prettier-ignore
  const bounds = [...model.elbo(x, key).dataSync()];
  expect(bounds[0]).toBeCloseTo(-2 * Math.log(4), 5);
  expect(bounds.slice(1)).toEqual([-Infinity, -Infinity, -Infinity]);
  model.dispose();
});

test('modular addition leaves integers outside the levels as they are', () => {
  const { apply, undo } = flows.modularAddition(5);
  const [x, t] = [tf.tensor1d([0, 4, 7, -2]), tf.tensor1d([3, 3, 3, 3])];
  expect([...apply(x, t).dataSync()]).toEqual([3, 2, 7, -2]);
  expect([...undo(apply(x, t), t).dataSync()]).toEqual([...x.dataSync()]);
});
