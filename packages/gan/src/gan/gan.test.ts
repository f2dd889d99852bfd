import {
  adam,
  asLayer,
  Dense,
  DgmError,
  fit,
  Key,
  memoryStore,
  mlp,
  prepareLoss,
  Reshape,
  saveWeights,
  Sequential,
} from '@dgm/core';
import type { Examples, FitOptions } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { conditionedPoints } from '../../test/gan.cases';
import { wganPenalty } from '../losses/gradient-penalty';
import { instanceNoise } from './augmentation';
import { conditionalGan, gan, Gan } from './gan';
import type { ConditionalGanOptions, GanOptions } from './gan';

const key = Key.of(0);
const networks = (): GanOptions => ({
  latent: 2,
  generator: mlp([2, 8, 3], { key: key.fold('generator') }),
  critic: mlp([3, 8, 1], { key: key.fold('critic'), activation: 'softplus' }),
});
const conditional = (options: Partial<ConditionalGanOptions> = {}) =>
  conditionalGan({
    latent: 2,
    contextSize: 1,
    generator: mlp([3, 12, 3], { key: key.fold('generator') }),
    critic: mlp([4, 12, 1], { key: key.fold('critic'), activation: 'softplus' }),
    ...options,
  });
const train: Examples = {
  count: 40,
  shape: [3],
  values: tf.tidy(() => key.fold('data').normal([40, 3]).dataSync()) as Float32Array,
};

describe('gan', () => {
  test('finds out the shape of an example from its networks', () => {
    const generator = new Sequential([
      new Dense({ inputs: 2, outputs: 12, key }),
      new Reshape({ shape: [2, 2, 3] }),
    ]);
    const critic = new Sequential([new Reshape({ shape: [12] }), new Dense({ inputs: 12, outputs: 1, key })]);
    const model = gan({ generator, critic, latent: 2, penalties: [] });
    expect(model.eventShape).toEqual([2, 2, 3]);
    expect(model).toBeInstanceOf(Gan);
    model.dispose();
  });

  test('shows both networks integers as numbers from -1 to 1, and rounds what it draws', () => {
    let seen: number[] = [];
    const critic = asLayer((x) => {
      seen = [...x.dataSync()];
      return tf.sum(x, 1, true);
    });
    // z itself, far out of the range at times.
    const model = gan({
      generator: asLayer((z) => tf.mul(z, 3)),
      critic,
      latent: 1,
      levels: 5,
      penalties: [],
    });
    tf.tidy(() => {
      const [objective] = model.objectives();
      const x = tf.tensor2d([[0], [1], [4]]);
      const { prepared } = prepareLoss(objective!, x, key, { training: false });
      critic.apply(x);
      model.objectives()[1]!.loss(x, key, { training: false });
      objective!.loss(x, key, { training: false, prepared: { fakes: tf.zerosLike(x) } });
      expect(prepared!['fakes']!.shape).toEqual([3, 1]);
      const drawn = [...new Set(model.sample(key, 200).dataSync())].sort();
      expect(drawn).toEqual([0, 1, 2, 3, 4]);
    });
    expect(seen).toHaveLength(3);
    model.dispose();
  });

  test('adds a lazy penalty as many times as large', () => {
    const model = gan({ ...networks(), penaltyEvery: 4, penalties: [wganPenalty()] });
    const always = gan({ ...networks(), penalties: [wganPenalty()] });
    tf.tidy(() => {
      const x = key.normal([6, 3]);
      const terms = ({ objectives }: { objectives: () => ReturnType<Gan['objectives']> }, lazy: boolean) => {
        const [critic] = objectives();
        const prepared = prepareLoss(critic!, x, key, { training: true });
        return critic!.loss(x, key, { ...prepared, lazy });
      };
      const of = (each: Gan, lazy: boolean) => terms({ objectives: () => each.objectives() }, lazy);
      const [rare, often] = [of(model, true), of(always, true)];
      expect(rare['penalty']!.dataSync()[0]).toBeCloseTo(4 * often['penalty']!.dataSync()[0]!, 4);
      expect(Object.keys(of(model, false))).toEqual(['total']);
    });
    model.dispose();
    always.dispose();
  });

  test('clips the weights of the critic alone', async () => {
    const model = gan({ ...networks(), loss: 'wasserstein', penalties: [], weightClip: 0.01 });
    await fit(model, { train }, { key, optimizer: adam(), batchSize: 20, epochs: 1 });
    const largest = (layer: Gan['critic']) =>
      Math.max(...[...layer.parameters().values()].flatMap((weight) => [...weight.dataSync()].map(Math.abs)));
    expect(largest(model.critic)).toBeCloseTo(0.01, 7);
    expect(largest(model.generator)).toBeGreaterThan(0.1);
    model.dispose();
  });

  test.each([1, 4, 7])(
    'resumes to the bit with both players and their averages (stopped after step %i)',
    async (last) => {
      const make = () => gan({ ...networks(), criticSteps: 2, penaltyEvery: 3 });
      const optimizer = { critic: adam({ learningRate: 1e-2, beta1: 0 }), generator: adam() };
      const options: FitOptions = {
        ...{ key, optimizer, batchSize: 12, epochs: 3 },
        ema: { generator: { decay: 0.9 }, critic: { decay: 0.5 } },
      };
      const [whole, part, rest] = [make(), make(), make()];
      await fit(whole, { train }, options);
      const store = memoryStore();
      const signal = { aborted: false };
      const onStep = ({ step }: { step: number }) => void (signal.aborted = step >= last);
      await fit(part, { train }, { ...options, signal, callbacks: [{ onStep }], checkpoint: { store } });
      await fit(rest, { train }, { ...options, checkpoint: { store } });
      expect(await saveWeights(rest)).toEqual(await saveWeights(whole));
      [whole, part, rest].forEach((model) => model.dispose());
    },
  );
});

describe('conditionalGan', () => {
  test('learns the mean of each context, without leaks', async () => {
    const model = conditional();
    const { x, context } = conditionedPoints();
    const examples: Examples = { count: 32, shape: [3], values: x.dataSync() as Float32Array };
    const contexts = context.dataSync();
    await fit(
      model,
      { train: examples },
      {
        ...{ key, batchSize: 32, epochs: 150, optimizer: adam({ learningRate: 1e-2, beta1: 0.5 }) },
        batch: (_, rows) => ({
          x: tf.tensor2d(
            [...rows].flatMap((row) => [...examples.values.slice(3 * row, 3 * row + 3)]),
            [rows.length, 3],
          ),
          context: tf.tensor2d([...rows].map((row) => [contexts[row]!])),
        }),
      },
    );
    tf.tidy(() => {
      const mean = (c: number): Tensor => tf.mean(model.sample(key, 64, { context: tf.fill([64, 1], c) }), 0);
      expect(mean(1).dataSync()).toBeCloseToArray([1, 0, -1], { absolute: 0.35 });
      expect(mean(0).dataSync()).toBeCloseToArray([-1, 0, 1], { absolute: 0.35 });
      for (const objective of model.objectives()) {
        const batch = { x, context };
        expectNoLeaks(() => {
          const prepared = prepareLoss(objective, batch, key, { training: true });
          tf.dispose(objective.loss(batch, key, prepared));
          tf.dispose({ ...prepared.prepared });
        });
      }
    });
    tf.dispose([x, context]);
    model.dispose();
  });

  test('refuses a context that is missing or of another width', () => {
    const model = conditional();
    tf.tidy(() => {
      const x = tf.zeros([2, 3]);
      const [critic, generator] = model.objectives();
      const wrong = { x, context: tf.zeros([2, 2]) };
      expect(() => model.sample(key, 2)).toThrow('context');
      expect(() => model.sample(key, 2, null as never)).toThrow('options');
      expect(() => model.sample(key, 2, { contxt: 1 } as never)).toThrow('did you mean "context"');
      expect(() => model.sample(key, 2, { context: tf.zeros([3, 1]) })).toThrow('context');
      expect(() => prepareLoss(critic!, wrong, key, { training: true })).toThrow('context');
      expect(() => generator!.loss(wrong, key, { training: true })).toThrow('context');
    });
    model.dispose();
  });
});

describe('refuses', () => {
  const linear = (inputs: number, outputs: number) => new Dense({ inputs, outputs, key });
  test.each<[string, Partial<GanOptions>, string]>([
    ['a misspelt option', { penaltyEvry: 2 } as object, 'penaltyEvery'],
    ['an unknown loss', { loss: 'hinges' as 'hinge' }, 'did you mean "hinge"'],
    ['no latents', { latent: 0 }, 'latent'],
    ['no critic', { critic: undefined as unknown as GanOptions['critic'] }, 'critic'],
    ['a critic step of 0', { criticSteps: 0 }, 'criticSteps'],
    ['half a penalty step', { penaltyEvery: 0.5 }, 'penaltyEvery'],
    ['a negative clip', { weightClip: -1 }, 'weightClip'],
    ['one level', { levels: 1 }, 'levels'],
    ['a loss that is none', { loss: {} as never }, 'expected loss to be'],
    ['a penalty that is none', { penalties: [3] as never }, 'expected penalties to be'],
    ['penalties that are no list', { penalties: null as never }, 'expected penalties to be'],
    ['an augmentation that is none', { augment: 3 as never }, 'expected augment to be'],
    ['a critic of two scores', { critic: linear(3, 2) }, 'output of the critic'],
    ['a generator of scalars', { generator: asLayer((z) => tf.sum(z, 1)) }, 'output of the generator'],
  ])('%s', (_, options, message) => {
    expect(() => gan({ ...networks(), ...options })).toThrow(message);
  });

  test('a critic without a right second derivative, unless there are no penalties', () => {
    const critic = asLayer((x) => tf.sum(tf.tanh(x), 1, true));
    const error = caught(() => gan({ ...networks(), critic }));
    expect(DgmError.is(error, 'unsupported')).toBe(true);
    expect(String(error)).toContain('Tanh');
    gan({ ...networks(), critic, penalties: [] }).dispose();
  });

  test('a standard deviation of noise below 0', () => {
    expect(() => instanceNoise({ std: -1 })).toThrow('std');
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
