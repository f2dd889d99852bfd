import { compileSampler } from '@dgm/compile';
import { adamW, evaluate, gatherExamples, rungeKutta } from '@dgm/core';
import type { Dataset, Examples, Key } from '@dgm/core';
import {
  convDenoiser,
  flowMatching,
  fourierEntries,
  gaussianDiffusion,
  learnedSchedule,
  maskedDiffusion,
  maskedEntries,
  mlpDenoiser,
  type DenoiserOptions,
  type FlowMatching,
} from '@dgm/diffusion';
import type { Tensor } from '@tensorflow/tfjs-core';
import { mean } from '../statistics/statistics';
import { hasFewLevels } from './shared/book';
import { imageShape } from './shared/datasets';
import { qualityOf } from './shared/sample-quality';
import type { Experiment, Recipe, RecipeTask, Training } from './shared/recipe';

/** Large steps with an average of the weights, which evens out the noise of the times. */
export const training: Training = {
  optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01, beta2: 0.99 }),
  batchSize: 125,
  epochs: 250,
  earlyStopping: { patience: 30 },
  clipNorm: 10,
  ema: { decay: 0.995 },
};

/** The bound with a standard error of 0.2 nats, which takes more draws than for a VAE. */
const precise =
  (model: Parameters<typeof evaluate>[0], { quick }: RecipeTask): NonNullable<Experiment['evaluate']> =>
  async (examples: Examples, { key, engine }) => ({
    bound: await evaluate(model, examples, {
      ...{ key, batchSize: 125, numSamples: quick ? 8 : 32, standardError: quick ? 1 : 0.2 },
      ...(engine && { engine }),
    }),
  });

const isSmallImage = ({ train: { shape }, levels }: Dataset): boolean => {
  const [height = 0, width = 0] = imageShape(shape) ?? [];
  return levels !== undefined && hasFewLevels({ levels }) && height * width > 0 && height * width <= 256;
};

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
        ...{ model, training, numSamples: quick ? 1 : 2 },
        measure: async (test, { key }) => ({
          metrics: {
            ...(await qualityOf(drawsOf(model, key.fold('samples')), { test, train: dataset.train }, key)),
            'ODE error': { value: await odeError(model, test, { key, quick }), better: 'lower' },
          },
        }),
      };
    },
  },
];

/** A flow of small images with the network of the other models. */
export function imageFlow(
  { train: { shape }, levels }: Dataset,
  { key, quick, contextSize = 0 }: Pick<RecipeTask, 'key' | 'quick'> & { readonly contextSize?: number },
): FlowMatching {
  const network = convDenoiser({
    ...{ shape, contextSize, key, channels: quick ? 8 : 32, dropout: 0.1 },
    entries: fourierEntries({ frequencies: [(levels! - 1) / 4] }),
  });
  const solver = rungeKutta({ steps: quick ? 4 : 30 });
  return flowMatching({ shape, levels: levels!, network, contextSize, solver });
}

/** Draws in 20 steps of Euler's method, compiled. */
const drawsOf =
  (model: FlowMatching, key: Key) =>
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
  return { model, training, evaluate: precise(model, task) };
}
