import { normalHead, Key, modelHead } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import { planarFlow } from '@dgm/flows';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { detached } from './detached';

const flow = () =>
  modelHead(planarFlow({ dims: 3, contextSize: 4, layers: 2, key: Key.of(0) }), { contextSize: 4 });
const isModule = (head: DistributionHead): head is ReturnType<typeof flow> => 'parameters' in head;
const sum = (x: Tensor): tf.Scalar => tf.sum(x);

test.each([
  ['a head without variables', () => normalHead({ shape: [2] })],
  ['a flow', flow],
])('%s keeps its density and the gradient along z, and has none by its parameters', (_, make) => {
  const head = make();
  tf.tidy(() => {
    const parameters = Key.of(1).normal([5, 4]);
    const z = Key.of(2).normal([5, ...head.eventShape]);
    const [plain, constant] = [head, detached(head)].map((each) =>
      tf.valueAndGrads((p: Tensor, x: Tensor) =>
        sum(tf.add(each.distribution(p).logProb(x), tf.mul(0, tf.sum(p, 1)))),
      )([parameters, z]),
    );
    expect([...constant!.value.dataSync()]).toEqual([...plain!.value.dataSync()]);
    expect(constant!.grads[1]!.dataSync()).toBeCloseToArray([...plain!.grads[1]!.dataSync()], {
      relative: 1e-5,
    });
    expect(Math.max(...tf.abs(plain!.grads[0]!).dataSync())).toBeGreaterThan(0.01);
    expect([...new Set(tf.abs(constant!.grads[0]!).dataSync())]).toEqual([0]);
  });
  if (isModule(head)) head.dispose();
});

test('no gradient reaches the variables of a flow', () => {
  const head = flow();
  tf.tidy(() => {
    const z = Key.of(2).normal([5, 3]);
    const score = (each: typeof head | ReturnType<typeof detached>): number[] => {
      const { grads } = tf.variableGrads(
        () => sum(each.distribution(Key.of(1).normal([5, 4])).logProb(z)),
        [...head.parameters().values()],
      );
      return Object.values(grads).flatMap((gradient) => [...gradient.dataSync()]);
    };
    expect(Math.max(...score(head).map(Math.abs))).toBeGreaterThan(0.1);
    expect(Math.max(...score(detached(head)).map(Math.abs))).toBeLessThan(1e-5);
  });
  head.dispose();
});
