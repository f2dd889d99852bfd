import { evaluate, Key, mlp, planeKl } from '@dgm/core';
import { meanAndError, STANDARD_ERRORS, take } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { energyModel } from '../energy/energy-model';
import { annealedImportanceSampling } from './annealed-importance-sampling';
import { boxPath } from './box-path';

const key = Key.of(0);

it('keeps the law of a density whose mass is at a wall', () => {
  // E(x) = 3 x in [0, 1]: the mean is 1/3 - 1 / (e^3 - 1).
  const energy = (x: Tensor): Tensor => tf.mul(3, tf.squeeze(x, [1]));
  const path = boxPath('test', energy, { shape: [1], min: 0, max: 1, stepSize: 0.3 });
  tf.tidy(() => {
    let x = path.draw(Key.of(1), 3000);
    for (let step = 0; step < 12; step++) x = path.move(x, tf.scalar(1), Key.of(2).fold(step));
    const values = take(x);
    const { mean, standardError } = meanAndError(values);
    expect(Math.abs(mean - (1 / 3 - 1 / (Math.exp(3) - 1)))).toBeLessThan(STANDARD_ERRORS * standardError);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  });
});

it('estimates the normalizer of a deep energy with an interval about that of quadrature', async () => {
  const network = mlp([2, 12, 1], { key, activation: 'swish' });
  tf.tidy(() => network.parameters().forEach((variable) => variable.assign(tf.mul(3, variable))));
  const model = energyModel({ network, shape: [2], range: [-2, 2], key, bufferSize: 4 });
  const { massQ } = await planeKl(
    (x) => tf.zeros([x.shape[0]!]),
    (x) => tf.neg(model.energy(x)),
    { range: [-2, 2], cells: 100 },
  );
  const options = { key, chains: 200, temperatures: 30 };
  const partition = await annealedImportanceSampling(model.annealedPath({ stepSize: 0.2 }), options);
  const error = partition.logPartition - Math.log(massQ);
  expect(Math.abs(error)).toBeLessThan(STANDARD_ERRORS * partition.standardError);
  expect(partition.standardError).toBeLessThan(0.05);

  const examples = { count: 1, shape: [2], values: Float32Array.of(0.5, -0.5) };
  const { kind, nats } = await evaluate(model, examples, { key, partition });
  expect(kind).toBe('estimate');
  const energy = tf.tidy(() => take(model.energy(tf.tensor2d([[0.5, -0.5]])))[0]!);
  expect(nats).toBeCloseTo(energy + partition.logPartition, 4);
  expect(() => model.annealedPath({ stepsize: 1 } as never)).toThrow(/did you mean "stepSize"/);
  expect(() => model.annealedPath({ stepSize: 0 })).toThrow(/stepSize/);
  model.dispose();
});
