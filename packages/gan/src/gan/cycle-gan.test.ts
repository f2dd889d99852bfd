import { compiled } from '@dgm/compile';
import { adam, DgmError, fit, Key, mlp, prepareLoss, Residual } from '@dgm/core';
import type { ConditionedBatch, Examples } from '@dgm/core';
import { glyphs } from '@dgm/data';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { r1, r2 } from '../losses/gradient-penalty';
import { CycleGan, cycleGan, unpairedContext } from './cycle-gan';
import type { CycleGanOptions } from './cycle-gan';

const key = Key.of(0);

const network = (name: string, sizes: readonly number[]) =>
  mlp(sizes, { key: key.fold(name), activation: 'leakyRelu' });

const make = (options: Partial<CycleGanOptions> = {}): CycleGan =>
  cycleGan({
    contextSize: 2,
    // What is not changed is right at the start.
    generator: new Residual({ body: network('generator', [2, 16, 2]) }),
    inverse: new Residual({ body: network('inverse', [2, 16, 2]) }),
    critic: network('critic', [2, 32, 1]),
    sourceCritic: network('source critic', [2, 32, 1]),
    penalties: [r1({ gamma: 0.1 }), r2({ gamma: 0.1 })],
    weight: 1,
    ...options,
  });

/** Three clusters, with a half, a third and a sixth of the points: no other order of them looks alike. */
const CENTRES = [[-1, -1], [1.5, 0], [0, 1.5]] as const; // prettier-ignore
const clusterOf = (row: number): number => [0, 0, 0, 1, 1, 2][row % 6]!;
const COUNT = 120;

const clusters = (key: Key): Tensor => {
  const centres = Array.from({ length: COUNT }, (_, row) => [...CENTRES[clusterOf(row)]!]);
  return tf.add(tf.mul(0.1, key.normal([COUNT, 2])), centres);
};

/** What sources become: moved and scaled. */
const become = (source: Tensor): Tensor => tf.add(tf.mul(source, [1.5, 0.75]), [1, -1]);

const examplesOf = (points: Tensor): Examples => ({
  count: COUNT,
  shape: [2],
  values: tf.tidy(() => points.dataSync()) as Float32Array,
});
const sources = examplesOf(tf.tidy(() => clusters(key.fold('sources'))));
const targets = examplesOf(tf.tidy(() => become(clusters(key.fold('targets')))));

describe('cycleGan', () => {
  test('pairs points of two sets rightly, and finds the way back', async () => {
    const model = make();
    const held = tf.tidy(() => clusters(key.fold('held')));
    const errors = () =>
      tf.tidy(() => {
        const x = model.sample(key, COUNT, { context: held });
        const distance = (a: Tensor, b: Tensor) => tf.mean(tf.abs(tf.sub(a, b))).dataSync()[0]!;
        return { cycle: distance(model.sourceOf(x), held), pairs: distance(x, become(held)) };
      });
    const before = errors();
    await fit(
      model,
      { train: targets },
      {
        ...{ key, batchSize: 60, epochs: 150, engine: compiled(), batch: unpairedContext(sources) },
        optimizer: adam({ learningRate: 5e-3, beta1: 0.5 }),
      },
    );
    const after = errors();
    expect(after.cycle).toBeLessThan(before.cycle / 5);
    expect(after.pairs).toBeLessThan(before.pairs / 5);
    held.dispose();
    model.dispose();
  });

  test('loses less of an image on the way to images turned by a quarter, and back', async () => {
    const count = 256;
    const { values } = glyphs({ seed: 0 }).train;
    const image = { count, shape: [64] };
    const upright = {
      ...image,
      values: Float32Array.from({ length: count * 64 }, (_, at) => values[at]! / 8 - 1),
    };
    const turned = {
      ...image,
      values: upright.values.map((_, at, all) => {
        const [row, column] = [Math.floor((at % 64) / 8), at % 8];
        return all[at - (at % 64) + (7 - column) * 8 + row]!;
      }),
    };
    const model = make({
      contextSize: 64,
      generator: mlp([64, 64], { key: key.fold('generator') }),
      inverse: mlp([64, 64], { key: key.fold('inverse') }),
      critic: network('critic', [64, 32, 1]),
      sourceCritic: network('source critic', [64, 32, 1]),
      weight: 10,
    });
    const lost = () =>
      tf.tidy(() => {
        const source = tf.tensor2d(upright.values, [count, 64]);
        const back = model.sourceOf(model.sample(key, count, { context: source }));
        return tf.mean(tf.abs(tf.sub(back, source))).dataSync()[0]!;
      });
    const before = lost();
    const optimizer = adam({ learningRate: 3e-3, beta1: 0.5 });
    const batch = unpairedContext(upright);
    await fit(
      model,
      { train: turned },
      { key, batch, optimizer, batchSize: 64, epochs: 30, engine: compiled() },
    );
    expect(lost()).toBeLessThan(before / 3);
    model.dispose();
  });

  test('has one loss and one penalty of both critics, and of both generators a loss and a cycle error', () => {
    const model = make();
    expect(model).toBeInstanceOf(CycleGan);
    const rows = Int32Array.from([0, 1, 2]);
    const batch = unpairedContext(sources)(targets, rows, { key, training: true });
    for (const [objective, names] of [
      [model.objectives()[0]!, ['loss', 'penalty', 'total']],
      [model.objectives()[1]!, ['cycle', 'loss', 'total']],
    ] as const) {
      expectNoLeaks(() => {
        const options = prepareLoss(objective, batch, key, { training: true });
        const terms = objective.loss(batch, key, options);
        expect(Object.keys(terms).sort()).toEqual(names);
        tf.dispose([terms, { ...options.prepared }]);
      });
    }
    tf.dispose({ ...batch } as ConditionedBatch & tf.TensorContainerObject);
    model.dispose();
  });

  test('clips the weights of both critics', async () => {
    const model = make({ loss: 'wasserstein', penalties: [], weightClip: 0.01 });
    const batch = unpairedContext(sources);
    await fit(model, { train: targets }, { key, optimizer: adam(), batchSize: 60, epochs: 1, batch });
    for (const critic of [model.critic, model.sourceCritic])
      for (const weight of critic.parameters().values())
        expect(Math.max(...weight.dataSync().map(Math.abs))).toBeLessThan(0.0101);
    model.dispose();
  });

  test.each<[string, Partial<CycleGanOptions>, string]>([
    ['a misspelt option', { wieght: 1 } as object, 'weight'],
    ['no inverse', { inverse: undefined as never }, 'inverse'],
    ['an inverse to something else', { inverse: network('inverse', [2, 3]) }, '[n, 2]'],
    ['a source critic of two scores', { sourceCritic: network('critic', [2, 2]) }, 'source critic'],
    ['a negative weight', { weight: -1 }, 'weight'],
  ])('refuses %s', (_, options, message) => {
    expect(() => make(options)).toThrow(DgmError);
    expect(() => make(options)).toThrow(message);
  });

  test('refuses missing sources, and examples of another shape', () => {
    const model = make();
    expect(() => unpairedContext({ ...sources, count: 0 })).toThrow('sources');
    tf.tidy(() => {
      expect(() => model.sample(key, 2)).toThrow('context');
      expect(() => model.sample(key, 2, { context: tf.zeros([2, 3]) })).toThrow('context');
      expect(() => model.sourceOf(tf.zeros([2, 3]))).toThrow('CycleGan.sourceOf');
    });
    model.dispose();
  });
});
