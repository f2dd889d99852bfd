// Draws the picture of the README of @dgm/priors: the priors of three VAEs, with draws of their posteriors, and prints the bound of
// each VAE. npx tsx --tsconfig ../../tsconfig.json scripts/draw-priors.ts
import { fileURLToPath } from 'node:url';
import { compiled } from '@dgm/compile';
import { adam, categoricalHead, conditional, evaluate, fit, Key, mlp, normalHead, setup } from '@dgm/core';
import type { ConditionalDistribution, Distribution } from '@dgm/core';
import { glyphs, savePng, toTensor } from '@dgm/data';
import { dataPseudoInputs, mixtureOfGaussiansPrior, vampPrior } from '@dgm/priors';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const SIDE = 240;
const PAPER = [255, 255, 255] as const;
const [DENSITY, DRAW] = [
  [52, 94, 168],
  [214, 93, 14],
] as const;

/** A dot of four pixels. */
const DOT = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

await setup({ backend: 'cpu' });
const data = glyphs();
const key = Key.of(0);
const posterior = normalHead({ shape: [2] });

/** A prior of two latent variables, which may see the encoder of its model; none is that of a VAE by default. */
type MakePrior = (encoder: ConditionalDistribution) => ConditionalDistribution | undefined;

const priors: Readonly<Record<string, MakePrior>> = {
  'standard normal': () => undefined,
  'mixture of 16 Gaussians': () =>
    mixtureOfGaussiansPrior({ shape: [2], components: 16, key: key.fold('mixture') }),
  'VampPrior of 16 pseudo-inputs': (encoder) =>
    vampPrior({ encoder, pseudoInputs: dataPseudoInputs(data.train, { count: 16 }), key: key.fold('vamp') }),
};

/** Where nearly all draws are, along one axis: the middle, and how far they are from it. */
function extent(draws: readonly (readonly [number, number])[], axis: 0 | 1) {
  const sorted = draws.map((z) => z[axis]).sort((a, b) => a - b);
  const [low, high] = [0.01, 0.99].map((part) => sorted[Math.floor(part * sorted.length)]!) as [
    number,
    number,
  ];
  return { middle: (low + high) / 2, reach: (1.3 * (high - low)) / 2 };
}

/** The density of the prior, with a dot for each draw of the posteriors, `[SIDE, SIDE, 3]`. */
function panel(prior: Distribution, draws: readonly (readonly [number, number])[]): number[] {
  const [across, up] = [extent(draws, 0), extent(draws, 1)];
  const reach = Math.max(across.reach, up.reach);
  const [left, top] = [across.middle - reach, up.middle + reach];
  const unit = (2 * reach) / SIDE;
  const density = tf.tidy(() => {
    const steps = tf.mul(unit, tf.add(tf.range(0, SIDE), 0.5));
    const [x, y] = tf.meshgrid(tf.add(left, steps), tf.sub(top, steps)) as [Tensor, Tensor];
    const p = tf.exp(prior.logProb(tf.stack([tf.reshape(x, [-1]), tf.reshape(y, [-1])], 1)));
    return tf.div(p, tf.max(p)).dataSync();
  });
  const pixels = Array.from(density).flatMap((part) =>
    PAPER.map((paper, channel) => paper + Math.sqrt(part) * (DENSITY[channel]! - paper)),
  );
  for (const [x, y] of draws) {
    const [column, row] = [Math.floor((x - left) / unit), Math.floor((top - y) / unit)];
    for (const [down, right] of DOT) {
      const [at, below] = [column + right, row + down];
      if (Math.min(at, below) < 0 || Math.max(at, below) >= SIDE) continue;
      DRAW.forEach((value, channel) => (pixels[(below * SIDE + at) * 3 + channel] = value));
    }
  }
  return pixels;
}

const panels: number[][] = [];
for (const [name, makePrior] of Object.entries(priors)) {
  const encoder = mlp([64, 64, 2 * 2], { key: key.fold('encoder'), activation: 'leakyRelu' });
  const shared = conditional(encoder, posterior);
  const prior = makePrior(shared);
  const model = vae({
    ...{ encoder, posterior, ...(prior && { prior }) },
    decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder'), activation: 'leakyRelu' }),
    likelihood: categoricalHead({ shape: [64], levels: 17 }),
  });
  const optimizer = adam({ learningRate: 2e-3 });
  await fit(model, data, { key, engine: compiled(), optimizer, batchSize: 64, epochs: 300 });
  const { nats } = await evaluate(model, data.test, { key });
  const x = toTensor(data.test);
  const draws = tf.tidy(() => shared.given(x).sample(key.fold('draws')).arraySync()) as [number, number][];
  panels.push(tf.tidy(() => panel(model.prior(), draws)));
  console.log(`${name}: ${nats.toFixed(1)} nats`);
  x.dispose();
  model.dispose();
}
const file = fileURLToPath(new URL('../../../packages/priors/docs/priors.png', import.meta.url));
await savePng(
  file,
  { shape: [SIDE, SIDE, 3], values: panels.flat() },
  { columns: 3, scale: 1, padding: 8, range: [0, 255] },
);
