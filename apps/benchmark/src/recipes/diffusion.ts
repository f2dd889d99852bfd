import { compileSampler } from '@dgm/compile';
import {
  adamW,
  categoricalHead,
  cosineSchedule,
  evaluate,
  Film,
  Flatten,
  gatherExamples,
  mlp,
  rungeKutta,
  Sequential,
  sizeOf,
} from '@dgm/core';
import type { Dataset, Examples, Key, LoopSampledModel, SamplingLoop } from '@dgm/core';
import {
  ancestral,
  convDenoiser,
  ddgm,
  ddim,
  Denoiser,
  dpmSolver,
  flowMatching,
  fourierEntries,
  gaussianDiffusion,
  heun,
  learnedSchedule,
  maskedDiffusion,
  maskedEntries,
  meanFlow,
  mlpDenoiser,
  uNetDenoiser,
  type DenoiserOptions,
  type FlowMatching,
  type FlowMatchingOptions,
  type GaussianDiffusion,
} from '@dgm/diffusion';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Curve } from '../results/schema';
import { mean } from '../statistics/statistics';
import { bookTraining, hasFewLevels } from './shared/book';
import { imageShape, isVectorsOfIntegers, isVectorsOfReals } from './shared/datasets';
import { qualityOf, qualityWithFeatures } from './shared/sample-quality';
import type { Experiment, Recipe, RecipeTask, Training } from './shared/recipe';

/** Large steps with an average of the weights, which evens out the noise of the times. */
const trainingToTheEnd: Training = {
  optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01, beta2: 0.99 }),
  batchSize: 125,
  epochs: 250,
  clipNorm: 10,
  ema: { decay: 0.995 },
};

export const training: Training = { ...trainingToTheEnd, earlyStopping: { patience: 30 } };

/**
 * For a flow of small images: a rate that falls to the end evens out the noise of the times. More epochs together with even times
 * had a worse bound on the validation rows.
 */
export function flowTraining({ train }: Dataset, epochs = 150): Training {
  const batchSize = 125;
  const steps = epochs * Math.ceil(train.count / batchSize);
  const learningRate = cosineSchedule(1e-3, { final: 2e-5, steps });
  const optimizer = adamW({ learningRate, weightDecay: 0.01, beta2: 0.99 });
  return { optimizer, batchSize, epochs, clipNorm: 10, ema: { decay: 0.995 }, validateEvery: 10 };
}

/** The bound with a standard error of 0.2 nats, which takes more draws than for a VAE. */
const precise =
  (model: Parameters<typeof evaluate>[0], { quick }: RecipeTask): NonNullable<Experiment['evaluate']> =>
  async (examples: Examples, { key, engine }) => ({
    bound: await evaluate(model, examples, {
      ...{ key, batchSize: 125, numSamples: quick ? 8 : 32, standardError: quick ? 1 : 0.2 },
      ...(engine && { engine }),
    }),
  });

/** Images of few levels, up to so many pixels. */
const isImage =
  (pixels: number) =>
  ({ train: { shape }, levels }: Dataset): boolean => {
    const [height = 0, width = 0] = imageShape(shape) ?? [];
    return levels !== undefined && hasFewLevels({ levels }) && height * width > 0 && height * width <= pixels;
  };

/** The pixels of an image that needs no U-Net. */
const FEW_PIXELS = 256;

const isSmallImage = isImage(FEW_PIXELS);

export const recipes: readonly Recipe[] = [
  {
    name: 'vdm',
    source: 'DGM §4.5.3; Kingma et al., 2021',
    accepts: isSmallImage,
    create: (task) =>
      vdm(task, (options) => convDenoiser({ ...options, channels: task.quick ? 8 : 32, dropout: 0.1 })),
  },
  {
    name: 'vdm-mlp',
    source: 'DGM §4.5.3; Kingma et al., 2021',
    isFlagship: true,
    accepts: isSmallImage,
    create: (task) =>
      vdm(task, (options) => mlpDenoiser({ ...options, features: task.quick ? 64 : 256, dropout: 0.3 })),
  },
  {
    name: 'vdm-unet',
    source: 'DGM §4.5.3; Kingma et al., 2021',
    accepts: isImage(1024),
    create: (task) =>
      vdm(task, (options) =>
        uNetDenoiser({
          ...{ ...options, channels: uNetChannels(task), multipliers: [1, 2], blocks: 1 },
          ...{ attention: [], groups: 4, dropout: 0.1 },
        }),
      ),
  },
  {
    name: 'masked-diffusion',
    source: 'Austin et al., 2021; Hoogeboom et al., 2022',
    accepts: isSmallImage,
    create: (task) => {
      const { dataset, key, quick } = task;
      const [shape, levels] = [dataset.train.shape, dataset.levels!];
      const network = convDenoiser({
        ...{ shape, outputs: levels, entries: maskedEntries({ levels }), key },
        ...{ channels: quick ? 8 : 32, dropout: 0.1 },
      });
      const model = maskedDiffusion({ shape, levels, network });
      return { model, training, evaluate: precise(model, task) };
    },
  },
  {
    name: 'flow-matching',
    source: 'Lipman et al., 2023; Tong et al., 2024',
    accepts: isSmallImage,
    create: ({ dataset, key, quick }) => {
      const model = imageFlow(dataset, { key, quick });
      return {
        ...{ model, training: flowTraining(dataset), numSamples: 1 },
        measure: async (test, { key, engine }) => ({
          ...(await qualityWithFeatures(
            flowDraws(model, key.fold('samples')),
            { test, dataset },
            { key, engine, quick },
          )),
          curves: await coverageBySteps(
            solversOf(model),
            { test, train: dataset.train },
            { key, numbers: quick ? [2, 4] : [2, 5, 10, 20] },
          ),
        }),
      };
    },
  },
  {
    name: 'flow-matching-mlp',
    source: 'Lipman et al., 2023',
    accepts: isSmallImage,
    create: ({ dataset, key, quick }) => {
      const [shape, levels] = [dataset.train.shape, dataset.levels!];
      const network = mlpDenoiser({
        ...{ shape, key, features: quick ? 64 : 256, dropout: 0.1 },
        entries: fourierEntries({ frequencies: [(levels - 1) / 4] }),
      });
      const solver = rungeKutta({ steps: quick ? 4 : 30 });
      const model = flowMatching({ shape, levels, network, solver });
      return { model, training: flowTraining(dataset), numSamples: 1 };
    },
  },
  {
    name: 'flow-matching-plain',
    source: 'DGM §4.5.3; Lipman et al., 2023',
    accepts: isSmallImage,
    create: ({ dataset: { train, levels }, key, quick }) => {
      const { shape } = train;
      const [size, hidden] = [sizeOf(shape), quick ? 128 : 512];
      const body = new Sequential([
        new Flatten(),
        new Film({ features: size, contextSize: 1, key: key.fold('time') }),
        mlp([size, hidden, hidden, hidden, size], { key, activation: 'swish' }),
      ]);
      const solver = rungeKutta({ steps: quick ? 4 : 30 });
      const model = flowMatching({ shape, levels: levels!, network: new Denoiser({ shape, body }), solver });
      return { model, training: { ...bookTraining, batchSize: 32 }, numSamples: 1 };
    },
  },
  {
    name: 'flow-matching-levels',
    source: 'Lipman et al., 2023; Gulrajani and Hashimoto, 2023',
    accepts: isSmallImage,
    create: ({ dataset, key, quick }) => {
      const model = imageFlow(dataset, { key, quick, parameterization: 'levels' });
      return {
        // The logits begin with what is known of each level, so that fewer epochs are enough.
        ...{ model, training: flowTraining(dataset, 60), numSamples: 1 },
        measure: async (test, { key }) => ({
          metrics: {
            'ODE error': { value: await odeError(model, test, { key, quick }), better: 'lower' },
          },
        }),
      };
    },
  },
  {
    name: 'mean-flow',
    source: 'Geng et al., 2025',
    accepts: isSmallImage,
    create: ({ dataset, key, quick }) => {
      const [shape, levels] = [dataset.train.shape, dataset.levels!];
      const network = convDenoiser({
        ...{ shape, contextSize: 1, key, channels: quick ? 8 : 32 },
        entries: fourierEntries({ frequencies: [(levels - 1) / 4] }),
      });
      const model = meanFlow({ shape, levels, network, jumps: 0.5 });
      return {
        model,
        training: trainingToTheEnd,
        measure: async (test, { key, engine }) => ({
          ...(await qualityWithFeatures(
            drawsOf(model, key.fold('samples')),
            { test, dataset },
            { key, engine, quick },
          )),
          curves: await coverageBySteps(
            { 'a mean flow': (steps, n) => model.samplingLoop(n, { steps }) },
            { test, train: dataset.train },
            { key, numbers: quick ? [1, 2] : [1, 2, 4, 8] },
          ),
        }),
      };
    },
  },
  {
    name: 'ddgm',
    source: 'DGM §4.5.3, Example 4.1 and Listing 4.13',
    accepts: (dataset) => isVectorsOfIntegers(dataset) || isVectorsOfReals(dataset),
    create: ({ dataset: { train, levels }, key, quick }) => {
      const size = train.shape[0]!;
      const [narrow, wide] = quick ? [16, 32] : [256, 512];
      const betas = Array.from({ length: 5 }, () => 0.9);
      const reverse = betas
        .slice(1)
        .map((_, index) =>
          mlp([size, narrow, narrow, narrow, 2 * size], { key: key.fold(index), activation: 'leakyRelu' }),
        );
      const hidden = [size, wide, wide, wide];
      const options = { key: key.fold('decoder'), activation: 'leakyRelu' } as const;
      const model =
        levels === undefined
          ? ddgm({
              ...{ shape: [size], betas, reverse },
              decoder: mlp([...hidden, size], { ...options, outputActivation: 'tanh' }),
            })
          : ddgm({
              ...{ shape: [size], betas, reverse, decoder: mlp([...hidden, size * levels], options) },
              likelihood: categoricalHead({ shape: [size], levels }),
            });
      return { model, training: bookTraining };
    },
  },
];

/** A flow of small images with the network of the other models; for a bound, with logits of levels. */
export function imageFlow(
  { train: { shape }, levels }: Dataset,
  {
    key,
    quick,
    contextSize = 0,
    parameterization = 'velocity',
  }: Pick<RecipeTask, 'key' | 'quick'> & Pick<FlowMatchingOptions, 'contextSize' | 'parameterization'>,
): FlowMatching {
  const ofLevels = parameterization === 'levels';
  const network = convDenoiser({
    ...{ shape, contextSize, key, channels: quick ? 8 : 32, dropout: 0.1 },
    ...{ outputs: ofLevels ? levels! : 1, entries: fourierEntries({ frequencies: [(levels! - 1) / 4] }) },
  });
  const solver = rungeKutta({ steps: quick ? 4 : 30 });
  return flowMatching({
    ...{ shape, levels: levels!, network, contextSize, parameterization, solver },
    ...(ofLevels
      ? { dequantization: 'bates', timeExponent: 2 }
      : { dequantization: 'beta', timeExponent: 1.5 }),
  });
}

/** A little less than 1 covers more of the validation rows. */
const TEMPERATURE = 0.95;

/** Draws of a flow in 20 steps of Euler's method. */
const flowDraws = (model: FlowMatching, key: Key) =>
  drawsOf({ samplingLoop: (n: number) => model.samplingLoop(n, { temperature: TEMPERATURE }) }, key);

/** Draws of a model in its own number of steps, compiled. */
const drawsOf =
  (model: Pick<LoopSampledModel, 'samplingLoop'>, key: Key) =>
  async (count: number): Promise<Tensor> => {
    const sampler = await compileSampler(model.samplingLoop(count));
    try {
      return await sampler.sample(key);
    } finally {
      sampler.dispose();
    }
  };

/** By how much the mean bound of a few examples, in nats, changes with twice the steps of the solver. */
async function odeError(
  model: FlowMatching,
  examples: Examples,
  { key, quick }: { readonly key: Key; readonly quick: boolean },
): Promise<number> {
  const x = gatherExamples(
    examples,
    Int32Array.from({ length: Math.min(50, examples.count) }, (_, row) => row),
  );
  try {
    const means: number[] = [];
    for (const steps of quick ? [4, 8] : [30, 60]) {
      const sampler = await compileSampler(model.elboLoop!(x, { solver: rungeKutta({ steps }) }));
      const bounds = await sampler.sample(key);
      means.push(mean([...bounds.dataSync()]));
      sampler.dispose();
      bounds.dispose();
    }
    return Math.abs(means[1]! - means[0]!);
  } finally {
    x.dispose();
  }
}

/** Half as many for larger images, whose steps take that much longer. */
function uNetChannels({ dataset: { train }, quick }: RecipeTask): number {
  if (quick) return 8;
  return sizeOf(train.shape) > FEW_PIXELS ? 16 : 32;
}

function vdm(
  task: RecipeTask,
  network: (options: DenoiserOptions) => ReturnType<typeof convDenoiser>,
): Experiment {
  const { dataset, key } = task;
  const [shape, levels] = [dataset.train.shape, dataset.levels!];
  const entries = fourierEntries({ frequencies: [(levels - 1) / 4] });
  const model = gaussianDiffusion({
    ...{ shape, levels, schedule: learnedSchedule() },
    network: network({ shape, outputs: levels, entries, key }),
  });
  return {
    ...{ model, training, evaluate: precise(model, task) },
    measure: async (test, { key }) => ({
      curves: await coverageBySteps(
        samplersOf(model),
        { test, train: dataset.train },
        { key, numbers: task.quick ? [2, 4] : [5, 10, 20, 40] },
      ),
    }),
  };
}

/** Draws in a number of steps, as a loop. */
type DrawIn = (steps: number, n: number) => SamplingLoop;

/** Those of Heun's method take twice as long. */
const samplersOf = (model: GaussianDiffusion): Readonly<Record<string, DrawIn>> =>
  Object.fromEntries(
    Object.entries({ ancestral, ddim, dpmSolver, heun }).map(([name, make]) => [
      name,
      (steps: number, n: number) => model.samplingLoop(n, { sampler: make({ steps }) }),
    ]),
  );

/** Those of the midpoint method take twice as long. */
const solversOf = (model: FlowMatching): Readonly<Record<string, DrawIn>> =>
  Object.fromEntries(
    Object.entries({ Euler: 1, midpoint: 2 } as const).map(([name, order]) => [
      name,
      (steps: number, n: number) =>
        model.samplingLoop(n, { temperature: TEMPERATURE, solver: rungeKutta({ steps, order }) }),
    ]),
  );

/** The coverage of the draws of each sampler, by the number of its steps. */
async function coverageBySteps(
  samplers: Readonly<Record<string, DrawIn>>,
  data: { readonly test: Examples; readonly train: Examples },
  { key, numbers }: { readonly key: Key; readonly numbers: readonly number[] },
): Promise<readonly Curve[]> {
  const curves: Curve[] = [];
  for (const [name, drawIn] of Object.entries(samplers)) {
    const points: [number, number][] = [];
    for (const steps of numbers) {
      const draws = { samplingLoop: (n: number) => drawIn(steps, n) };
      const { coverage } = await qualityOf(drawsOf(draws, key.fold('samples')), data, key);
      points.push([steps, coverage!.value!]);
    }
    curves.push({
      ...{ name: `samples of ${name}`, points },
      ...{ x: { name: 'steps' }, y: { name: 'coverage' } },
    });
  }
  return curves;
}
