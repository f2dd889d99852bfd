import {
  adam,
  asLayer,
  cosineSchedule,
  evaluate,
  fit,
  gatherExamples,
  Key,
  mlp,
  modeCounts,
  selectByMask,
  Sequential,
  sizeOf,
} from '@dgm/core';
import type { BoundModel, Examples } from '@dgm/core';
import { dataset as makeDataset, gaussianMixture, planeDataset } from '@dgm/data';
import { cycleGan, gan, r1, r2, unpairedContext, wganPenalty } from '@dgm/gan';
import type { CycleGan, DensityNetwork, GanOptions } from '@dgm/gan';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { nearestNeighbourLabels } from '../../datasets/classifiers';
import { head } from '../../datasets/datasets';
import { startEngine } from '../../engine/engine';
import type { StartedEngine } from '../../engine/engine';
import type { Claim, ClaimContext, Measured } from '../claim';
import { overSeeds, trainedMetric, trainedNats, withTrained } from '../trained';

const dataset = 'digits';

/** The points of a grid, whose distance is 1, and the spread of the normal density at each. */
const SIDE = [-2, -1, 0, 1, 2];
const MODES = SIDE.flatMap((x) => SIDE.map((y) => [x, y] as const));
const STD = 0.05;

/** Samples that are judged, and the share of them that makes a mode covered: a tenth of its own. */
const SAMPLES = 10_000;
const COVERED = SAMPLES / MODES.length / 10;

/** A way of training on the grid: what differs from the others. */
interface OnGrid {
  readonly options: Partial<GanOptions>;
  /** Batches, of which the generator may learn from fewer. */
  readonly steps: number;
  readonly learningRate: number;
  /** The latent variables, of ten, that the generator sees by their signs. */
  readonly signs: number;
  /** The decay of the average of the generator's weights. */
  readonly decay: number;
}

const ON_GRID = {
  r3gan: {
    options: { penalties: [r1({ gamma: 0.005 }), r2({ gamma: 0.005 })] },
    ...{ steps: 10_000, learningRate: 1e-3, signs: 8, decay: 0.999 },
  },
  'wgan-gp': {
    options: { loss: 'wasserstein', penalties: [wganPenalty({ weight: 0.1 })], criticSteps: 5 },
    ...{ steps: 20_000, learningRate: 2e-3, signs: 10, decay: 0.99 },
  },
  // Latent variables as they are, as usual.
  plain: {
    options: { loss: 'non-saturating', penalties: [] },
    ...{ steps: 10_000, learningRate: 1e-3, signs: 0, decay: 0.999 },
  },
} satisfies Record<string, OnGrid>;

/** The signs of the first latent variables, and the others as they are. */
const withSigns = (signs: number) =>
  asLayer((z: Tensor) => {
    const isSigned = tf.less(tf.range(0, z.shape[1]!), signs);
    const sign = tf.sub(tf.mul(2, tf.cast(tf.greater(z, 0), 'float32')), 1);
    return selectByMask(isSigned, sign, z);
  });

/** What samples of one training look like: modes that have a tenth of their share, and the share within four deviations of one. */
interface Held {
  readonly modes: number;
  readonly good: number;
}

/** The plane is learned once for all claims about it. */
const held = new Map<string, Promise<Held>>();

/**
 * Trains on 25 normal densities. No continuous map makes separate parts of one normal density without points between them, so
 * that generators see latent variables by their signs.
 */
async function learnGrid(name: keyof typeof ON_GRID, seed: number, { engine }: StartedEngine): Promise<Held> {
  const { options, steps, learningRate, signs, decay }: OnGrid = ON_GRID[name];
  const [key, batchSize, count] = [Key.of(seed), 256, 51_200];
  const mixture = gaussianMixture({ means: MODES, std: STD });
  const { train } = planeDataset(mixture, { key: key.fold('data'), train: count, test: 1 });
  const activation = { name: 'leakyRelu', slope: 0.2 } as const;
  const [latent, width] = [10, 96];
  const widths = [width, width, width];
  const generator = mlp([latent, ...widths, 2], { key: key.fold('generator'), activation });
  const model = gan({
    ...{ ...options, latent },
    generator: new Sequential([withSigns(signs), generator]),
    critic: mlp([2, ...widths, 1], { key: key.fold('critic'), activation }),
  });
  const schedule = cosineSchedule(learningRate, { steps, final: learningRate / 100 });
  await fit(
    model,
    { train },
    {
      ...{ key: key.fold('training'), engine, batchSize, epochs: Math.round((steps * batchSize) / count) },
      optimizer: adam({ learningRate: schedule, beta1: 0, beta2: 0.99 }),
      ema: { generator: { decay } },
    },
  );
  const [samples, modes] = [model.sample(key.fold('samples'), SAMPLES), tf.tensor2d(MODES.flat(), [25, 2])];
  const { counts, outside } = await modeCounts(samples, modes, { radius: 4 * STD });
  tf.dispose([samples, modes]);
  model.dispose();
  return { modes: counts.filter((count) => count >= COVERED).length, good: 1 - outside };
}

async function onGrid(
  name: keyof typeof ON_GRID,
  what: keyof Held,
  { seeds, engine }: ClaimContext,
): Promise<Measured> {
  const values: number[] = [];
  for (const seed of seeds) {
    const training = `${name} ${seed}`;
    if (!held.has(training)) held.set(training, learnGrid(name, seed, engine));
    values.push((await held.get(training)!)[what]);
  }
  return overSeeds(values);
}

const ofGrid = (
  model: keyof typeof ON_GRID,
  title: string,
  { what, bound }: { readonly what: keyof Held; readonly bound: Claim['bound'] },
): Claim => ({
  name: `gan.plane.${what}-${model}`,
  what:
    what === 'modes'
      ? `modes of 25 normal densities that have a tenth of their share of 10,000 samples, for ${title}`
      : `samples within four standard deviations of one of 25 modes, for ${title}`,
  unit: what === 'modes' ? 'of 25' : 'of 1',
  bound,
  seeds: [0, 1, 2],
  minutes: 5,
  measure: (context) => onGrid(model, what, context),
});

/** Seconds of one core that the training of R3GAN takes, of both cores where it has two. */
async function secondsOfTraining(context: ClaimContext): Promise<Measured> {
  const trained = { recipe: await context.recipe('gan-r3'), dataset: await context.dataset(dataset) };
  const seconds: number[] = [];
  for (const seed of context.seeds) {
    const before = process.cpuUsage();
    const used = () => process.cpuUsage(before);
    const { user, system } = await withTrained({ ...trained, seed }, context, used);
    seconds.push((user + system) / 1e6);
  }
  return overSeeds(seconds);
}

/** Three digits one behind the other, 1000 modes by their classes, and how many of the modes are among the draws. */
async function modesOfStacked(context: ClaimContext): Promise<Measured> {
  const digits = (await context.dataset(dataset)).train;
  const recipe = await context.recipe('gan-r3');
  const [channels, draws] = [3, 10_000];
  const found: number[] = [];
  for (const seed of context.seeds) {
    const train = stacked(digits, { channels, count: 20_000, key: Key.of(seed).fold('data') });
    const one = head(train, 1);
    const data = makeDataset({ name: 'stacked-digits', levels: 17, train, validation: one, test: one });
    // As many steps as twice those of the digits.
    const trained = { recipe, dataset: data, seed, epochs: 60 };
    found.push(
      await withTrained(trained, context, async ({ model }, key) => {
        const samples = model.sample(key, draws);
        const values = (await samples.data()) as Float32Array;
        samples.dispose();
        const labels = nearestNeighbourLabels(digits, { count: draws * channels, values }, 1);
        const modes = Array.from({ length: draws }, (_, row) =>
          labels.slice(row * channels, (row + 1) * channels).join(''),
        );
        return new Set(modes).size;
      }),
    );
  }
  return overSeeds(found);
}

/** Random examples beside each other. */
function stacked(
  { count: all, shape, values }: Examples,
  { channels, count, key }: { readonly channels: number; readonly count: number; readonly key: Key },
): Examples {
  const size = sizeOf(shape);
  const rows = tf.tidy(() => tf.floor(tf.mul(all, key.uniform([count * channels]))).dataSync());
  const beside = new Float32Array(count * channels * size);
  rows.forEach((row, index) => beside.set(values.subarray(row * size, (row + 1) * size), index * size));
  return { count, shape: [channels * size], values: beside };
}

/** Steps a second of the GAN of points of the site, op by op on the backend of pages; the fastest of several trainings. */
async function stepsOnWasm({ seeds }: ClaimContext): Promise<Measured> {
  const earlier = tf.getBackend();
  const { engine } = await startEngine('eager', 'wasm');
  const key = Key.of(seeds[0]!);
  const [batchSize, steps, trainings] = [100, 100, 5];
  const mixture = gaussianMixture({ means: MODES, std: STD });
  const { train } = planeDataset(mixture, { key: key.fold('data'), train: batchSize * steps, test: 1 });
  const activation = { name: 'leakyRelu', slope: 0.2 } as const;
  const model = gan({
    latent: 4,
    generator: mlp([4, 64, 64, 2], { key: key.fold('generator'), activation }),
    critic: mlp([2, 64, 64, 1], { key: key.fold('critic'), activation }),
  });
  const seconds: number[] = [];
  for (let training = 0; training < trainings; training++) {
    const start = performance.now();
    await fit(
      model,
      { train },
      {
        ...{ key: key.fold('training').fold(training), engine, batchSize, epochs: 1 },
        optimizer: adam({ learningRate: 1e-3, beta1: 0, beta2: 0.99 }),
        ema: { generator: { decay: 0.99 } },
      },
    );
    seconds.push((performance.now() - start) / 1000);
  }
  model.dispose();
  await tf.setBackend(earlier);
  return { value: steps / Math.min(...seconds), standardError: null };
}

/** What a CycleGAN does to test digits. */
interface Translated {
  /** The mean absolute difference of a digit and what it becomes there and back, where ink and paper are 2 apart. */
  readonly cycle: number;
  /** The share of digits that, translated and turned back, are read as their class. */
  readonly right: number;
}

const translated = new Map<number, Promise<Translated>>();

/** Learns to turn digits by a quarter from digits and turned digits that do not belong together. */
async function learnTurning(seed: number, context: ClaimContext): Promise<Translated> {
  const { train, test, levels } = await context.dataset(dataset);
  const [key, size] = [Key.of(seed), sizeOf(train.shape)];
  const seen = (examples: Examples): Examples => ({
    ...examples,
    values: Float32Array.from(examples.values, (value) => (2 * value) / (levels! - 1) - 1),
  });
  const sources = seen(train);
  const activation = { name: 'leakyRelu', slope: 0.2 } as const;
  const criticOf = (name: string) => mlp([size, 256, 256, 1], { key: key.fold(name), activation });
  const model = cycleGan({
    contextSize: size,
    generator: mlp([size, size], { key: key.fold('generator') }),
    inverse: mlp([size, size], { key: key.fold('inverse') }),
    critic: criticOf('critic'),
    sourceCritic: criticOf('source critic'),
    penalties: [r1({ gamma: 0.3 }), r2({ gamma: 0.3 })],
  });
  await fit(
    model,
    { train: { ...sources, values: quarterTurns(sources.values, 1) } },
    {
      ...{ key: key.fold('training'), engine: context.engine.engine, batchSize: 64, epochs: 200 },
      batch: unpairedContext(sources),
      optimizer: adam({ learningRate: 5e-4, beta1: 0, beta2: 0.99 }),
      ema: { generator: { decay: 0.99 } },
    },
  );
  const result = translate(model, sources, seen(test));
  model.dispose();
  return result;
}

function translate(model: CycleGan, train: Examples, test: Examples): Translated {
  const { x, cycle } = tf.tidy(() => {
    const rows = Int32Array.from({ length: test.count }, (_, row) => row);
    const source = gatherExamples(test, rows);
    const made = model.sample(Key.of(0), test.count, { context: source });
    const error = tf.mean(tf.abs(tf.sub(model.sourceOf(made), source)));
    return { x: made.dataSync(), cycle: error.dataSync()[0]! };
  });
  // Five neighbours among the training rows read the class.
  const labels = nearestNeighbourLabels(train, { count: test.count, values: quarterTurns(x, 3) }, 5);
  return { cycle, right: labels.filter((label, row) => label === test.labels![row]).length / test.count };
}

/** Square images of 8 by 8, turned clockwise by so many quarters. */
function quarterTurns(values: ArrayLike<number>, turns: number): Float32Array {
  const [side, size] = [8, 64];
  let from = Float32Array.from(values);
  for (let turn = 0; turn < turns; turn++) {
    from = from.map((_, index, all) => {
      const [row, column] = [Math.floor((index % size) / side), index % side];
      return all[index - (index % size) + (side - 1 - column) * side + row]!;
    });
  }
  return from;
}

async function onTurned(what: keyof Translated, context: ClaimContext): Promise<Measured> {
  const values: number[] = [];
  for (const seed of context.seeds) {
    if (!translated.has(seed)) translated.set(seed, learnTurning(seed, context));
    values.push((await translated.get(seed)!)[what]);
  }
  return overSeeds(values);
}

/** Draws of the bound of a density network, which must rise with them. */
const DRAWS = [2, 8, 32, 1024];

/** How far the bound of most draws is from the log-likelihood; not a number where it does not rise. */
async function gapOfBound(context: ClaimContext): Promise<Measured> {
  const recipe = await context.recipe('density-network');
  const data = await context.dataset(dataset);
  const examples = head(data.test, 20);
  const gaps: number[] = [];
  for (const seed of context.seeds) {
    const trained = { recipe, dataset: data, seed, epochs: 20 };
    gaps.push(
      await withTrained(trained, context, async ({ model }, key) => {
        const bounds: number[] = [];
        for (const importanceSamples of DRAWS) {
          const options = { key, importanceSamples, engine: context.engine.engine };
          bounds.push(-(await evaluate(model as BoundModel, examples, options)).nats);
        }
        const isRising = bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!);
        const exact = byQuadrature(model as BoundModel & DensityNetwork, examples);
        return isRising ? Math.abs(exact - bounds.at(-1)!) : Number.NaN;
      }),
    );
  }
  return overSeeds(gaps);
}

/** The mean log-likelihood of a density network of two latent variables, by a sum over a fine grid of them. */
function byQuadrature(model: DensityNetwork, examples: Examples): number {
  const [points, reach] = [61, 5];
  return tf.tidy(() => {
    const side = tf.linspace(-reach, reach, points);
    const z = tf.reshape(tf.stack(tf.meshgrid(side, side), 2), [-1, 2]);
    const logPrior = tf.sub(tf.mul(-0.5, tf.sum(tf.square(z), 1)), Math.log(2 * Math.PI));
    const logWeight = tf.add(logPrior, 2 * Math.log((2 * reach) / (points - 1)));
    const given = model.decode(z);
    const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
    const each = tf.unstack(gatherExamples(examples, rows)).map((x) =>
      tf.tidy(() => {
        const copies = tf.tile(tf.expandDims(x, 0), [points ** 2, 1]);
        return tf.logSumExp(tf.add(given.logProb(copies), logWeight));
      }),
    );
    return tf.mean(tf.stack(each)).dataSync()[0]!;
  });
}

const ofDigits = (
  name: string,
  what: string,
  {
    model = 'gan-r3',
    title = 'R3GAN',
    metric,
    bound,
  }: {
    readonly model?: string;
    readonly title?: string;
    readonly metric: string;
    readonly bound: Claim['bound'];
  },
): Claim => ({
  name: `gan.digits.${name}`,
  what: `${what}, for ${title} on the test digits`,
  unit: 'of 1',
  bound,
  seeds: [0, 1, 2, 3, 4],
  minutes: 6,
  requires: { dataset },
  measure: (context) => trainedMetric({ model, dataset, metric }, context),
});

const COVERAGE = 'share of examples with a sample in the ball of their fifth neighbour';

const R3GAN = 'R3GAN';
const WGAN_GP = 'a Wasserstein GAN with gradient penalty';

export const claims: readonly Claim[] = [
  ofGrid('r3gan', R3GAN, { what: 'modes', bound: { atLeast: 25 } }),
  ofGrid('r3gan', R3GAN, { what: 'good', bound: { atLeast: 0.95 } }),
  ofGrid('wgan-gp', WGAN_GP, { what: 'modes', bound: { atLeast: 25 } }),
  ofGrid('wgan-gp', WGAN_GP, { what: 'good', bound: { atLeast: 0.95 } }),
  ofGrid('plain', 'a GAN without penalties whose generator is continuous: it draws the edge of the grid', {
    what: 'modes',
    bound: { atMost: 24 },
  }),
  ofDigits('coverage', COVERAGE, {
    metric: 'coverage',
    bound: { atLeast: 0.6 },
  }),
  ofDigits('coverage-book', COVERAGE, {
    ...{ model: 'gan-book', title: 'the GAN of the book', metric: 'coverage', bound: { atMost: 0.3 } },
  }),
  ofDigits('coverage-book-averaged', COVERAGE, {
    ...{ model: 'gan-book-averaged', title: 'the GAN of the book with averaged weights' },
    ...{ metric: 'coverage', bound: { atLeast: 0.35 } },
  }),
  ofDigits('coverage-ceiling', COVERAGE, {
    ...{ model: 'gan-book', title: 'training rows in place of samples' },
    ...{ metric: 'coverage of training rows', bound: { atLeast: 0.7 } },
  }),
  ofDigits('precision', 'share of samples in the ball of an example', {
    metric: 'precision',
    bound: { atLeast: 0.66 },
  }),
  ofDigits('mmd2', 'unbiased squared MMD of samples and examples at their median distance', {
    metric: 'MMD²',
    bound: { atMost: 0.003 },
  }),
  {
    name: 'gan.digits.seconds',
    what: 'processor time in which R3GAN learns the digits',
    unit: 's',
    bound: { atMost: 60 },
    ...{ seeds: [0], minutes: 1, requires: { dataset } },
    measure: secondsOfTraining,
  },
  {
    name: 'gan.stacked.modes',
    what: 'modes of 1000, triples of digits by their classes, among 10,000 samples of R3GAN, read by the nearest training row',
    unit: 'of 1000',
    bound: { atLeast: 900 },
    ...{ seeds: [0], minutes: 4, requires: { dataset } },
    measure: modesOfStacked,
  },
  {
    name: 'gan.wasm.steps',
    what: 'training steps a second of R3GAN on points, batches of 100, op by op on the WebAssembly of pages',
    unit: 'a second',
    bound: { atLeast: 30 },
    ...{ seeds: [0], minutes: 1 },
    measure: stepsOnWasm,
  },
  {
    name: 'gan.cycle.error',
    what: 'mean absolute difference of test digits, from -1 to 1, and what a CycleGAN of turned digits makes of them there and back',
    unit: 'of 2',
    bound: { atMost: 0.1 },
    ...{ seeds: [0, 1, 2], minutes: 2, requires: { dataset } },
    measure: (context) => onTurned('cycle', context),
  },
  {
    name: 'gan.cycle.class',
    what: 'share of test digits that five neighbours read as their class after a CycleGAN has turned them without pairs; chance is .1',
    unit: 'of 1',
    bound: { atLeast: 0.1 },
    ...{ seeds: [0, 1, 2], minutes: 2, requires: { dataset } },
    measure: (context) => onTurned('right', context),
  },
  {
    name: 'gan.presgan.bound',
    what: 'bound of 1000 draws on the test digits, for a prescribed GAN',
    unit: 'nats',
    bound: { atMost: 130 },
    ...{ seeds: [0, 1, 2], minutes: 5, requires: { dataset } },
    measure: (context) => trainedNats({ model: 'presgan', dataset, score: 'importanceSampled' }, context),
  },
  {
    name: 'gan.gmmn.mmd2',
    what: 'unbiased squared MMD of samples and examples at their median distance, for moment matching on the test digits',
    unit: 'of 1',
    bound: { atMost: 0.004 },
    seeds: [0, 1, 2],
    minutes: 4,
    requires: { dataset },
    measure: (context) => trainedMetric({ model: 'gmmn', dataset, metric: 'MMD²' }, context),
  },
  {
    name: 'gan.conditional.accuracy',
    what: 'share of class-conditional samples that five neighbours among the training rows take for their class',
    unit: 'of 1',
    bound: { atLeast: 0.95 },
    ...{ seeds: [0, 1, 2], minutes: 4, requires: { dataset } },
    measure: (context) =>
      trainedMetric({ model: 'gan-conditional', dataset, metric: 'class accuracy' }, context),
  },
  {
    name: 'gan.infogan.nmi',
    what: 'normalized mutual information of the code that InfoGAN reads, without labels, and the class of test digits',
    unit: 'of 1',
    bound: { atLeast: 0.6 },
    ...{ seeds: [0, 1, 2], minutes: 4, requires: { dataset } },
    measure: (context) =>
      trainedMetric({ model: 'infogan', dataset, metric: 'NMI of code and class' }, context),
  },
  {
    name: 'gan.density-network.bound',
    what: 'difference of the bound of 1024 draws, which has risen with them, from the quadrature, for a density network',
    unit: 'nats',
    bound: { atMost: 0.1 },
    ...{ seeds: [0], minutes: 3, requires: { dataset } },
    measure: gapOfBound,
  },
];
