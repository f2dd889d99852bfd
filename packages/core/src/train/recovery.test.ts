import { BaseModule, DgmError, Key, fit, loadWeights, memoryStore, saveWeights, sgd } from '@dgm/core';
import type { Examples, FitOptions, GenerativeModel, Objective } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { TinyVae, gaussianExamples } from '../../test/support/models';

const key = Key.of(31);
const ones = (count: number): Examples => ({ count, shape: [], values: new Float32Array(count).fill(1) });
const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  key,
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 4,
  epochs: 3,
  ...more,
});

/** A weight that follows the mean of the data, and a loss that is whatever a function makes of it. */
class Follower extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape = [];
  readonly weight = this.parameter('weight', tf.scalar(0));

  constructor(readonly change: (loss: Scalar, key: Key) => Scalar = (loss) => loss) {
    super();
  }

  sample(_key: Key, n: number): Tensor {
    return tf.zeros([n]);
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor, own: Key) => ({
      total: tf.tidy(() => this.change(tf.mean<Scalar>(tf.square(tf.sub(this.weight, x))), own)),
    });
    return [{ name: 'follow', parameters: [this.weight], loss }];
  }
}

/** Adds infinity to the loss in about one step of `every`, by the step's key. */
const sometimesInfinite = (every: number) => (loss: Scalar, own: Key) =>
  tf.add<Scalar>(loss, own.generator().uniform() < 1 / every ? Infinity : 0);

/** Finite, with a gradient that is not. */
const brokenGradient = (loss: Scalar) => tf.add<Scalar>(loss, tf.sqrt(tf.sub(loss, loss)));

async function run(model: Follower, more: Partial<FitOptions> = {}, train = ones(12)) {
  const result = await fit(model, { train }, options(more));
  const weight = model.weight.dataSync()[0]!;
  return { result, weight };
}

describe('recovery', () => {
  it('goes back to the last epoch with other randomness, and counts it', async () => {
    const model = new Follower(sometimesInfinite(12));
    const { result } = await run(model, { epochs: 20, recover: { attempts: 50 } });
    expect(result).toMatchObject({ epochs: 20, steps: 60, stoppedBy: 'epochs' });
    expect(result.recoveries).toBeGreaterThan(0);
    expect(result.warnings).toHaveLength(result.recoveries);
    expect(result.warnings[0]).toMatch(
      /at step \d+ \(epoch \d+\).*goes back to epoch \d+ \(recovery 1 of 50\)/,
    );
    expect(result.curve.every(({ train }) => Number.isFinite(train))).toBe(true);
    model.dispose();
  });

  it('gives up after the last attempt', async () => {
    const model = new Follower((loss) => tf.add<Scalar>(loss, Infinity));
    const call = run(model, { recover: { attempts: 2 } });
    await expect(call).rejects.toMatchObject({ code: 'numerical' });
    model.dispose();
  });

  it('leaves a run that needs none as it is, and no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const [plain, careful] = [new Follower(), new Follower()];
    const { weight } = await run(plain);
    expect((await run(careful, { recover: { attempts: 3 } })).weight).toBe(weight);
    plain.dispose();
    careful.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([1, 4, 5, 8])('resumes to the bit, stopped after %i steps', async (lastStep) => {
    const recover = { attempts: 50 };
    const make = () => new Follower(sometimesInfinite(8));
    const whole = await run(make(), { epochs: 8, recover });
    expect(whole.result.recoveries).toBeGreaterThan(0);
    const checkpoint = { store: memoryStore(), everySteps: 1 };
    const signal = { aborted: false };
    const onStep = ({ step }: { step: number }) => void (signal.aborted = step >= lastStep);
    await run(make(), { epochs: 8, recover, checkpoint, signal, callbacks: [{ onStep }] });
    const resumed = await run(make(), { epochs: 8, recover, checkpoint });
    expect(resumed.weight).toBe(whole.weight);
    expect(resumed.result.curve).toEqual(whole.result.curve);
    expect(resumed.result.recoveries).toBe(whole.result.recoveries);
  });
});

describe('weights that are not finite', () => {
  it('end training at the end of the epoch, and the model gets back what it had', async () => {
    const model = new Follower(brokenGradient);
    await expect(run(model, { epochs: 1, batchSize: 12 })).rejects.toThrow(
      /expected weight after step 1 to be finite, got NaN/,
    );
    expect(model.weight.dataSync()[0]).toBe(0);
    model.dispose();
  });

  it('are not written into a checkpoint', async () => {
    const store = memoryStore();
    const model = new Follower(brokenGradient);
    const call = run(model, { checkpoint: { store, everySteps: 1 } });
    await expect(call).rejects.toThrow(/after step 1 to be finite/);
    expect(await store.list()).toEqual([]);
    model.dispose();
  });

  it('is what too large a learning rate gives', async () => {
    const model = new Follower();
    const call = run(model, { epochs: 1, batchSize: 12, optimizer: sgd({ learningRate: 3e38 }) });
    await expect(call).rejects.toMatchObject({ code: 'numerical' });
    model.dispose();
  });

  it('blames the data, not the learning rate, for a loss that is infinite at the first step', async () => {
    const model = new Follower((loss) => tf.mul<Scalar>(loss, Infinity));
    await expect(run(model)).rejects.toThrow(/at step 1 .*no step was taken yet: check that the examples/);
    model.dispose();
  });
});

describe('a model that is being trained', () => {
  const train = gaussianExamples(key, 16);
  const calm = { optimizer: sgd({ learningRate: 1e-3 }) };
  const tinyVae = () => new TinyVae({ dims: 3, key });

  it.each<[string, (model: TinyVae, weights: Uint8Array) => unknown]>([
    ['a second fit', (model) => fit(model, { train }, options())],
    ['loadWeights', (model, weights) => loadWeights(model, weights)],
    ['dispose', (model) => model.dispose()],
  ])('refuses %s', async (_, disturb) => {
    const [model, alone] = [tinyVae(), tinyVae()];
    const weights = await saveWeights(model);
    let refusal: unknown;
    const onStep = async ({ step }: { step: number }) => {
      if (step !== 2) return;
      try {
        await disturb(model, weights);
      } catch (error) {
        refusal = error;
      }
    };
    await fit(model, { train }, options({ ...calm, callbacks: [{ onStep }] }));
    expect(DgmError.is(refusal, 'state') && refusal.message).toMatch(/expected the model to be idle/);
    await fit(alone, { train }, options(calm));
    expect(await saveWeights(model)).toEqual(await saveWeights(alone));
    // Afterwards it is free again, also where training failed.
    await expect(fit(model, { train }, options({ ...calm, validate: () => NaN }))).rejects.toThrow(
      /validation/,
    );
    loadWeights(model, weights);
    model.dispose();
    alone.dispose();
  });

  it('is named when it was disposed of', async () => {
    const model = tinyVae();
    const weights = await saveWeights(model);
    model.dispose();
    for (const use of [
      () => fit(model, { train }, options()),
      () => saveWeights(model),
      () => Promise.resolve().then(() => loadWeights(model, weights)),
    ]) {
      await expect(use()).rejects.toThrow(/expected the model to be alive, got one that was disposed of/);
    }
  });
});

describe('options of fit', () => {
  const given = (more: object) => ({ ...options(), ...more }) as FitOptions;
  it.each<[string, FitOptions, RegExp]>([
    ['a misspelt name', given({ batchsize: 3 }), /did you mean "batchSize"/],
    ['no key', given({ key: undefined }), /expected key to be a Key, got undefined/],
    ['a seed for a key', given({ key: 3 }), /make one with Key.of\(seed\)/],
    [
      'no optimizer',
      given({ optimizer: undefined }),
      /expected optimizer to be an optimizer such as adam\(\)/,
    ],
    ['no epochs', given({ epochs: undefined }), /epochs to be an integer of at least 0, got undefined/],
    ['no attempts', given({ recover: {} }), /recover.attempts to be an integer/],
    ['no patience', given({ earlyStopping: {} }), /earlyStopping.patience to be an integer/],
    ['no store', given({ checkpoint: {} }), /checkpoint.store to be a store/],
  ])('refuse %s', async (_, refused, message) => {
    const model = new Follower();
    await expect(fit(model, { train: ones(4) }, refused)).rejects.toThrow(message);
    model.dispose();
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /expected train to be examples/],
    ['a tensor', 'tensor', /expected train to be examples: \{ count, shape, values \}, got an object of/],
    ['nested arrays', [[1], [2]], /expected train to be examples: .*got an array of length 2/],
    [
      'a plain array of values',
      { count: 2, shape: [], values: [1, 2] },
      /values in a Float32Array.*got an array of length 2; copy/,
    ],
    ['big integers', { count: 2, shape: [], values: new BigInt64Array(2) }, /got an object of BigInt64Array/],
    ['doubles', { count: 2, shape: [], values: new Float64Array(2) }, /got an object of Float64Array/],
    ['no shape', { count: 2, values: new Float32Array(2) }, /to have a shape, got undefined/],
  ])('refuse %s for data', async (_, train, message) => {
    const model = new Follower();
    const data = train === 'tensor' ? tf.zeros([2]) : train;
    await expect(fit(model, { train: data as Examples }, options())).rejects.toThrow(message);
    tf.dispose(data as Tensor);
    model.dispose();
  });
});
