import { DgmError, Key, type Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureThrows } from '../assert';
import { when, type Checks } from '../register';
import { ensureShape } from '../empty-batch';
import { expectNoLeaks } from '../leaks';
import { tensorOf } from '../tensors';
import type { DistributionCase } from './case';
import { withDistribution } from './grid';

const SAMPLE_SHAPES = [[], [1], [2, 3], [0], [2, 0]];

/** Shapes, keys and memory. */
export const protocolChecks: Checks<DistributionCase> = {
  'draws and scores over every sample shape': (the) =>
    withDistribution(the, (distribution) => {
      const { batchShape, eventShape } = distribution;
      for (const sampleShape of SAMPLE_SHAPES) {
        const x = distribution.sample(Key.of(1), sampleShape);
        ensureShape(x.shape, [...sampleShape, ...batchShape, ...eventShape], `sample of ${sampleShape}`);
        ensureShape(
          distribution.logProb(x).shape,
          [...sampleShape, ...batchShape],
          `logProb of ${sampleShape}`,
        );
      }
    }),

  'gives closed forms the shapes of a draw or of the batch, or names an alternative': (the) =>
    withDistribution(the, (distribution) => {
      const { batchShape, eventShape } = distribution;
      for (const method of ['mean', 'variance', 'mode'] as const) {
        ensureClosedForm(() => distribution[method](), [...batchShape, ...eventShape], method);
      }
      ensureClosedForm(() => distribution.entropy(), batchShape, 'entropy');
      ensureClosedForm(
        () => distribution.cdf(distribution.sample(Key.of(1), [2])),
        [2, ...batchShape],
        'cdf',
      );
    }),

  'takes an empty batch': when(
    (the) => withDistribution(the, ({ batchShape }) => batchShape.length > 0),
    (the) => {
      const [size] = withDistribution(the, ({ batchShape }) => batchShape);
      tf.tidy(() => {
        const parameters = Object.entries(the.parameters).map(([name, values]) => {
          const tensor = tensorOf(values);
          const isShared = the.shared?.includes(name) || tensor.shape[0] !== size;
          return isShared ? tensor : tf.slice(tensor, 0, 0);
        });
        const distribution = the.make(...parameters);
        const { batchShape, eventShape } = distribution;
        if (batchShape[0] !== 0) return; // The batch comes from the case itself.
        const x = distribution.sample(Key.of(1), [3]);
        ensureShape(x.shape, [3, ...batchShape, ...eventShape], 'sample of an empty batch');
        ensureShape(distribution.logProb(x).shape, [3, ...batchShape], 'logProb of an empty batch');
        for (const method of ['mean', 'variance', 'mode'] as const)
          ensureClosedForm(() => distribution[method](), [...batchShape, ...eventShape], method);
        ensureClosedForm(() => distribution.entropy(), batchShape, 'entropy');
        ensureClosedForm(() => distribution.cdf(x), [3, ...batchShape], 'cdf');
      });
      ensure(tf.tidy(() => tf.add(1, 1).dataSync()[0]) === 2, 'the engine is broken after an empty batch');
    },
  ),

  'refuses a sample shape that is none': (the) =>
    withDistribution(the, (distribution) => {
      for (const shape of [[1.5], [-1], [NaN], 5 as never])
        ensureThrows(() => distribution.sample(Key.of(1), shape), 'argument', `a sample of ${shape}`);
    }),

  'repeats itself under one key and not under another': (the) =>
    withDistribution(the, (distribution) => {
      const draw = (seed: number): string => String(distribution.sample(Key.of(seed), [64]).dataSync());
      ensure(draw(0) === draw(0), 'the same key gave two different samples');
      ensure(draw(0) !== draw(1), 'two keys gave the same sample');
    }),

  'frees what it makes and keeps what it borrows': (the) => {
    const parameters = Object.values(the.parameters).map(tensorOf);
    expectNoLeaks(() => {
      const distribution = the.make(...parameters);
      const x = distribution.sample(Key.of(1), [2]);
      expectNoLeaks(() => distribution.logProb(x).dispose(), 'logProb');
      expectNoLeaks(() => closedForm(() => distribution.cdf(x))?.dispose(), 'cdf');
      for (const method of ['entropy', 'mean', 'variance', 'mode'] as const) {
        expectNoLeaks(() => closedForm(() => distribution[method]())?.dispose(), method);
      }
      ensure(!x.isDisposed, 'logProb disposed of its argument');
      x.dispose();
    }, 'the distribution');
    ensure(
      parameters.every((parameter) => !parameter.isDisposed),
      'the distribution disposed of a parameter',
    );
    tf.dispose(parameters);
  },

  'refuses a value of the wrong shape': when(
    (the) => withDistribution(the, wrongShape) !== undefined,
    (the) =>
      withDistribution(the, (distribution) => {
        const wrong = wrongShape(distribution)!;
        const x = tf.zeros(wrong);
        expectNoLeaks(
          () => ensureThrows(() => distribution.logProb(x), 'shape', `logProb of [${wrong}]`),
          'the refusal',
        );
      }),
  ),
};

/** A shape that cannot be meant; scalars broadcast against everything, so they have none. */
function wrongShape({ batchShape, eventShape }: Distribution): number[] | undefined {
  if (eventShape.length > 0) return [...batchShape, ...eventShape.slice(0, -1), eventShape.at(-1)! + 1];
  const last = batchShape.at(-1) ?? 1;
  return last > 1 ? [...batchShape.slice(0, -1), last + 1] : undefined;
}

/** What a method returns must have a shape; where it has no closed form, it must say what to do instead. */
function ensureClosedForm(call: () => Tensor, shape: readonly number[], method: string): void {
  try {
    ensureShape(call().shape, shape, method);
  } catch (error) {
    if (!DgmError.is(error, 'unsupported')) throw error;
    // The remedy is the last clause of a message.
    ensure(error.message.includes('; '), `the error of ${method} names no alternative: ${error.message}`);
  }
}

/** What a method returns, or undefined where it has no closed form. */
export function closedForm<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (DgmError.is(error, 'unsupported')) return undefined;
    throw error;
  }
}
