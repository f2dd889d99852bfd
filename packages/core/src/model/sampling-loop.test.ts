import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { Key } from '../random/key';
import { hasSamplingLoop, inputsOfStep, runSamplingLoop } from './sampling-loop';
import type { SamplingLoop } from './sampling-loop';

/** A random walk with a drift. */
const walk = (steps: number, drift: tf.Tensor): SamplingLoop => ({
  steps,
  inputs: { drift },
  start: (_, key) => ({ x: key.normal([3]) }),
  next: ({ x }, inputs, key) => tf.tidy(() => ({ x: tf.add(tf.add(x!, inputs['drift']!), key.normal([3])) })),
  finish: ({ x }) => tf.mul(x!, 2),
});

test('runSamplingLoop: step i draws with key.fold(i), and nothing but the samples is left', () => {
  const drift = tf.scalar(10);
  const key = Key.of(0);
  const values = expectNoLeaks(() => tf.tidy(() => [...runSamplingLoop(walk(2, drift), key).dataSync()]));
  tf.tidy(() => {
    const draws = [0, 1, 2].map((step) => key.fold(step).normal([3]));
    const expected = tf.mul(tf.add(tf.addN(draws), 20), 2);
    expect(values).toBeCloseToArray(expected.dataSync());
    expect([...runSamplingLoop(walk(0, drift), key).dataSync()]).toBeCloseToArray(
      tf.mul(draws[0]!, 2).dataSync(),
    );
  });
  expect(() => runSamplingLoop(walk(2, drift), undefined as unknown as Key)).toThrow(
    /expected key to be a Key/,
  );
  drift.dispose();
});

test('each step is given its own numbers beside the inputs', () => {
  const loop: SamplingLoop = {
    steps: 3,
    inputs: {},
    perStep: { factor: [2, 3, 5], shift: [1, 0, 7] },
    start: () => ({ x: tf.scalar(1) }),
    next: ({ x }, { factor, shift }) => tf.tidy(() => ({ x: tf.add(tf.mul(x!, factor!), shift!) })),
    finish: ({ x }) => tf.clone(x!),
  };
  const value = expectNoLeaks(() => tf.tidy(() => runSamplingLoop(loop, Key.of(0)).dataSync()[0]));
  expect(value).toBe(((1 * 2 + 1) * 3 + 0) * 5 + 7);
  tf.tidy(() => {
    expect(inputsOfStep(loop, 3)['factor']!.dataSync()[0]).toBe(5);
  });
});

test('hasSamplingLoop tells models that have one', () => {
  const drift = tf.scalar(0);
  expect(hasSamplingLoop({ samplingLoop: () => walk(1, drift) })).toBe(true);
  expect(hasSamplingLoop({ sample: () => drift })).toBe(false);
  drift.dispose();
});
