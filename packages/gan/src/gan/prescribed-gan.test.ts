import { compiled } from '@dgm/compile';
import {
  adam,
  asLayer,
  choleskyFactor,
  Dense,
  evaluate,
  fit,
  Key,
  mlp,
  MultivariateNormal,
  Sequential,
  trainable,
} from '@dgm/core';
import type { Examples } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { prescribedGan } from './prescribed-gan';
import type { PrescribedGan, PrescribedGanOptions } from './prescribed-gan';

const key = Key.of(0);
const WEIGHTS = [0.8, -0.5, 0.3];
/** The range of the standard deviation starts in its middle: its geometric mean. */
const STD = 0.5;
const stdRange = [STD / 2, STD * 2] as const;

/** A critic that likes all examples alike. */
const indifferent = asLayer((x: Tensor) => tf.mul(0, tf.sum(x, 1, true)));

/** x = w z + e with normal noise e: the linear case, which is probabilistic PCA. */
function linear(options: Partial<PrescribedGanOptions> = {}): PrescribedGan {
  const generator = new Dense({ inputs: 1, outputs: 3, bias: false, key });
  trainable(generator)
    .get('kernel')!
    .assign(tf.tensor2d([WEIGHTS]));
  return prescribedGan({
    ...{ latent: 1, generator, critic: indifferent, encoder: asLayer(posterior), penalties: [], stdRange },
    ...options,
  });
}

/** The mean and the log-variance of p(z given x) of the linear case. */
function posterior(x: Tensor): Tensor {
  const precision = 1 + WEIGHTS.reduce((sum, w) => sum + w ** 2, 0) / STD ** 2;
  const mean = tf.div(tf.matMul(x as tf.Tensor2D, tf.tensor2d(WEIGHTS, [3, 1])), precision * STD ** 2);
  return tf.concat([mean, tf.fill([x.shape[0]!, 1], -Math.log(precision))], 1);
}

function exactOfLinear(x: Tensor): Tensor {
  const covariance = WEIGHTS.map((a, i) => WEIGHTS.map((b, j) => a * b + (i === j ? STD ** 2 : 0)));
  return MultivariateNormal.lowerTriangular(tf.zeros([3]), choleskyFactor(tf.tensor2d(covariance))).logProb(
    x,
  );
}

test('gives the likelihood of probabilistic PCA by each draw of its posterior, in the linear case', () => {
  const model = linear();
  tf.tidy(() => {
    const x = model.sample(key, 20);
    const exact = exactOfLinear(x).arraySync() as number[];
    const weights = model.logWeights(x, key, 3).arraySync() as number[][];
    for (const row of weights)
      for (const [index, weight] of row.entries()) expect(weight).toBeCloseTo(exact[index]!, 4);
  });
  model.dispose();
});

test('stays below that likelihood by another proposal, and rises to it with the draws', async () => {
  const wide = (x: Tensor) => tf.concat([tf.zeros([x.shape[0]!, 1]), tf.zeros([x.shape[0]!, 1])], 1);
  const model = linear({ encoder: asLayer(wide) });
  const x = model.sample(key, 200);
  const exact = tf.tidy(() => tf.mean(exactOfLinear(x)).dataSync()[0]!);
  const examples: Examples = { count: 200, shape: [3], values: x.dataSync() as Float32Array };
  const bounds: number[] = [];
  for (const importanceSamples of [2, 8, 32, 512])
    bounds.push(-(await evaluate(model, examples, { key, importanceSamples })).nats);
  for (const [index, bound] of bounds.entries())
    expect(bound).toBeGreaterThan(bounds[index - 1] ?? -Infinity);
  expect(bounds[0]).toBeLessThan(exact - 0.1);
  expect(Math.abs(bounds.at(-1)! - exact)).toBeLessThan(0.02);
  x.dispose();
  model.dispose();
});

test('the gradient of its generator is that of the entropy, half the log-determinant of C in the linear case', () => {
  const entropyWeight = 2;
  const model = linear({ entropyWeight, chainSteps: 8 });
  const generator = model.objectives()[1]!;
  tf.tidy(() => {
    const x = tf.zeros([4096, 3]);
    const prepared = generator.prepare!(x, key, { training: false });
    const loss = () => generator.loss(x, key, { training: false, prepared }).total;
    const { grads } = tf.variableGrads(loss, [...generator.parameters]);
    const [byWeights, byLogit] = generator.parameters.map(({ name }) => grads[name]!.dataSync());
    // det C is the variance to the power of 2 times the variance along w.
    const along = WEIGHTS.reduce((sum, w) => sum + w ** 2, STD ** 2);
    const range = Math.log(stdRange[1] / stdRange[0]);
    for (const [index, w] of WEIGHTS.entries()) {
      expect(-byWeights![index]! / entropyWeight).toBeCloseTo(w / along, 1);
      expect(-byLogit![index]! / entropyWeight).toBeCloseTo(((1 - w ** 2 / along) * range) / 4, 1);
    }
  });
  model.dispose();
});

test('trains an energy, minus the score of its critic, that is the closed form for normal data', async () => {
  const [mean, std, count] = [1, 0.5, 200];
  const values = tf.tidy(() => {
    const draws = key.fold('data').normal([count]);
    const moments = tf.moments(draws);
    const standardized = tf.div(tf.sub(draws, moments.mean), tf.sqrt(moments.variance));
    return tf.add(mean, tf.mul(std, standardized)).dataSync() as Float32Array;
  });
  const features = asLayer((x: Tensor) => tf.concat([x, tf.square(x)], 1));
  const model = prescribedGan({
    ...{ latent: 1, loss: 'wasserstein', penalties: [], entropyWeight: 1, stdRange: [0.1, 1] },
    generator: new Dense({ inputs: 1, outputs: 1, key }),
    critic: new Sequential([features, mlp([2, 1], { key: key.fold('critic') })]),
    encoder: mlp([1, 2], { key: key.fold('encoder') }),
  });
  const player = adam({ learningRate: 2e-2, beta1: 0.5 });
  await fit(
    model,
    { train: { count, shape: [1], values } },
    {
      ...{ key, batchSize: count, epochs: 1200, engine: compiled() },
      optimizer: { critic: player, generator: player, proposal: adam() },
      ema: { critic: { decay: 0.98 }, generator: { decay: 0.98 } },
    },
  );
  // -E(x) = -(x - m)^2 / 2 s^2 but for a constant.
  const [linearTerm, square] = model.critic.parameters().get('1/0/kernel')!.dataSync();
  expect(Math.abs(linearTerm! / (mean / std ** 2) - 1)).toBeLessThan(0.1);
  expect(Math.abs(square! / (-0.5 / std ** 2) - 1)).toBeLessThan(0.1);
  tf.tidy(() => {
    const drawn = tf.moments(model.sample(key, 4000));
    expect(Math.abs(drawn.mean.dataSync()[0]! - mean)).toBeLessThan(0.05);
    expect(Math.abs(Math.sqrt(drawn.variance.dataSync()[0]!) - std)).toBeLessThan(0.05);
  });
  model.dispose();
});

test('rounds its samples to integers with the probabilities that it states', () => {
  const levels = 5;
  const model = prescribedGan({
    latent: 1,
    generator: asLayer((z: Tensor) => tf.add(0.3, tf.mul(0, z))),
    critic: indifferent,
    encoder: asLayer((x: Tensor) => tf.zeros([x.shape[0]!, 2])),
    penalties: [],
    stdRange: [0.2, 0.8],
    levels,
  });
  tf.tidy(() => {
    const every = tf.reshape(tf.range(0, levels), [levels, 1]);
    const logProbs = model.logProbGiven(every, tf.zeros([levels, 1]));
    const probabilities = Array.from(tf.exp(logProbs).dataSync());
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    const samples = Array.from(model.sample(key, 20_000).dataSync());
    for (const [value, p] of probabilities.entries())
      expect(samples.filter((each) => each === value).length / 20_000).toBeCloseTo(p, 2);
  });
  model.dispose();
});

test('adapts the step size of its chains while it is trained', async () => {
  const model = linear({
    encoder: mlp([3, 8, 2], { key }),
    critic: mlp([3, 8, 1], { key, activation: 'leakyRelu' }),
  });
  const step = () => model.parameters().get('log-step-size')!.dataSync()[0]!;
  const first = step();
  const train: Examples = { count: 64, shape: [3], values: model.sample(key, 64).dataSync() as Float32Array };
  await fit(model, { train }, { key, optimizer: adam({ learningRate: 1e-3 }), batchSize: 32, epochs: 2 });
  expect(step()).toBeGreaterThan(first);
  model.dispose();
});

test.each<[string, Partial<PrescribedGanOptions>, string]>([
  ['no latents', { latent: 0 }, 'latent'],
  ['a misspelt option', { entropy: 3 } as object, 'entropyWeight'],
  ['a range that is none', { stdRange: [0.3, 0.1] }, 'stdRange'],
  ['no steps of a chain', { chainSteps: 0 }, 'chainSteps'],
  ['no encoder', { encoder: undefined as never }, 'encoder'],
  ['an encoder without variances', { encoder: asLayer((x: Tensor) => tf.sum(x, 1, true)) }, 'encoder'],
])('refuses %s', (_, options, message) => {
  expect(() => linear(options)).toThrow(message);
});
