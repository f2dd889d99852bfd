import {
  adam,
  classContext,
  evaluate,
  exactTrace,
  fit,
  hutchinsonTrace,
  Key,
  normalHead,
  rungeKutta,
  Sigmoid,
} from '@dgm/core';
import type { Trace } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expectNoLeaks } from '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { learnedBase } from '../base/flow-base';
import { cnf } from '../models/cnf';
import { AffineMap, smoothMlp } from '../smooth/smooth-mlp';
import { ContinuousFlow } from './continuous-flow';

describe('a linear field', () => {
  // z' = z K + t c turns by one radian and shrinks by e^-0.5 a unit of time.
  const linear = (): ContinuousFlow => {
    const field = new AffineMap({ inputs: 2, outputs: 2, key: Key.of(0), conditions: 1 });
    const parameters = field.parameters();
    const kernel = [
      [-0.5, 1],
      [-1, -0.5],
    ];
    tf.tidy(() => {
      parameters.get('kernel')!.assign(tf.tensor2d(kernel));
      parameters.get('bias')!.assign(tf.zeros([2]));
      parameters.get('conditions/kernel')!.assign(tf.zeros([1, 2]));
    });
    return new ContinuousFlow({ dims: 2, field });
  };

  test('has the matrix exponential as its map, and the trace as its log-determinant', () => {
    const layer = linear();
    const { y, logDet } = layer.forwardAndLogDet(tf.tensor2d([[1, 0]]));
    const shrunk = Math.exp(-0.5);
    expect([...y.dataSync()]).toBeCloseToArray([shrunk * Math.cos(1), shrunk * Math.sin(1)], {
      absolute: 1e-5,
    });
    expect(logDet.dataSync()[0]).toBeCloseTo(-1, 5);
    layer.dispose();
  });
});

describe('hutchinsonTrace', () => {
  const rows = 2000;
  const call = { training: true, key: Key.of(3) };
  const layerWith = (trace: Trace): ContinuousFlow => {
    const field = smoothMlp([3, 8, 3], { key: Key.of(1), conditions: 1 });
    return new ContinuousFlow({ dims: 3, field, trace, solver: rungeKutta({ steps: 4 }) });
  };
  const logDets = (trace: Trace): number[] =>
    tf.tidy(() => {
      const layer = layerWith(trace);
      const y = tf.tile(tf.tensor2d([[0.3, -1, 0.5]]), [rows, 1]);
      const values = [...layer.inverseAndLogDet(y, call).logDet.dataSync()];
      layer.dispose();
      return values;
    });

  test('is right on average, within 3 standard errors', () => {
    const [exact] = logDets(exactTrace());
    const estimates = logDets(hutchinsonTrace());
    const mean = estimates.reduce((sum, value) => sum + value, 0) / rows;
    const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows - 1);
    expect(variance).toBeGreaterThan(1e-3);
    expect(Math.abs(mean - exact!)).toBeLessThan(3 * Math.sqrt(variance / rows));
  });

  test('keeps its directions through one solution, so that the way back undoes it', () => {
    const layer = layerWith(hutchinsonTrace());
    const z = Key.of(1).normal([5, 3]);
    const { y, logDet } = layer.forwardAndLogDet(z, call);
    const back = layer.inverseAndLogDet(y, call);
    const sums = tf.add(logDet, back.logDet) as Tensor;
    expect(tf.max(tf.abs(sums)).dataSync()[0]).toBeLessThan(1e-3);
    layer.dispose();
  });
});

test('a context moves the field', () => {
  const model = cnf({ dims: 2, key: Key.of(0), hidden: [8], contextSize: 1 });
  const z = tf.ones([2, 2]);
  const [first, second] = model.decode(z, tf.tensor2d([[-3], [3]])).arraySync() as number[][];
  expect(Math.abs(first![0]! - second![0]!)).toBeGreaterThan(1e-2);
  model.dispose();
});

describe('the objective "velocity" of cnf', () => {
  test('learns the density of the data, by a pass of the field in each step', async () => {
    // A correlated normal density of the plane, and its mirror image for the other condition.
    const count = 1000;
    const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
    const [values, truth] = tf.tidy(() => {
      const noise = Key.of(5).normal([count, 2]);
      const sign = tf.sub(1, tf.mul(2, tf.tensor2d([...labels], [count, 1])));
      const kernel = tf.tensor2d([[0.5, 0.4], [0, 0.3]]); // prettier-ignore
      const x = tf.mul(sign, tf.add(tf.matMul(noise, kernel), [[1, -0.5]]));
      const logProb = tf.sub(tf.mul(-0.5, tf.sum(tf.square(noise), 1)), Math.log(2 * Math.PI * 0.5 * 0.3));
      return [x.dataSync() as Float32Array, tf.mean(logProb).dataSync()[0]!] as const;
    });
    const data = { count, shape: [2], labels, values };
    const model = cnf({ dims: 2, hidden: [32], contextSize: 2, objective: 'velocity', key: Key.of(0) });
    const batch = classContext({ classes: 2 });
    await fit(
      model,
      { train: data },
      {
        ...{ key: Key.of(1), batch, optimizer: adam({ learningRate: 1e-2 }), batchSize: 250, epochs: 120 },
        ema: { decay: 0.98 },
      },
    );
    const { kind, nats } = await evaluate(model, data, { key: Key.of(2), batch });
    expect(kind).toBe('exact');
    expect(nats + truth).toBeLessThan(0.06);
    expect(nats + truth).toBeGreaterThan(-0.03);
    model.dispose();
  });

  test('learns behind a preprocessing, and leaves what is in the batch alone', () => {
    const model = cnf({
      dims: 2,
      hidden: [8],
      objective: 'velocity',
      preprocessing: new Sigmoid(),
      key: Key.of(0),
    });
    const x = Key.of(1).uniform([16, 2]);
    const [objective] = model.objectives();
    expectNoLeaks(() => {
      const { total } = objective!.loss(x, Key.of(2), { training: true });
      expect(Number.isFinite(total.dataSync()[0])).toBe(true);
      total.dispose();
    });
    x.dispose();
    model.dispose();
  });

  test('wants a base that is fixed, and the name of an objective', () => {
    const base = learnedBase(normalHead({ shape: [2] }));
    expectNoLeaks(() =>
      expect(() => cnf({ dims: 2, key: Key.of(0), objective: 'velocity', base })).toThrow(
        'fixed distribution',
      ),
    );
    base.dispose();
    expect(() => cnf({ dims: 2, key: Key.of(0), objective: 'speed' as never })).toThrow('objective');
  });
});
