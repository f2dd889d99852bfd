import { Key, setup, trainable, type BackendName } from '@dgm/core';
import { jacobians, logAbsDeterminant } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { Sylvester } from './sylvester';

const forms = ['orthogonal', 'householder', 'triangular'] as const;

describe.each([2, 8, 32])('the log-determinant of a Sylvester layer in %i dimensions', (dims) => {
  test.each(forms)(
    'is that of the dense Jacobian, one matrix for each row of a context: %s',
    async (form) => {
      const layer = new Sylvester({ dims, form, contextSize: 2, key: Key.of(1) });
      const rows = dims === 32 ? 4 : 20;
      const z = Key.of(2).normal([rows, dims]);
      const call = { context: Key.of(3).normal([rows, 2]) };
      const { y, logDet } = layer.forwardAndLogDet(z, call);
      // On cpu, which sums in float64: of the rounding of a float32 product, this determinant makes 4e-4 in 32 dimensions.
      const suiteBackend = tf.getBackend() as BackendName;
      await setup({ backend: 'cpu' });
      const dense = jacobians((x) => layer.forwardAndLogDet(x, call).y, z, dims).map(logAbsDeterminant);
      await setup({ backend: suiteBackend });
      expect([...logDet.dataSync()]).toBeCloseToArray(dense, { absolute: 1e-4, relative: 1e-4 });
      // The inverse solves for one coordinate after the other: at 32, rounding grows along the way.
      if (dims < 32) {
        const back = layer.inverseAndLogDet(y, call);
        expect([...back.z.dataSync()]).toBeCloseToArray([...z.dataSync()], { absolute: 2e-4 });
      }
      layer.dispose();
    },
  );
});

test.each([1e-30, 1e-6, 1e20])('only the direction of a reflection counts: vectors times %f', (size) => {
  const layer = new Sylvester({ dims: 3, form: 'householder', key: Key.of(0) });
  const directions = [...trainable(layer)].find(([path]) => path.includes('directions'))![1];
  const z = Key.of(1).normal([4, 3]);
  const before = layer.forwardAndLogDet(z);
  tf.tidy(() => directions.assign(tf.mul(size, directions)));
  const after = layer.forwardAndLogDet(z);
  for (const part of ['y', 'logDet'] as const) {
    expect([...after[part].dataSync()]).toBeCloseToArray([...before[part].dataSync()], { absolute: 1e-5 });
  }
  layer.dispose();
});
