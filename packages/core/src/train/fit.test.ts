import {
  BaseModule,
  DgmError,
  Key,
  adamax,
  eager,
  fit,
  saveWeights,
  setup,
  sgd,
  type Callback,
  type Engine,
  type FitOptions,
  type GenerativeModel,
  type Objective,
  type StepTerms,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FactorizedCategorical, TinyVae, countExamples, gaussianExamples } from '../../test/support/models';

const key = Key.of(7);
const train = gaussianExamples(key.fold('train'), 50);
const validation = gaussianExamples(key.fold('validation'), 30);
const tinyVae = () => new TinyVae({ dims: 3, key: key.fold('model') });
const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  key,
  optimizer: adamax({ learningRate: 1e-2 }),
  batchSize: 16,
  epochs: 3,
  ...more,
});

/** Runs an action that must fail, and returns its error. */
async function failure(action: () => Promise<unknown>): Promise<DgmError> {
  const error: unknown = await action().then(
    () => expect.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  if (!DgmError.is(error)) throw error;
  return error;
}

/** Two players with one weight each; each pulls its own weight to its own target. */
class TwoPlayers extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape = [3];
  readonly first: Variable;
  readonly second: Variable;

  constructor() {
    super();
    this.first = this.parameter('first', tf.scalar(0));
    this.second = this.parameter('second', tf.scalar(0));
  }

  sample(key: Key, n: number): Tensor {
    return key.normal([n, 3]);
  }

  objectives(): readonly Objective[] {
    const distance = (): { total: Scalar } => ({
      total: tf.tidy(() => tf.square(tf.sub<Scalar>(tf.add(this.first, this.second), 1))),
    });
    return [
      { name: 'one', parameters: [this.first], loss: distance },
      { name: 'two', parameters: [this.second], loss: distance },
    ];
  }
}

describe('fit', () => {
  it('learns the frequencies of independent entries', async () => {
    const examples = countExamples(key.fold('counts'), 200, { dims: 2, levels: 3 });
    const model = new FactorizedCategorical({ dims: 2, levels: 3, key });
    await fit(
      model,
      { train: examples, levels: 3 },
      options({ batchSize: 200, epochs: 400, optimizer: sgd({ learningRate: 1 }) }),
    );
    // The maximum-likelihood solution is the empirical frequency, known in closed form.
    const frequency = (entry: number, level: number) =>
      Array.from({ length: 200 }, (_, row) => examples.values[row * 2 + entry]!).filter((x) => x === level)
        .length / 200;
    const probabilities = tf.softmax(model.parameters().get('logits')!).dataSync();
    [0, 1].forEach((entry) =>
      [0, 1, 2].forEach((level) =>
        expect(probabilities[entry * 3 + level]).toBeCloseTo(frequency(entry, level), 3),
      ),
    );
  });

  it('gives the same bits for the same key, and others for another', async () => {
    const run = async (seed: number) => {
      const model = tinyVae();
      const { curve } = await fit(model, { train, validation }, options({ key: Key.of(seed) }));
      return { curve, weights: await saveWeights(model) };
    };
    const [a, b, c] = [await run(0), await run(0), await run(1)];
    expect(b).toEqual(a);
    expect(c.weights).not.toEqual(a.weights);
  });

  it('shows every example once per epoch, the smaller last batch included', async () => {
    const seen: number[][] = [[], []];
    let epoch = 0;
    await fit(
      tinyVae(),
      { train },
      options({
        epochs: 2,
        batch(examples, rows) {
          seen[epoch]!.push(...rows);
          return tf.zeros([rows.length, ...examples.shape]);
        },
        callbacks: [{ onEpoch: ({ epoch: finished }) => void (epoch = finished) }],
      }),
    );
    const sorted = seen.map((rows) => [...rows].sort((a, b) => a - b));
    expect(sorted).toEqual([0, 1].map(() => Array.from({ length: 50 }, (_, row) => row)));
    expect(seen[0]).not.toEqual(seen[1]);
  });

  it('trains each objective on its own variables with its own optimizer', async () => {
    const model = new TwoPlayers();
    const optimizer = { one: sgd({ learningRate: 0.1 }), two: sgd({ learningRate: 0.25 }) };
    await fit(model, { train }, options({ optimizer, batchSize: 50, epochs: 1 }));
    // d/dw (w - 1)² = -2 at 0: the first player moves by 0.2; the second sees 0.2 - 1 and moves by 0.25 * 1.6.
    expect(model.first.dataSync()[0]).toBeCloseTo(0.2, 6);
    expect(model.second.dataSync()[0]).toBeCloseTo(0.4, 6);
    const error = await failure(() => fit(model, { train }, options({ optimizer: { one: sgd() } })));
    expect(error.code).toBe('argument');
    expect(error.message).toContain('"two"');
  });

  it('adds no tensor after the first steps, and leaves only the model behind', async () => {
    const model = tinyVae();
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await fit(
      model,
      { train, validation },
      options({
        epochs: 4,
        clipNorm: 1,
        ema: { decay: 0.9 },
        callbacks: [{ onStep: () => void counts.push(tf.memory().numTensors) }],
      }),
    );
    expect(counts).toHaveLength(16);
    expect(new Set(counts.slice(3)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tells callbacks what happens, in order', async () => {
    const events: string[] = [];
    const callback: Callback = {
      onStart: ({ stepsPerEpoch }) => void events.push(`start ${stepsPerEpoch}`),
      onStep: ({ step, terms }) => void events.push(`step ${step} ${Object.keys(terms).sort().join(' ')}`),
      onEpoch: ({ epoch, improved }) => void events.push(`epoch ${epoch} ${improved}`),
      onEnd: ({ stoppedBy }) => void events.push(`end ${stoppedBy}`),
    };
    await fit(tinyVae(), { train, validation }, options({ batchSize: 25, epochs: 1, callbacks: [callback] }));
    const terms = 'elbo/elbo elbo/total';
    expect(events).toEqual(['start 2', `step 1 ${terms}`, `step 2 ${terms}`, 'epoch 1 true', 'end epochs']);
  });

  it('reports the mean loss of the epoch over examples, not over batches', async () => {
    const losses: number[] = [];
    const onStep = ({ terms }: { terms: StepTerms }) => void losses.push(terms['elbo/total']!);
    const { curve } = await fit(
      tinyVae(),
      { train },
      options({ batchSize: 40, epochs: 1, callbacks: [{ onStep }] }),
    );
    const mean = (losses[0]! * 40 + losses[1]! * 10) / 50;
    expect(curve).toEqual([{ epoch: 1, train: mean, terms: { 'elbo/total': mean, 'elbo/elbo': -mean } }]);
  });

  it('stops when more than `patience` epochs in a row did not improve, and goes back to the best', async () => {
    const model = tinyVae();
    const metrics = [5, 3, 4, 3, 4, 1];
    const engine = eager();
    let best: Uint8Array | undefined;
    const result = await fit(
      model,
      { train },
      options({
        epochs: 10,
        earlyStopping: { patience: 2 },
        engine,
        async validate(current, context) {
          expect(context.engine).toBe(engine);
          const { epoch } = context;
          if (epoch === 2) best = await saveWeights(current);
          return metrics[epoch - 1]!;
        },
      }),
    );
    expect(result).toMatchObject({
      stoppedBy: 'early-stopping',
      epochs: 5,
      best: { epoch: 2, validation: 3 },
    });
    expect(await saveWeights(model)).toEqual(best);
  });

  it('validates after every n-th epoch and the last, and counts these', async () => {
    const validated: number[] = [];
    const validate = (_model: unknown, { epoch }: { epoch: number }) => validated.push(epoch);
    const { curve } = await fit(tinyVae(), { train }, options({ epochs: 5, validateEvery: 2, validate }));
    expect(validated).toEqual([2, 4, 5]);
    expect(curve.map(({ validation }) => validation)).toEqual([undefined, 1, undefined, 2, 3]);
    const earlyStopping = { patience: 1 };
    const more = options({ epochs: 9, validateEvery: 2, validate, earlyStopping });
    const { epochs, stoppedBy } = await fit(tinyVae(), { train }, more);
    expect({ epochs, stoppedBy }).toEqual({ epochs: 6, stoppedBy: 'early-stopping' });
  });

  it('counts no epoch before `from` as one without an improvement', async () => {
    const metrics = [1, 4, 4, 4, 4, 4, 4];
    const { epochs, stoppedBy } = await fit(
      tinyVae(),
      { train },
      options({
        epochs: metrics.length,
        earlyStopping: { patience: 1, from: 4 },
        validate: (_model, { epoch }) => metrics[epoch - 1]!,
      }),
    );
    expect({ epochs, stoppedBy }).toEqual({ epochs: 5, stoppedBy: 'early-stopping' });
  });

  it('validates and ends with averaged weights', async () => {
    const model = tinyVae();
    const seen: number[] = [];
    const live: number[] = [];
    const weight = () => model.parameters().get('decoder')!.dataSync()[0]!;
    const decay = 0.5;
    await fit(
      model,
      { train },
      options({
        ema: { decay },
        batchSize: 50,
        validate: (_model, { epoch }) => (seen.push(weight()), -epoch),
        callbacks: [{ onStart: () => void live.push(weight()), onEpoch: () => void live.push(weight()) }],
      }),
    );
    let average = live[0]!;
    const averages = live.slice(1).map((value) => (average = average * decay + value * (1 - decay)));
    seen.forEach((value, index) => expect(value).toBeCloseTo(averages[index]!, 5));
    expect(weight()).toBe(seen[2]);
  });

  it('ends after maxSeconds or when aborted', async () => {
    const bySeconds = await fit(tinyVae(), { train }, options({ epochs: 100_000, maxSeconds: 0.05 }));
    expect(bySeconds.stoppedBy).toBe('max-seconds');
    const controller = new AbortController();
    const callbacks = [
      { onStep: ({ step }: { step: number }) => step === 6 && controller.abort() },
    ] as Callback[];
    const aborted = await fit(tinyVae(), { train }, options({ signal: controller.signal, callbacks }));
    expect(aborted).toMatchObject({ stoppedBy: 'aborted', steps: 6, epochs: 1 });
  });

  it('lets timers run', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await fit(tinyVae(), { train }, options({ epochs: 40 }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('stops at a loss that is not finite, names the term, and keeps the best weights', async () => {
    const model = tinyVae();
    const before = tf.memory().numTensors;
    let best: Uint8Array | undefined;
    const error = await failure(() =>
      fit(
        model,
        { train },
        options({
          optimizer: sgd({ learningRate: (step) => (step < 6 ? 1e-3 : 1e30) }),
          validate: async (current) => ((best ??= await saveWeights(current)), 0),
        }),
      ),
    );
    expect(error.code).toBe('numerical');
    expect(error.argument).toMatch(/^elbo of the objective "elbo" at step 8 \(epoch 2\)$/);
    expect(await saveWeights(model)).toEqual(best);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the engine bring its state to the variables when a step fails for another reason', async () => {
    const model = tinyVae();
    let steps = 0;
    let synchronized = 0;
    const failing: Engine = {
      ...eager(),
      name: 'failing',
      prepare: async (program) => {
        const step = await eager().prepare(program);
        return {
          queueLength: step.queueLength,
          run: (feed) => (++steps > 2 ? Promise.reject(new Error('the device is gone')) : step.run(feed)),
          drain: () => step.drain(),
          sync: () => {
            synchronized = steps;
            return step.sync();
          },
          load: () => step.load(),
          dispose: () => step.dispose(),
        };
      },
    };
    await expect(fit(model, { train }, options({ engine: failing }))).rejects.toThrow('the device is gone');
    expect(synchronized).toBe(3);
    model.dispose();
  });

  it('throws the first error, and tells it to every callback, when one of them fails in onError', async () => {
    const model = tinyVae();
    const told: unknown[] = [];
    const first = new Error('in the step');
    const callbacks: Callback[] = [
      {
        onStep() {
          throw first;
        },
        onError() {
          throw new Error('in onError');
        },
      },
      { onError: (error) => void told.push(error) },
    ];
    await expect(fit(model, { train }, options({ callbacks }))).rejects.toBe(first);
    expect(told).toEqual([first]);
    model.dispose();
  });

  it('refuses another engine while it trains', async () => {
    const model = tinyVae();
    let refused: unknown;
    const onStep = async (): Promise<void> => {
      refused ??= await setup({ backend: 'wasm' }).catch((error: unknown) => error);
    };
    await fit(model, { train }, options({ epochs: 1, callbacks: [{ onStep }] }));
    expect(refused).toMatchObject({ code: 'state', message: expect.stringContaining('setup') as string });
    model.dispose();
  });

  it('frees everything when a callback or a loss throws', async () => {
    const model = tinyVae();
    const before = tf.memory().numTensors;
    const stop = () => {
      throw new RangeError('stop');
    };
    await expect(fit(model, { train }, options({ callbacks: [{ onStep: stop }] }))).rejects.toThrow('stop');
    const objectives = model.objectives.bind(model);
    const broken = Object.assign(model, {
      objectives: () =>
        objectives().map((objective) => ({ ...objective, loss: (x: Tensor) => (tf.square(x), stop()) })),
    });
    await expect(fit(broken, { train }, options())).rejects.toThrow('stop');
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['an empty data set', { train: { ...train, count: 0 } }, {}, 'argument', 'train'],
    ['another shape', { train: gaussianExamples(key, 5, 4) }, {}, 'shape', 'train'],
    [
      'NaN',
      { train, validation: { ...train, values: train.values.map((x, i) => (i === 7 ? NaN : x)) } },
      {},
      'domain',
      'validation',
    ],
    ['a batch size of 0', { train }, { batchSize: 0 }, 'argument', 'batchSize'],
    ['no validation', { train }, { validateEvery: 0 }, 'argument', 'validateEvery'],
    ['half an epoch', { train }, { epochs: 0.5 }, 'argument', 'epochs'],
    ['a negative norm', { train }, { clipNorm: -1 }, 'argument', 'clipNorm'],
    [
      'patience from epoch 0 on',
      { train, validation: train },
      { earlyStopping: { patience: 1, from: 0 } },
      'argument',
      'earlyStopping.from',
    ],
    ['early stopping by nothing', { train }, { earlyStopping: { patience: 1 } }, 'argument', 'earlyStopping'],
    ['a decay of 1', { train }, { ema: { decay: 1 } }, 'argument', 'ema.decay'],
  ])('refuses %s', async (_, data, more, code, argument) => {
    expect(await failure(() => fit(tinyVae(), data, options(more)))).toMatchObject({ code, argument });
  });

  it('reads the terms of several steps at once where the engine asks for that', async () => {
    const queued: Engine = {
      ...eager(),
      name: 'queued',
      async prepare(program) {
        const step = await eager().prepare(program);
        return {
          queueLength: 3,
          run: (feed) => step.run(feed),
          drain: () => step.drain(),
          sync: () => step.sync(),
          load: () => step.load(),
          dispose: () => step.dispose(),
        };
      },
    };
    const before = tf.memory().numTensors;
    const run = async (engine: Engine) => {
      const events: unknown[] = [];
      const model = tinyVae();
      const onStep = (event: unknown) => void events.push(event);
      const { curve } = await fit(model, { train, validation }, options({ engine, callbacks: [{ onStep }] }));
      const weights = await saveWeights(model);
      model.dispose();
      return { events, curve, weights };
    };
    expect(await run(queued)).toEqual(await run(eager()));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a model without objectives, or with two of one name', async () => {
    const [none, twice] = [tinyVae(), tinyVae()];
    const objectives = twice.objectives();
    Object.assign(none, { objectives: () => [] });
    Object.assign(twice, { objectives: () => [...objectives, ...objectives] });
    for (const model of [none, twice]) {
      const error = await failure(() => fit(model, { train }, options()));
      expect(error).toMatchObject({ code: 'argument', argument: 'objectives of the model' });
    }
  });

  it('refuses objectives with variables that the model does not list', async () => {
    const model = tinyVae();
    const stray = tf.variable(tf.scalar(0));
    const objectives = model.objectives().map((objective) => ({ ...objective, parameters: [stray] }));
    const error = await failure(() =>
      fit(Object.assign(model, { objectives: () => objectives }), { train }, options()),
    );
    expect(error).toMatchObject({ code: 'argument', argument: 'parameters of the objective "elbo"' });
    stray.dispose();
  });
});
