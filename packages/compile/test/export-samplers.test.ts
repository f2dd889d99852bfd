import { Key } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { ddim, flowMatching, gaussianDiffusion, mlpDenoiser } from '../../diffusion/src/index';
import { exportFunction, exportOnnx } from '../src/index';

const key = Key.of(0);
const ROWS = 3;

async function run(
  file: Uint8Array,
  given: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, ort.Tensor>>> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
  const feeds = Object.entries(given).map(([name, x]) => {
    const values = x.dataSync();
    return [
      name,
      x.dtype === 'int32'
        ? new ort.Tensor('int32', Int32Array.from(values), x.shape)
        : new ort.Tensor('float32', Float32Array.from(values), x.shape),
    ];
  });
  const results = await session.run(Object.fromEntries(feeds) as Record<string, ort.Tensor>);
  await session.release();
  return results as Readonly<Record<string, ort.Tensor>>;
}

/** A network whose weights are not 0 where they start. */
function network(): ReturnType<typeof mlpDenoiser> {
  const made = mlpDenoiser({ shape: [2], features: 8, blocks: 1, key });
  tf.tidy(() => {
    for (const [path, variable] of made.parameters())
      variable.assign(tf.add(variable, tf.mul(0.2, key.fold(path).normal(variable.shape))));
  });
  return made;
}

test('one step of a sampler is a file, which serves all steps', async () => {
  const model = gaussianDiffusion({ shape: [2], network: network() });
  const loop = model.samplingLoop(ROWS, { sampler: ddim({ steps: 4 }) });
  const start = loop.start({}, key);
  const specs = Object.fromEntries(
    Object.entries(start).map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as 'float32' }]),
  );
  const file = exportFunction(
    ({ tensors, key }) => {
      const { z, step } = loop.next(tensors, {}, key);
      return { 'z/next': z!, 'step/next': step! };
    },
    specs,
    { parameters: model.parameters() },
  );
  let [z, step] = [start['z']!, start['step']!];
  for (let index = 0; index < 4; index++) {
    const results = await run(file, { z, step });
    const expected = tf.tidy(() => loop.next({ ...start, z, step }, {}, key));
    expect(relativeError(results['z/next']!.data as Float32Array, expected['z']!.dataSync())).toBeLessThan(
      1e-5,
    );
    tf.dispose([z, step, expected['last']!]);
    [z, step] = [expected['z']!, expected['step']!];
  }
  expect([...step.dataSync()]).toEqual([4]);
  tf.dispose([z, step, start['last']!]);
  model.dispose();
});

test('a whole sampler is a file as well, from noise to samples', async () => {
  const model = flowMatching({ shape: [2], levels: 5, network: network() });
  const file = exportOnnx(model, { method: 'sample', batch: ROWS });
  const noise = key.fold(0).normal([ROWS, 2]);
  const { sample } = await run(file, { 'noise/0': noise });
  const expected = model.sample(key, ROWS);
  expect([...(sample!.data as Float32Array)]).toEqual([...expected.dataSync()]);
  tf.dispose([noise, expected]);
  model.dispose();
});
