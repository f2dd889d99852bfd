import { adam, asLayer, evaluate, fit, Key, mlp, Sequential } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import {
  addition,
  idf,
  imageIdf,
  IntegerCoupling,
  integerLogistic,
  modularAddition,
  realNvp,
} from '../index';

const wild = (inputs: number, outputs: number, seed: number): Layer =>
  new Sequential([
    mlp([inputs, 8, outputs], { key: Key.of(seed), activation: 'tanh' }),
    asLayer((x) => tf.mul(40, x)),
  ]);

const exactly = (a: tf.Tensor, b: tf.Tensor) => expect([...a.dataSync()]).toEqual([...b.dataSync()]);

describe.each([2, 3, 4, 5])('with %i parts', (parts) => {
  const sizes = Array.from({ length: parts }, () => 1);
  const make = (outer: boolean) =>
    new IntegerCoupling({
      parts: sizes,
      networks: sizes.map((_, part) => wild(parts - 1, 1, part)),
      ...(outer ? { outer: sizes.slice(1).map((_, part) => wild(part + 1, 1, 10 + part)) } : {}),
    });

  test.each([false, true])('the round trip is exact (with g: %s), also far outside of the range', (outer) => {
    const coupling = make(outer);
    const near = tf.floor(Key.of(3).uniform([200, parts], { max: 17 }));
    const far = tf.floor(Key.of(4).uniform([200, parts], { min: -1e6, max: 1e6 }));
    for (const x of [near, far]) {
      const { z, logDet } = coupling.inverseAndLogDet(x);
      exactly(z, tf.round(z));
      exactly(coupling.forwardAndLogDet(z).y, x);
      exactly(coupling.inverseAndLogDet(coupling.forwardAndLogDet(x).y).z, x);
      exactly(logDet, tf.zeros([200]));
    }
    coupling.dispose();
  });
});

test('every pair in the range comes back, and no two meet', () => {
  const model = idf({ dims: 2, key: Key.of(0), couplings: 4, hidden: [16], rezero: true });
  // Away from the identity at which rezero starts.
  for (const [path, variable] of model.parameters())
    if (path.endsWith('scale')) variable.assign(tf.scalar(25));
  const x = tf.tensor2d(Array.from({ length: 289 }, (_, i) => [Math.floor(i / 17), i % 17]));
  const z = model.encode(x);
  exactly(model.decode(z), x);
  exactly(z, tf.round(z));
  expect(new Set((z.arraySync() as number[][]).map(String)).size).toBe(289);
  expect(tf.max(tf.abs(tf.sub(z, x))).dataSync()[0]).toBeGreaterThan(2);
  model.dispose();
});

test('samples are integers, and their likelihood is that of the base at their latents', () => {
  const model = idf({ dims: 4, key: Key.of(0), couplings: 2, hidden: [8], parts: 4 });
  const x = model.sample(Key.of(1), 50);
  exactly(x, tf.round(x));
  const base = integerLogistic({ shape: [4], scale: Math.E }).distribution(tf.zeros([1, 8]));
  expect([...model.logProb(x).dataSync()]).toBeCloseToArray([...base.logProb(model.encode(x)).dataSync()], {
    relative: 1e-5,
  });
  model.dispose();
});

test('both tails of the base fall alike: no floor of an epsilon', () => {
  const base = integerLogistic({ shape: [1] }).distribution(tf.zeros([1, 2]));
  const [left, right] = base.logProb(tf.tensor2d([[-1000], [1000]])).dataSync();
  expect(left).toBeCloseTo(right!, 3);
  expect(right).toBeLessThan(-999);
});

describe('binary operations', () => {
  const [x, t] = [tf.tensor1d([0, 4, 2, 3]), tf.tensor1d([7, -9, 0, 5])];

  test('addition and its inverse', () => exactly(addition.undo(addition.apply(x, t), t), x));

  test('modularAddition stays among the levels, and comes back', () => {
    const operation = modularAddition(5);
    const y = operation.apply(x, t);
    expect([...y.dataSync()]).toEqual([2, 0, 2, 3]);
    exactly(operation.undo(y, t), x);
    expect(() => modularAddition(1)).toThrow('at least 2');
  });

  test('a coupling with modular addition permutes the finite set of events', () => {
    const coupling = new IntegerCoupling({
      parts: [1, 1],
      networks: [wild(1, 1, 0), wild(1, 1, 1)],
      operation: modularAddition(5),
    });
    const every = tf.tensor2d(Array.from({ length: 25 }, (_, i) => [Math.floor(i / 5), i % 5]));
    const { z } = coupling.inverseAndLogDet(every);
    const rows = (z.arraySync() as number[][]).map(String);
    expect(new Set(rows)).toEqual(new Set((every.arraySync() as number[][]).map(String)));
    exactly(coupling.forwardAndLogDet(z).y, every);
    coupling.dispose();
  });
});

test('the gradient passes the rounding as if it were not there', () => {
  const coupling = new IntegerCoupling({
    parts: [1, 1],
    networks: [undefined, asLayer((x) => tf.mul(0.3, x))],
  });
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(coupling.inverseAndLogDet(x).z))(tf.tensor2d([[3, 1]]));
  expect([...gradient.dataSync()]).toBeCloseToArray([1.3, 1], { relative: 1e-6 });
});

test.each([2, 4])('with %i parts it is the gradient of the same coupling without rounding', (parts) => {
  const sizes = Array.from({ length: parts }, () => 1);
  const kernels = sizes.map((_, part) => Key.of(part).normal([parts - 1, 1]));
  const coupling = new IntegerCoupling({
    parts: sizes,
    networks: kernels.map((kernel) => asLayer((x) => tf.matMul(x, kernel))),
  });
  const smooth = (x: tf.Tensor) => {
    const values = [...tf.split(x, parts, 1)];
    kernels.forEach((kernel, part) => {
      const others = tf.concat(values.filter((_, index) => index !== part), 1); // prettier-ignore
      values[part] = tf.add(values[part]!, tf.matMul(others, kernel));
    });
    return tf.concat(values, 1);
  };
  const x = tf.reshape(tf.range(1, parts + 1), [1, parts]);
  const weights = Key.of(9).normal([1, parts]);
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(weights, coupling.inverseAndLogDet(x).z)))(x);
  // The map without rounding is linear: its differences are its gradient.
  const rows = tf.split(tf.eye(parts), parts);
  const differences = rows.map((row) => {
    const change = tf.sub(smooth(tf.add(x, row)), smooth(x));
    return tf.sum(tf.mul(weights, change)).dataSync()[0]!;
  });
  expect([...gradient.dataSync()]).toBeCloseToArray(differences, { absolute: 1e-4 });
});

test('parts and networks that do not fit are refused', () => {
  expect(() => new IntegerCoupling({ parts: [4], networks: [undefined] })).toThrow('at least two');
  expect(() => new IntegerCoupling({ parts: [2, 2], networks: [undefined] })).toThrow(
    'one entry for each part',
  );
  expect(() => idf({ dims: 2, parts: 4, key: Key.of(0) })).toThrow('from 2 to 2');
  expect(() => idf({ dims: 8, parts: 4, scales: 3, key: Key.of(0) })).toThrow(
    'parts to be an integer from 2 to 2',
  );
  expect(() => idf({ dims: 8, scales: 5, key: Key.of(0) })).toThrow('scales to be an integer from 1 to 4');
});

test('fit and evaluate refuse data that are no integers before anything is trained, also for several scales', async () => {
  const key = Key.of(0);
  const grey = { count: 2, shape: [4], values: new Float32Array(8).fill(0.5) };
  const image = { ...grey, shape: [2, 2, 1] };
  const [flat, multiscale] = [
    idf({ dims: 4, key, couplings: 1, hidden: [4] }),
    imageIdf({ shape: [2, 2, 1], levels: 17, key, scales: 1, steps: 1, hidden: 4 }),
  ];
  const message = 'to be integers, got 0.5 in row 0 at entry 0; round the data';
  const training = { key, optimizer: adam({ learningRate: 1e-3 }), batchSize: 2, epochs: 1 };
  await expect(fit(flat, { train: grey }, training)).rejects.toThrow(message);
  await expect(fit(multiscale, { train: image }, training)).rejects.toThrow(message);
  await expect(evaluate(flat, grey, { key })).rejects.toThrow(message);
  const real = realNvp({ dims: 4, key });
  expect(real.levels).toBeUndefined();
  [flat, multiscale, real].forEach((model) => model.dispose());
});
