import {
  DgmError,
  Key,
  ModelStep,
  adam,
  fit,
  memoryStore,
  prepareLoss,
  saveWeights,
  sgd,
  validatedObjective,
} from '@dgm/core';
import type { FitOptions, GenerativeModel, StepTerms } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FactorizedCategorical, gaussianExamples } from '../../test/support/models';
import { TinyEnergy, TinyGan } from '../../test/support/players';

const key = Key.of(3);
const train = gaussianExamples(key.fold('train'), 40);
const validation = gaussianExamples(key.fold('validation'), 20);
const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  key,
  optimizer: adam({ learningRate: 1e-2 }),
  batchSize: 8,
  epochs: 3,
  ...more,
});

/** The terms of each step of a run. */
async function stepsOf(model: GenerativeModel, more: Partial<FitOptions> = {}): Promise<StepTerms[]> {
  const steps: StepTerms[] = [];
  const onStep = ({ terms }: { terms: StepTerms }) => void steps.push(terms);
  await fit(model, { train }, options({ callbacks: [{ onStep }], ...more }));
  return steps;
}

describe('objectives with a schedule', () => {
  it('trains a generator at every third step and adds a lazy penalty at every second', async () => {
    const model = new TinyGan(key);
    const terms = (await stepsOf(model, { epochs: 2 })).map((step) => Object.keys(step).sort().join(' '));
    const [plain, lazy] = ['critic/total', 'critic/penalty critic/total'];
    const [odd, even] = [plain, lazy];
    expect(terms.slice(0, 6)).toEqual([
      odd,
      even,
      `${odd} generator/total`,
      even,
      odd,
      `${even} generator/total`,
    ]);
    model.dispose();
  });

  it('changes the weights of those objectives alone whose turn it is, and clips after each update', async () => {
    const model = new TinyGan(key);
    const before = model.generator.parameters().values().next().value!.dataSync().slice();
    await stepsOf(model, { epochs: 1, batchSize: 20, optimizer: sgd({ learningRate: 5 }) }); // two steps
    expect(model.generator.parameters().values().next().value!.dataSync()).toEqual(before);
    const weights = [...model.critic.parameters().values()].flatMap((weight) => [...weight.dataSync()]);
    expect(Math.max(...weights.map(Math.abs))).toBeCloseTo(0.8, 6);
    model.dispose();
  });

  it('corrects the moments of an optimizer by the number of its own updates', async () => {
    // The first update of Adam is the learning rate times the sign of the gradient, whatever the step.
    const model = new TinyGan(key);
    const weight = [...model.generator.parameters().values()].at(-1)!;
    const before = weight.dataSync().slice();
    await stepsOf(model, { epochs: 1, batchSize: 14, optimizer: adam({ learningRate: 0.01 }) }); // three steps
    weight.dataSync().forEach((value, i) => expect(Math.abs(value - before[i]!)).toBeCloseTo(0.01, 5));
    model.dispose();
  });

  it('averages the weights of the objectives that are named', () => {
    const model = new TinyGan(key);
    const step = new ModelStep(model, { optimizer: adam(), ema: { generator: { decay: 0.9 } } });
    const averaged = [...step.parameters().keys()].filter((path) => path.startsWith('average/'));
    expect(averaged).toEqual(
      [...model.generator.parameters().keys()].map((path) => `average/generator/${path}`),
    );
    step.dispose();
    model.dispose();
  });

  it('puts the means of all terms into the curve', async () => {
    const model = new TinyGan(key);
    const steps: StepTerms[] = [];
    const onStep = ({ terms }: { terms: StepTerms }) => void steps.push(terms);
    const { curve } = await fit(model, { train }, options({ epochs: 1, callbacks: [{ onStep }] }));
    const mean = (term: string): number => {
      const values = steps.flatMap((terms) => terms[term] ?? []);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const [{ train: first, terms }] = curve as [(typeof curve)[0]];
    expect(Object.keys(terms).sort()).toEqual(['critic/penalty', 'critic/total', 'generator/total']);
    for (const [term, value] of Object.entries(terms)) expect(value).toBeCloseTo(mean(term), 10);
    expect(first).toBe(terms['critic/total']);
    model.dispose();
  });

  it('keeps the state of chains: each step starts where the last one ended', async () => {
    const model = new TinyEnergy(key);
    const chains = model.parameters().get('chains')!;
    const before = chains.dataSync().slice();
    const steps = await stepsOf(model, { epochs: 4 });
    expect(chains.dataSync()).not.toEqual(before);
    expect(steps.every((terms) => Object.values(terms).every(Number.isFinite))).toBe(true);
    model.dispose();
  });

  it.each<[string, () => GenerativeModel, number]>([
    ['a GAN', () => new TinyGan(key), 1],
    ['a GAN', () => new TinyGan(key), 4],
    ['a GAN', () => new TinyGan(key), 8],
    ['an energy-based model', () => new TinyEnergy(key), 3],
    ['an energy-based model', () => new TinyEnergy(key), 5],
  ])('resumes %s to the bit (stopped after step %i)', async (_, make, lastStep) => {
    const run = async (more: Partial<FitOptions>) => {
      const model = make();
      const { curve } = await fit(model, { train }, options({ ema: { decay: 0.9 }, ...more }));
      const weights = await saveWeights(model);
      model.dispose();
      return { weights, curve };
    };
    const whole = await run({});
    const checkpoint = { store: memoryStore(), everySteps: 1 };
    const signal = { aborted: false };
    const onStep = ({ step }: { step: number }) => void (signal.aborted = step >= lastStep);
    await run({ checkpoint, signal, callbacks: [{ onStep }] });
    expect(await run({ checkpoint })).toEqual(whole);
  });

  it('refuses to resume with another schedule', async () => {
    const checkpoint = { store: memoryStore() };
    const model = new TinyGan(key);
    await fit(model, { train }, options({ epochs: 1, checkpoint }));
    const [critic, generator] = model.objectives();
    model.objectives = () => [critic!, { ...generator!, every: 2 }];
    await expect(fit(model, { train }, options({ epochs: 2, checkpoint }))).rejects.toThrow(
      /objectives of the checkpoint.*"every":2/,
    );
    model.dispose();
  });

  it('leaves no tensors behind', async () => {
    for (const make of [() => new TinyGan(key), () => new TinyEnergy(key)]) {
      const before = tf.memory().numTensors;
      const model = make();
      await fit(model, { train, validation }, options({ ema: { decay: 0.9 } }));
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it.each([
    ['every: 0', { every: 0 }],
    ['every: 1.5', { every: 1.5 }],
    ['lazyEvery: -1', { lazyEvery: -1 }],
  ])('refuses %s', (_, schedule) => {
    const model = new TinyGan(key);
    const [critic, generator] = model.objectives();
    model.objectives = () => [critic!, { ...generator!, ...schedule }];
    expectNoLeaks(() => {
      expect(() => new ModelStep(model, { optimizer: adam() })).toThrow(
        expect.toSatisfy((error) => DgmError.is(error, 'argument')),
      );
    });
    model.dispose();
  });

  it('refuses a model of which no objective is trained at each step', () => {
    const model = new TinyGan(key);
    const objectives = model.objectives();
    model.objectives = () => objectives.map((objective) => ({ ...objective, every: 2 }));
    expect(() => new ModelStep(model, { optimizer: adam() })).toThrow(/critic every 2, generator every 2/);
    model.dispose();
  });

  it('refuses an average or an optimizer of an objective that does not exist', () => {
    const model = new TinyGan(key);
    const ema = { generater: { decay: 0.9 } };
    expect(() => new ModelStep(model, { optimizer: adam(), ema })).toThrow(/did you mean "generator"/);
    const optimizer = { critic: adam(), generator: adam(), third: adam() };
    expect(() => new ModelStep(model, { optimizer })).toThrow(/objectives of the model: critic, generator/);
    model.dispose();
  });
});

describe('what is validated', () => {
  const discrete = { count: 4, shape: [2], values: Uint8Array.from([0, 1, 0, 2, 0, 1, 2, 1]) };

  it('is the first objective of a model with a likelihood, and nothing of a model without', async () => {
    const exact = new FactorizedCategorical({ dims: 2, levels: 3, key });
    const gan = new TinyGan(key);
    expect(
      (await fit(exact, { train: discrete, validation: discrete }, options({ epochs: 2 }))).best,
    ).toBeDefined();
    const { best, curve } = await fit(gan, { train, validation }, options({ epochs: 2 }));
    expect(best).toBeUndefined();
    expect(curve.every((point) => !('validation' in point))).toBe(true);
    exact.dispose();
    gan.dispose();
  });

  it('keeps the last weights of a model that is not validated', async () => {
    const [kept, without] = [new TinyGan(key), new TinyGan(key)];
    await fit(kept, { train, validation }, options());
    await fit(without, { train }, options());
    expect(await saveWeights(kept)).toEqual(await saveWeights(without));
    kept.dispose();
    without.dispose();
  });

  it('is the objective that declares it', async () => {
    const model = new TinyEnergy(key);
    const [contrast] = model.objectives();
    model.objectives = () => [{ ...contrast!, validated: true }];
    const chains = model.parameters().get('chains')!;
    let seen = chains.dataSync().slice();
    const onStep = () => void (seen = chains.dataSync().slice());
    const { best } = await fit(model, { train, validation }, options({ epochs: 1, callbacks: [{ onStep }] }));
    expect(best?.epoch).toBe(1);
    expect(chains.dataSync()).toEqual(seen); // validation does not move the chains
    model.dispose();
  });

  it('is `validate` where it is given', async () => {
    const model = new TinyGan(key);
    const validate = (_: GenerativeModel, { epoch }: { epoch: number }): number => [3, 1, 2][epoch - 1]!;
    const { best } = await fit(model, { train }, options({ validate, earlyStopping: { patience: 5 } }));
    expect(best).toEqual({ epoch: 2, validation: 1 });
    model.dispose();
  });

  it('has to be there for early stopping', async () => {
    const model = new TinyGan(key);
    const earlyStopping = { patience: 2 };
    await expect(fit(model, { train, validation }, options({ earlyStopping }))).rejects.toThrow(
      /whose losses do not say how good it is; give `validate`/,
    );
    model.dispose();
  });

  it.each([[undefined], ['3'], [null], [{ nats: 3 }]])(
    'refuses a `validate` that returns %j',
    async (value) => {
      const model = new TinyGan(key);
      const validate = () => value as unknown as number;
      await expect(fit(model, { train }, options({ validate }))).rejects.toThrow(
        /expected validate to return a number/,
      );
      model.dispose();
    },
  );

  it('is found without training, as are the tensors that a loss needs', () => {
    const [exact, gan] = [new FactorizedCategorical({ dims: 2, levels: 3, key }), new TinyGan(key)];
    expect(validatedObjective(exact)?.name).toBe('nll');
    expect(validatedObjective(gan)).toBeUndefined();
    const [critic, generator] = gan.objectives();
    tf.tidy(() => {
      const x = tf.zeros([4, 3]);
      const options = { training: false };
      const { prepared } = prepareLoss(critic!, x, key, options);
      expect(prepared!['fakes']!.shape).toEqual([4, 3]);
      expect(prepareLoss(generator!, x, key, options)).toBe(options);
    });
    exact.dispose();
    gan.dispose();
  });
});
