import { Chain, initializeBijector, Key, mlp } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { BaseFlowLayer, Coupling, halfMask, affine } from './index';

/** y = 2 z + the first entry of the context: counts how often its `initialize` was called. */
class Shifted extends BaseFlowLayer {
  readonly eventShape = [3];
  initialized = 0;

  initialize(y: tf.Tensor, call = {}) {
    this.initialized++;
    return this.inverseAndLogDet(y, call);
  }

  protected forward(z: tf.Tensor, { context }: { context?: tf.Tensor }) {
    const y = tf.add(tf.mul(2, z), context ?? 0);
    return { y, logDet: tf.fill([z.shape[0]!], 3 * Math.log(2)) };
  }

  protected inverse(y: tf.Tensor, { context }: { context?: tf.Tensor }) {
    return {
      z: tf.div(tf.sub(y, context ?? 0), 2),
      logDet: tf.fill([y.shape[0]!], -3 * Math.log(2)),
    };
  }
}

describe('BaseFlowLayer', () => {
  test('repeats a context of n rows for the axes in front of the n', () => {
    const context = tf.tensor2d([[1], [10]]);
    const { y, logDet } = new Shifted().forwardAndLogDet(tf.zeros([3, 2, 3]), { context });
    expect(y.shape).toEqual([3, 2, 3]);
    expect(logDet.shape).toEqual([3, 2]);
    expect(tf.slice(y, [2, 0, 0], [1, 2, 1]).dataSync()).toEqual(Float32Array.of(1, 10));
  });

  test('takes a single event', () => {
    const { z, logDet } = new Shifted().inverseAndLogDet(tf.tensor1d([2, 4, 6]));
    expect([...z.dataSync()]).toEqual([1, 2, 3]);
    expect(logDet.shape).toEqual([]);
  });

  test('maps no events to none', () => {
    const { y, logDet } = new Shifted().forwardAndLogDet(tf.zeros([2, 0, 3]));
    expect([y.shape, logDet.shape]).toEqual([
      [2, 0, 3],
      [2, 0],
    ]);
  });

  test('repeats a context of one row for all events', () => {
    const { y } = new Shifted().forwardAndLogDet(tf.zeros([3, 2, 3]), { context: tf.tensor2d([[7]]) });
    expect([...y.dataSync()]).toEqual(Array(18).fill(7));
  });

  test('refuses a context of another length', () => {
    const call = { context: tf.zeros([5, 1]) };
    expect(() => new Shifted().forwardAndLogDet(tf.zeros([2, 3]), call)).toThrow('of shape [2, 1]');
  });
});

test('initialization reaches the layers of a chain that start from data, and gives the latents', () => {
  const shifted = new Shifted();
  const coupling = new Coupling({
    mask: halfMask(3),
    network: mlp([2, 2], { key: Key.of(0) }),
    transformer: affine(),
  });
  const chain = new Chain([shifted, coupling]);
  const y = Key.of(1).normal([4, 3]);
  const { z, logDet } = initializeBijector(chain, y);
  const direct = chain.inverseAndLogDet(y);
  expect(shifted.initialized).toBe(1);
  expect([...z.dataSync()]).toEqual([...direct.z.dataSync()]);
  expect([...logDet.dataSync()]).toEqual([...direct.logDet.dataSync()]);
  chain.dispose();
});

test('a coupling conditioned on a context is another map for each row of it', () => {
  const coupling = new Coupling({
    mask: halfMask(4),
    network: mlp([3, 4], { key: Key.of(0) }),
    transformer: affine(),
  });
  const z = tf.tile(Key.of(2).normal([1, 4]), [2, 1]);
  const context = tf.tensor2d([[-2], [2]]);
  const { y } = coupling.forwardAndLogDet(z, { context });
  const [first, second] = y.arraySync() as number[][];
  expect(first!.slice(0, 2)).toEqual(second!.slice(0, 2));
  expect(Math.abs(first![2]! - second![2]!)).toBeGreaterThan(1e-3);
  const back = coupling.inverseAndLogDet(y, { context });
  expect([...back.z.dataSync()]).toBeCloseToArray([...z.dataSync()], { relative: 1e-5 });
  coupling.dispose();
});
