import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { Key } from '../random/key';
import { checkContext, checkSampling, labelledBatch, splitBatch } from './condition';

const isShapeError = expect.toSatisfy((error) => DgmError.is(error, 'shape'));

test('checkContext wants a condition of the right width where the model is conditional, and none elsewhere', () => {
  tf.tidy(() => {
    const context = tf.zeros([4, 3]);
    expect(() => checkContext('f', context, { rows: 4, contextSize: 3 })).not.toThrow();
    expect(() => checkContext('f', context, { contextSize: 3 })).not.toThrow();
    expect(() => checkContext('f', undefined, { contextSize: 0 })).not.toThrow();
    expect(() => checkContext('f', undefined, { rows: 4, contextSize: 3 })).toThrow(
      'of shape [4, 3], got none',
    );
    expect(() => checkContext('f', context, { contextSize: 0 })).toThrow('context to be left out');
    expect(() => checkContext('f', context, { rows: 4, contextSize: 2 })).toThrow(isShapeError);
    expect(() => checkContext('f', context, { rows: 5, contextSize: 3 })).toThrow(isShapeError);
    expect(() => checkContext('f', tf.zeros([4]), { contextSize: 1 })).toThrow(isShapeError);
  });
});

test('splitBatch reads both kinds of batch', () => {
  tf.tidy(() => {
    const [x, context] = [tf.zeros([2, 1]), tf.ones([2, 3])];
    expect(splitBatch(x)).toEqual({ x });
    expect(splitBatch({ x, context })).toEqual({ x, context });
  });
  for (const none of [undefined, null, 3]) {
    expect(() => splitBatch(none as never)).toThrow('batch to be a tensor, or { x, context }');
  }
});

test('labelledBatch wants a label for each example of the right shape', () => {
  tf.tidy(() => {
    const [x, context] = [tf.zeros([2, 3]), tf.ones([2, 4])];
    const model = { eventShape: [3], contextSize: 4 };
    expect(labelledBatch('f', { x, context }, model)).toEqual({ x, context });
    expect(() => labelledBatch('f', x as never, model)).toThrow(/expected batch.context .*classContext/);
    expect(() => labelledBatch('f', { x: context, context }, model)).toThrow(isShapeError);
    expect(() => labelledBatch('f', { x, context: x }, model)).toThrow('context of shape [2, 4], got [2, 3]');
  });
});

test('checkSampling wants a key, a number of draws and no option but one context for each', () => {
  const call = { key: Key.of(0), n: 2, options: {}, contextSize: 0 };
  expect(() => checkSampling('f', call)).not.toThrow();
  expect(() => checkSampling('f', { ...call, key: 3 })).toThrow('key');
  expect(() => checkSampling('f', { ...call, n: -1 })).toThrow('n to be an integer of at least 0');
  expect(() => checkSampling('f', { ...call, options: { contexts: 1 } as never })).toThrow(
    'did you mean "context"',
  );
  tf.tidy(() => {
    const options = { context: tf.zeros([2, 3]) };
    expect(() => checkSampling('f', { ...call, options, contextSize: 3 })).not.toThrow();
    expect(() => checkSampling('f', { ...call, n: 3, options, contextSize: 3 })).toThrow(isShapeError);
    expect(() => checkSampling('f', { ...call, options })).toThrow(isShapeError);
  });
});
