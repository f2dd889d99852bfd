import { adam, BaseModule, fit, Key, mlp, sgd } from '@dgm/core';
import type { GenerativeModel, Objective, Shape, StepProgram } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { compiled } from '../src/index';
import { Denoiser } from './support/network-model';

/** Examples of the standard normal. */
function normals(count: number, dims: number) {
  const values = tf.tidy(() => Float32Array.from(Key.of(9).normal([count, dims]).dataSync()));
  return { count, shape: [dims], values };
}

/** A loss that leaves the finite numbers when the weight has become small: log of a weight that sinks. */
class Sinking extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape = [1];
  readonly weight: Variable;

  constructor() {
    super();
    this.weight = this.parameter('weight', tf.scalar(1));
  }

  sample(_: Key, n: number): Tensor {
    return tf.zeros([n, 1]);
  }

  objectives(): readonly Objective[] {
    const loss = (): { total: Scalar; depth: Scalar } => {
      const depth = tf.log(this.weight) as Scalar;
      return { total: tf.add(depth, this.weight), depth };
    };
    return [{ name: 'sink', parameters: [this.weight], loss }];
  }
}

describe('a loss that is not finite', () => {
  test('stops fit at the step and the term, and the model has finite weights', async () => {
    const model = new Sinking();
    const training = fit(
      model,
      { train: normals(40, 1) },
      {
        key: Key.of(0),
        optimizer: sgd({ learningRate: 0.2 }),
        batchSize: 10,
        epochs: 5,
        engine: compiled(),
      },
    );
    await expect(training).rejects.toMatchObject({
      code: 'numerical',
      message: expect.stringMatching(/depth of the objective "sink" at step \d+/),
    });
    expect(model.weight.dataSync()[0]).toBe(1);
    model.dispose();
  });
});

describe('fit with the compiled engine', () => {
  test('trains to the numbers of eager, with validation, a rest of a batch and an average', async () => {
    const [train, validation] = [normals(23, 3), normals(7, 3)];
    const run = async (engine?: ReturnType<typeof compiled>) => {
      const model = new Denoiser({ network: mlp([3, 8, 3], { key: Key.of(0) }), eventShape: [3] });
      const result = await fit(
        model,
        { train, validation },
        {
          key: Key.of(1),
          optimizer: adam({ learningRate: 1e-2 }),
          batchSize: 10,
          epochs: 4,
          ema: { decay: 0.5 },
          ...(engine === undefined ? {} : { engine }),
        },
      );
      const weights = [...model.parameters().values()].flatMap((variable) => [...variable.dataSync()]);
      model.dispose();
      return { curve: result.curve, weights };
    };
    const [expected, actual] = [await run(), await run(compiled())];
    actual.curve.forEach(({ train: loss, validation: held }, epoch) => {
      expect(loss).toBeCloseTo(expected.curve[epoch]!.train, 5);
      expect(held).toBeCloseTo(expected.curve[epoch]!.validation!, 5);
    });
    actual.weights.forEach((weight, index) => expect(weight).toBeCloseTo(expected.weights[index]!, 5));
  });
});

describe('training state', () => {
  test('of another type than float32 is refused', async () => {
    const count = tf.tidy(() => tf.variable(tf.scalar(0, 'int32')));
    const program: StepProgram<Tensor> = {
      state: new Map([['count', count]]),
      run: () =>
        tf.tidy(() => {
          count.assign(tf.add(count, tf.scalar(1, 'int32')));
          return { 'count/total': tf.cast(count, 'float32') as Scalar };
        }),
    };
    const step = await compiled().prepare(program);
    const batch = tf.zeros([1]);
    await expect(step.run({ batch, key: Key.of(0), learningRates: {}, step: 1 })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('int32'),
    });
    expect(count.dataSync()[0]).toBe(0);
    step.dispose();
    tf.dispose([batch, count]);
  });
});

describe('too little memory', () => {
  /** Adds up all products of two entries of the batch, in a matrix of them: a long batch fits in no memory. */
  function greedy(): StepProgram<Tensor> & { readonly total: Variable } {
    const total = tf.tidy(() => tf.variable(tf.scalar(0)));
    return {
      total,
      state: new Map([['total', total]]),
      run: ({ batch }) =>
        tf.tidy(() => {
          const matrix = tf.exp(tf.add(tf.expandDims(batch, 0), tf.expandDims(batch, 1)));
          total.assign(tf.add(total, tf.mean(matrix)));
          return { 'sum/total': tf.clone(total) as Scalar };
        }),
    };
  }

  test('says how much was missing and leaves the state as it was', async () => {
    const program = greedy();
    const step = await compiled().prepare(program);
    const [short, long] = [tf.zeros([3]), tf.zeros([6e5])];
    const feed = { key: Key.of(0), learningRates: {}, step: 1 };
    await step.run({ ...feed, batch: short });
    await expect(step.run({ ...feed, batch: long })).rejects.toMatchObject({
      code: 'engine',
      actual: expect.stringMatching(/^no memory for 1373292 MiB/),
      message: expect.stringContaining('smaller'),
    });
    await step.run({ ...feed, batch: short });
    await step.sync();
    expect(program.total.dataSync()[0]).toBe(2);
    step.dispose();
    tf.dispose([short, long, program.total]);
  });
});
