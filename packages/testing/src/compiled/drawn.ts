import { Key } from '@dgm/core';
import type { Engine, StepProgram } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

/** What a step sees of every kind of draw, from keys that are derived in every way. */
export async function drawn(engine: Engine): Promise<readonly number[]> {
  const size = 7;
  const samplers: readonly ((key: Key) => Tensor)[] = [
    (key) => key.normal([size]),
    (key) => key.uniform([size]),
    (key) => key.uniform([size], { min: -2, max: 3 }),
    (key) => key.gumbel([size]),
    (key) => key.logistic([size]),
    (key) => key.exponential([size]),
    (key) => key.bernoulli([size], 0.3),
    (key) => tf.cast(key.categorical(tf.zeros([size, 5])), 'float32'),
    (key) =>
      key
        .fold('name')
        .fold(2 ** 40)
        .split(3)[2]!
        .normal([size]),
  ];
  const seen: Variable[] = samplers.map(() => tf.tidy(() => tf.variable(tf.zeros([size]), false)));
  const program: StepProgram<Tensor[]> = {
    state: new Map(seen.map((variable, index) => [`draw/${index}`, variable])),
    run: ({ key }) =>
      tf.tidy(() => {
        samplers.forEach((sampler, index) => seen[index]!.assign(sampler(key.fold(index))));
        return { total: tf.scalar(0) };
      }),
  };
  const step = await engine.prepare(program);
  try {
    await step.run({ batch: [], key: Key.of(5), learningRates: {}, step: 1 });
    await step.drain();
    await step.sync();
    return seen.flatMap((variable) => [...variable.dataSync()]);
  } finally {
    step.dispose();
    tf.dispose(seen);
  }
}
