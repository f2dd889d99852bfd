import { evaluate, fit, Key, sgd, type Examples } from '@dgm/core';
import { expectNoLeaks, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bitStates } from '../partition/enumerate';
import { conditionalRbm, temporalContext, type ConditionalRbm } from './conditional-rbm';
import { bernoulliUnits, gaussianUnits } from './units';

const key = Key.of(0);
const visible = bernoulliUnits({ shape: [3] });
const CLOSE = { relative: 1e-5, absolute: 1e-5 };

function withWeights(model: ConditionalRbm): ConditionalRbm {
  tf.tidy(() => {
    [...model.parameters().values()].forEach((variable, index) =>
      variable.assign(Key.of(index + 1).normal(variable.shape)),
    );
  });
  return model;
}

/** Sums over all states of x and h, for one context, by the definition of the energy. */
function massesOf(model: ConditionalRbm, context: readonly number[]): number[] {
  const of = (name: string): number[] => [...model.parameters().get(name)!.dataSync()];
  const [weights, b, c] = [of('weights'), of('visibleBias'), of('hiddenBias')];
  const [toVisible, toHidden] = [of('toVisible'), of('toHidden')];
  const bit = (state: number, place: number): number => (state >> place) & 1;
  return Array.from({ length: 8 }, (_, x) => {
    let mass = 0;
    for (let h = 0; h < 4; h++) {
      let energy = 0;
      for (let i = 0; i < 3; i++) {
        const bias = context.reduce((sum, u, k) => sum + u * toVisible[3 * k + i]!, b[i]!);
        energy -= bias * bit(x, i);
        for (const j of [0, 1]) energy -= weights[2 * i + j]! * bit(x, i) * bit(h, j);
      }
      for (const j of [0, 1]) {
        energy -= context.reduce((sum, u, k) => sum + u * toHidden[2 * k + j]!, c[j]!) * bit(h, j);
      }
      mass += Math.exp(-energy);
    }
    return mass;
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

it('has the likelihood of enumeration for each context, by either sum', () => {
  const contexts = [
    [0.5, -1],
    [2, 0.3],
  ];
  const small = withWeights(conditionalRbm({ visible, hidden: 2, contextSize: 2, key }));
  expectNoLeaks(() =>
    tf.tidy(() => {
      const x = tf.tile(bitStates(3)[0]!(), [2, 1]);
      const context = tf.tensor2d(contexts.flatMap((u) => new Array<number[]>(8).fill(u)));
      const masses = contexts.map((u) => massesOf(small, u));
      const expected = masses.flatMap((of) => of.map((mass) => Math.log(mass / sum(of))));
      expect(take(small.logProb({ x, context }))).toBeCloseToArray(expected, CLOSE);
      const energies = masses.flatMap((of) => of.map((mass) => -Math.log(mass)));
      expect(take(small.energy({ x, context }))).toBeCloseToArray(energies, CLOSE);
      const partitions = take(small.logPartition(tf.tensor2d(contexts)));
      expect(partitions).toBeCloseToArray(
        masses.map((of) => Math.log(sum(of))),
        CLOSE,
      );
    }),
  );
  // With more hidden than visible units the sum goes over x.
  const wide = withWeights(conditionalRbm({ visible, hidden: 5, contextSize: 2, key }));
  tf.tidy(() => {
    const context = tf.tile(tf.tensor2d([contexts[0]!]), [8, 1]);
    const p = take(tf.exp(wide.logProb({ x: bitStates(3)[0]!(), context })));
    expect(sum([...p])).toBeCloseTo(1, 4);
  });
  [small, wide].forEach((each) => each.dispose());
});

it('draws with the exact means of its context', () => {
  const model = withWeights(conditionalRbm({ visible, hidden: 2, contextSize: 2, key, sampleSteps: 15 }));
  const n = 1000;
  const u = [0.5, -1];
  const means = tf.tidy(() => {
    const context = tf.tile(tf.tensor2d([u]), [n, 1]);
    return take(tf.mean(model.sample(Key.of(9), n, { context }), 0));
  });
  const masses = massesOf(model, u);
  means.forEach((mean, unit) => {
    const p = sum(masses.filter((_, state) => (state >> unit) & 1)) / sum(masses);
    expect(Math.abs(mean - p)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((p * (1 - p)) / n));
  });
  model.dispose();
});

describe('as a temporal RBM', () => {
  const frames = 2;
  /** A series in which a bit walks around a ring of three, forward while the third bit of the window before says so. */
  const windows: Examples = (() => {
    const count = 96;
    const values = new Uint8Array(count * 9);
    for (let row = 0; row < count; row++) {
      const direction = row % 2 === 0 ? 1 : 2;
      for (let frame = 0; frame < 3; frame++)
        values[row * 9 + frame * 3 + ((row + frame * direction) % 3)] = 1;
    }
    return { count, shape: [3, 3], values };
  })();
  const batch = temporalContext({ frames });

  it('takes the last frame given those before it', async () => {
    const made = await batch(windows, Int32Array.of(1, 4), { key, training: true });
    expect([...made.x.dataSync()]).toEqual(
      [0, 0, 1, 0, 0, 1].map((_, i) => windows.values[[9 + 6, 9 + 7, 9 + 8, 42, 43, 44][i]!]),
    );
    expect([...made.context.dataSync()]).toEqual([
      ...windows.values.subarray(9, 15),
      ...windows.values.subarray(36, 42),
    ]);
    tf.dispose([made.x, made.context]);
  });

  it('learns a series: its predictions are those of enumeration, and right', async () => {
    const model = conditionalRbm({ visible, hidden: 4, contextSize: 3 * frames, key, sampleSteps: 10 });
    const options = { key, batch };
    const before = await evaluate(model, windows, options);
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.5 });
    await fit(model, { train: windows }, { ...options, optimizer, batchSize: 32, epochs: 20 });
    const { kind, nats } = await evaluate(model, windows, options);
    expect(kind).toBe('exact');
    expect(before.nats).toBeGreaterThan(1.5);
    expect(nats).toBeLessThan(0.5);
    const start = tf.tensor3d([
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ]);
    tf.tidy(() => {
      const context = tf.tile(tf.reshape(start, [1, 6]), [8, 1]);
      const p = take(tf.exp(model.logProb({ x: bitStates(3)[0]!(), context })));
      expect(p.indexOf(Math.max(...p))).toBe(4); // the third bit alone
      const next = take(model.continue(tf.tile(start, [400, 1, 1]), { key, steps: 1 }));
      const share = sum(Array.from({ length: 400 }, (_, n) => next[3 * n + 2]!)) / 400;
      const expected = sum([...p].filter((_, state) => state & 4));
      const error = Math.sqrt((expected * (1 - expected)) / 400);
      expect(Math.abs(share - expected)).toBeLessThan(STANDARD_ERRORS * error + 1e-6);
      expect(model.continue(start, { key, steps: 3 }).shape).toEqual([1, 3, 3]);
    });
    start.dispose();
    model.dispose();
  });

  it('refuses windows of another length, and frames that do not fill the context', () => {
    const other = { count: 1, shape: [2, 3], values: new Uint8Array(6) };
    expect(() => batch(other, Int32Array.of(0), { key, training: true })).toThrow(/windows of 3 frames/);
    expect(() => temporalContext({ frames: 0 })).toThrow(/frames/);
    expect(() => temporalContext({ frame: 2 } as never)).toThrow(/did you mean "frames"/);
    const model = conditionalRbm({ visible, hidden: 2, contextSize: 6, key });
    tf.tidy(() => {
      expect(() => model.continue(tf.zeros([1, 3, 3]), { key, steps: 1 })).toThrow(/start/);
      expect(() => model.continue(tf.zeros([1, 2, 3]), { key, steps: 0 })).toThrow(/steps/);
    });
    model.dispose();
  });
});

it('has no likelihood where no sum is feasible, and says so', async () => {
  const model = conditionalRbm({ visible: gaussianUnits({ shape: [2] }), hidden: 21, contextSize: 1, key });
  expect(model.likelihoodKind).toBe('none');
  tf.tidy(() => {
    expect(() => model.logPartition(tf.zeros([1, 1]))).toThrow(/at most 20 bits/);
  });
  const examples: Examples = { count: 1, shape: [2], values: new Float32Array(2) };
  const batch = () => ({ x: tf.zeros([1, 2]) as Tensor, context: tf.zeros([1, 1]) as Tensor });
  await expect(evaluate(model, examples, { key, batch })).rejects.toThrow(/likelihood "none"/);
  model.dispose();
});

describe('refuses', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { contextsize: 3 }, /did you mean "contextSize"/],
    ['no width of the context', { contextSize: undefined }, /contextSize/],
    ['units with gates', { hidden: {} }, /hidden/],
    ['persistent chains', { chains: 5 }, /options/],
    ['no key', { key: undefined }, /key/],
    ['a target of 1', { sparsity: { target: 1, weight: 1 } }, /target/],
  ])('%s, and keeps nothing', (_, options, message) => {
    expectNoLeaks(() =>
      expect(() => conditionalRbm({ visible, hidden: 2, contextSize: 2, key, ...options } as never)).toThrow(
        message,
      ),
    );
  });

  it('examples without a context, and contexts of another width', () => {
    const model = conditionalRbm({ visible, hidden: 2, contextSize: 2, key });
    expectNoLeaks(() =>
      tf.tidy(() => {
        const x = tf.zeros([2, 3]);
        expect(() => model.energy(x as never)).toThrow(/context/);
        expect(() => model.energy(undefined as never)).toThrow(/batch/);
        expect(() => model.energy({ x, context: tf.zeros([2, 3]) })).toThrow(/context/);
        expect(() => model.energy({ x, context: tf.zeros([1, 2]) })).toThrow(/context/);
        expect(() => model.sample(key, 2)).toThrow(/context/);
        expect(() => model.sample(key, 2, { context: tf.zeros([3, 2]) })).toThrow(/context/);
        expect(() => model.sample(key, 2, null as never)).toThrow(/options/);
        expect(() => model.sample(key, 2, { contxt: x } as never)).toThrow(/did you mean "context"/);
        expect(() => model.continue(tf.zeros([1, 1, 3]), { key, steps: 1 })).toThrow(/whole frames/);
      }),
    );
    model.dispose();
  });
});
