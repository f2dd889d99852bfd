import {
  ActivationLayer,
  adamax,
  adamW,
  asLayer,
  auroc,
  classContext,
  classificationError,
  Conv2d,
  cosineSchedule,
  Dense,
  Dropout,
  expectedCalibrationError,
  Flatten,
  gatherExamples,
  logSumExp,
  mlp,
  normalHead,
  rejectionCurve,
  Reshape,
  Sequential,
  sizeOf,
  softmax,
} from '@dgm/core';
import type { ConditionedBatch, Dataset, Engine, Examples, Key, Layer, MakeBatch } from '@dgm/core';
import { gatedPixelCnn } from '@dgm/arm';
import { glyphs, letters, toTensor } from '@dgm/data';
import { fourierEntries, gaussianDiffusion, learnedSchedule, mlpDenoiser } from '@dgm/diffusion';
import { dequantized, integerLogisticMixture, learnedBase, logitPreprocessing, realNvp } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import {
  densityWeight as ofDensity,
  fadedLevels,
  generativeClassifier,
  gradientNorms,
  hybrid,
  hybridIdf,
  invertedLevels,
  RandomShift,
  rotatedImages,
  shuffledEntries,
  typicalityScore,
  uniformNoise,
} from '@dgm/hybrid';
import type {
  BoundGenerativeClassifier,
  BoundHybrid,
  ExactHybrid,
  GenerativeClassifier,
  GradientNorms,
} from '@dgm/hybrid';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { kernelRidgeError, nearestNeighbourError } from '../datasets/classifiers';
import type { Curve, Metric } from '../results/schema';
import { bookTraining, flatten, likelihoodFor } from './shared/book';
import { classesOf, hasLabels, imageShape, isVectorsOfIntegers } from './shared/datasets';
import type { Experiment, Recipe, RecipeTask, Training } from './shared/recipe';

const isOfGreyLevels = ({ train: { shape }, levels }: Dataset): boolean => {
  const [height = 0, width = 0, channels = 0] = imageShape(shape) ?? [];
  return levels !== undefined && channels === 1 && height * width <= 1024;
};

export const recipes: readonly Recipe[] = [
  {
    name: 'generative-classifier',
    source: 'DGM §5.5; van den Oord et al., 2016',
    isFlagship: true,
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const classes = classesOf(dataset);
      const [height, width] = imageShape(dataset.train.shape)!;
      const conditional = gatedPixelCnn({
        shape: dataset.train.shape,
        likelihood: likelihoodFor([], dataset.levels!),
        ...{ plane: [height, width], positions: true, contextSize: classes, key },
        ...{ hidden: quick ? 8 : 40, blocks: quick ? 1 : 4, dropout: 0.2 },
      });
      const model = generativeClassifier({ classes, conditional });
      return {
        model,
        training: {
          optimizer: adamax({ learningRate: 6e-3 }),
          ...{ batchSize: 64, epochs: 70, earlyStopping: { patience: 20 }, ema: { decay: 0.99 } },
          batch: classContext({ classes }),
        },
        measure: measureHybrid(model, dataset),
      };
    },
  },
  {
    name: 'diffusion-classifier',
    source: 'Li et al., 2023; Kingma et al., 2021',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const [classes, levels, { shape }] = [classesOf(dataset), dataset.levels!, dataset.train];
      const network = mlpDenoiser({
        ...{ shape, outputs: levels, contextSize: classes, key },
        entries: fourierEntries({ frequencies: [(levels - 1) / 4] }),
        ...{ features: quick ? 32 : 256, dropout: 0.3 },
      });
      const schedule = learnedSchedule();
      const conditional = gaussianDiffusion({ shape, levels, schedule, network, contextSize: classes });
      const model = generativeClassifier({ classes, conditional });
      return {
        model,
        training: {
          optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01, beta2: 0.99 }),
          ...{ batchSize: 125, epochs: quick ? 1 : 250, clipNorm: 10, ema: { decay: 0.995 } },
          batch: classContext({ classes }),
        },
        // Each draw is one of every class, twice.
        numSamples: quick ? 1 : 8,
        measure: measureHybrid(model, dataset, { numSamples: quick ? 2 : 32 }),
      };
    },
  },
  {
    name: 'hybrid-trunk',
    source: 'DGM §5.1.2, Eq. 5.5',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 0.1 }) => {
      const [classes, levels, { shape }] = [classesOf(dataset), dataset.levels!, dataset.train];
      const [height, width] = imageShape(shape)!;
      const [latent, hidden] = [16, quick ? 32 : 256];
      const likelihood = likelihoodFor(shape, levels);
      const { layers, outputs } = convLayers({ dataset, key: key.fold('trunk'), quick });
      const trunk = new Sequential(layers);
      const scaled = () => asLayer((x) => tf.tidy(() => tf.sub(tf.mul(x, 2 / (levels - 1)), 1)));
      const network = (name: string, sizes: readonly number[]) =>
        mlp(sizes, { activation: 'leakyRelu', key: key.fold(name) });
      const model = hybrid({
        density: vae({
          encoder: new Sequential([
            ...[scaled(), new Reshape({ shape: [height, width, 1] }), trunk],
            network('encoder', [outputs, hidden, 2 * latent]),
          ]),
          decoder: network('decoder', [latent, hidden, hidden, likelihood.numParameters]),
          posterior: normalHead({ shape: [latent] }),
          likelihood,
        }),
        // The images that the classifier sees move, those of the density stay.
        features: new Sequential([scaled(), ...movedImages(dataset), trunk]),
        classifier: new Sequential([
          new Dropout({ rate: 0.4 }),
          new Dense({ inputs: outputs, outputs: classes, key: key.fold('logits') }),
        ]),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 60, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-conv',
    source: 'DGM §5.1.1',
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const classes = classesOf(dataset);
      const [height, width] = imageShape(dataset.train.shape)!;
      const density = gatedPixelCnn({
        shape: dataset.train.shape,
        likelihood: likelihoodFor([], dataset.levels!),
        ...{ plane: [height, width], positions: true, key: key.fold('density') },
        ...{ hidden: quick ? 8 : 24, blocks: quick ? 1 : 2, dropout: 0.1 },
      });
      const [middle, classifier] = [(dataset.levels! - 1) / 2, convClassifier({ dataset, key, quick })];
      const model = hybrid({
        density,
        features: (x) => tf.tidy(() => tf.sub(tf.div(x, middle), 1)),
        classifier,
        classes,
      });
      return {
        model,
        training: decaying(dataset, { epochs: 36, learningRate: 3e-3 }),
        // What is likely and yet not typical: draws that stay close to the mode.
        measure: measureHybrid(model, dataset, {
          draws: { cold: (key, n) => density.sample(key, n, { temperature: 0.5 }) },
        }),
      };
    },
  },
  {
    name: 'hybrid-flow',
    source: 'DGM §5.2, Fig. 5.3; Nalisnick et al., 2019',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const dims = dataset.train.shape[0]!;
      const flow = realNvp({
        ...{ dims, couplings: 4, hidden: quick ? [32] : [128, 128], rezero: true },
        ...{ preprocessing: logitPreprocessing({ levels }), key: key.fold('density') },
      });
      const model = hybrid({
        density: dequantized({ flow, levels }),
        // The middles of the cells that the noise fills.
        features: (x) => tf.tidy(() => flow.encode(tf.add(x, 0.5))),
        classifier: mlp([dims, 128, classes], { activation: 'leakyRelu', key: key.fold('classifier') }),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 40, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-vae',
    source: 'DGM §5.4, Eq. 5.14',
    accepts: (dataset) => hasLabels(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const { shape } = dataset.train;
      const [latent, hidden, size] = [16, quick ? 32 : 256, sizeOf(shape)];
      const likelihood = likelihoodFor(shape, dataset.levels!);
      const network = (name: string, sizes: readonly number[]) =>
        mlp(sizes, { activation: 'leakyRelu', key: key.fold(name) });
      const classes = classesOf(dataset);
      const model = hybrid({
        density: vae({
          encoder: new Sequential([
            flatten(dataset.levels!),
            network('encoder', [size, hidden, hidden, 2 * latent]),
          ]),
          decoder: network('decoder', [latent, hidden, hidden, likelihood.numParameters]),
          posterior: normalHead({ shape: [latent] }),
          likelihood,
        }),
        features: 'encode',
        classifier: network('classifier', [latent, 64, classes]),
        classes,
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 60, learningRate: 2e-3 }),
        measure: measureHybrid(model, dataset, { pulls }),
      };
    },
  },
  {
    name: 'hybrid-book',
    source: 'DGM §5.4, Listings 5.1-5.2',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick, densityWeight = 1 / dataset.train.shape[0]! }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const [dims, hidden] = [dataset.train.shape[0]!, quick ? 32 : 256];
      const model = hybridIdf({
        ...{ dims, classes, levels, couplings: 2, hidden: [hidden, hidden], key },
        classifier: mlp([dims, hidden, hidden, classes], {
          activation: 'leakyRelu',
          key: key.fold('classifier'),
        }),
        weights: ofDensity(densityWeight),
      });
      return {
        model,
        training: { ...bookTraining, batch: classContext({ classes }) },
        measure: measureHybrid(model, dataset, { integerFlow: model.density as Flow }),
      };
    },
  },
  {
    name: 'hybrid-idf',
    source: 'DGM §5.3, Listings 5.1-5.2',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: async ({ dataset, key, quick, densityWeight = 1 }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const { shape } = dataset.train;
      // One component for each second level, as wide as their distance.
      const mixture = { components: Math.ceil(levels / 2), center: (levels - 1) / 2, spread: 2, scale: 0.5 };
      const background = { share: 0.01, scale: levels / 4 };
      const model = hybridIdf({
        ...{ dims: shape[0]!, classes, levels, key },
        hidden: quick ? [32] : [256, 256],
        base: learnedBase(integerLogisticMixture({ shape, ...mixture, background })),
        // The couplings start as the identity, so the latents are images as well.
        classifier: convClassifier({ dataset, key: key.fold('classifier'), quick }),
        weights: ofDensity(densityWeight),
      });
      const pulls = await pullsOf(model, dataset, key);
      return {
        model,
        training: decaying(dataset, { epochs: 30, learningRate: 4e-3 }),
        measure: measureHybrid(model, dataset, { pulls, integerFlow: model.density as Flow }),
      };
    },
  },
];

/** AdamW with a learning rate that falls to 0, and an average of the weights. */
function decaying(
  dataset: Dataset,
  { epochs, learningRate }: { readonly epochs: number; readonly learningRate: number },
): Training<ConditionedBatch> {
  const batchSize = 50;
  const steps = epochs * Math.ceil(dataset.train.count / batchSize);
  return {
    optimizer: adamW({ learningRate: cosineSchedule(learningRate, { steps }), weightDecay: 0.01 }),
    ...{ batchSize, epochs, ema: { decay: 0.99 } },
    batch: smoothed(classContext({ classes: classesOf(dataset) })),
  };
}

/** The share of a label that goes to all classes. */
const SMOOTHING = 0.05;

/**
 * Training with labels that leave a little to the other classes.
 * @see Rethinking the Inception Architecture for Computer Vision (Szegedy et al., 2016), §7
 */
function smoothed(batch: MakeBatch<ConditionedBatch>): MakeBatch<ConditionedBatch> {
  return (examples, rows, options) => {
    const { x, context: labels } = batch(examples, rows, options);
    if (!options.training) return { x, context: labels };
    const context = tf.tidy(() => tf.add(tf.mul(1 - SMOOTHING, labels), SMOOTHING / labels.shape[1]!));
    labels.dispose();
    return { x, context };
  };
}

/** The largest of each 2x2 pixels, `[n, height, width, c]` to `[n, height / 2, width / 2, c]`. */
function maxPool(x: tf.Tensor): tf.Tensor {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  return tf.tidy(() => {
    const ofRows = tf.max(tf.reshape(x, [(n * height) / 2, 2, width * channels]), 1);
    const ofPixels = tf.max(tf.reshape(ofRows, [(n * height * width) / 4, 2, channels]), 1);
    return tf.reshape(ofPixels, [n, height / 2, width / 2, channels]);
  });
}

type ConvTask = Pick<RecipeTask, 'dataset' | 'key' | 'quick'>;

/** Images with pixels in [-1, 1], moved by a pixel and with noise while a network is trained. */
function movedImages({ train }: Pick<Dataset, 'train'>): readonly Layer[] {
  const [height, width] = imageShape(train.shape)!;
  return [
    new Reshape({ shape: [height, width, 1] }),
    new RandomShift({ reach: 1, fill: -1 }),
    asLayer((x, { training, key: noise }) =>
      training ? tf.add(x, tf.mul(0.1, noise!.normal(x.shape))) : tf.clone(x),
    ),
  ];
}

/** Three convolutions and a pooling, `[n, height, width, 1]` to `[n, outputs]`. */
function convLayers({ dataset, key, quick }: ConvTask): {
  readonly layers: readonly Layer[];
  readonly outputs: number;
} {
  const [height, width] = imageShape(dataset.train.shape)!;
  const [few, many] = quick ? [8, 16] : [32, 64];
  const conv = (name: string, inputs: number, outputs: number) =>
    new Conv2d({ inputs, outputs, kernelSize: 3, padding: 'same', key: key.fold(name) });
  const silu = () => new ActivationLayer('swish');
  const layers = [
    ...[conv('first', 1, few), silu(), conv('second', few, few), silu()],
    ...[asLayer(maxPool), conv('third', few, many), silu(), new Flatten()],
  ];
  return { layers, outputs: (many * height * width) / 4 };
}

/** A convolutional classifier of images with pixels in [-1, 1]. */
export function convClassifier(task: ConvTask): Layer {
  const { layers, outputs } = convLayers(task);
  return new Sequential([
    ...movedImages(task.dataset),
    ...layers,
    new Dropout({ rate: 0.4 }),
    new Dense({ inputs: outputs, outputs: classesOf(task.dataset), key: task.key.fold('logits') }),
  ]);
}

type HybridModel = GenerativeClassifier | BoundGenerativeClassifier | ExactHybrid | BoundHybrid;

/** What is measured of one model besides. */
interface Besides {
  /** Draws of the model that are unlike the data. */
  readonly draws?: Readonly<Record<string, (key: Key, n: number) => tf.Tensor>>;
  /** The norms of gradients of the model before it is trained. */
  readonly pulls?: GradientNorms;
  /** Draws that logits and bounds are means over, for a classifier by bounds. @defaultValue 1 */
  readonly numSamples?: number;
  /** A flow of integers that the examples are to come back from. */
  readonly integerFlow?: Pick<Flow, 'encode' | 'decode'>;
}

/** How strongly either term pulls at the parameters that both share, before training. */
async function pullsOf(
  model: ExactHybrid | BoundHybrid,
  { train }: Dataset,
  key: Key,
): Promise<GradientNorms> {
  const rows = Int32Array.from({ length: Math.min(100, train.count) }, (_, row) => row);
  const classes = model.contextSize;
  const batch = classContext({ classes })(train, rows, { key, training: false });
  try {
    return await gradientNorms(model, batch, key.fold('pulls'));
  } finally {
    tf.dispose([batch.x, batch.context]);
  }
}

/** The error, calibration and rejection of the classifier, and what the likelihood tells apart from the data. */
function measureHybrid(
  model: HybridModel,
  { train, validation, levels = 2 }: Dataset,
  { draws = {}, pulls, numSamples = 1, integerFlow }: Besides = {},
): NonNullable<Experiment['measure']> {
  return async (examples, { key, engine }) => {
    const judge = await judgeOf(model, { engine, numSamples, key: key.fold('judge') });
    try {
      const seen = await judge.run(examples);
      const { logProbs: held } = await judge.run(validation);
      const entropy = held.reduce((sum, logProb) => sum - logProb / held.length, 0);
      const detected: Record<string, Metric> = {};
      const outliers = { ...outliersOf(examples, { levels, key }), ...drawn(draws, examples, key) };
      for (const [name, set] of Object.entries(outliers)) {
        const { logProbs } = await judge.run(set);
        const typicality = (values: Float32Array, batchSize: number) =>
          typicalityScore(values, { entropy, batchSize });
        const scores = {
          '': (values: Float32Array) => values.map(minus),
          ' of typicality': (values: Float32Array) => typicality(values, 1),
          ' of typicality in tens': (values: Float32Array) => typicality(values, 10),
        };
        for (const [kind, score] of Object.entries(scores)) {
          const value = auroc(score(logProbs), score(seen.logProbs));
          detected[`AUROC${kind}, ${name}`] = { value, better: 'higher' };
        }
      }
      const { metrics, curves } = await classification(seen, examples.labels!);
      const others = {
        ...withoutTraining(train, examples),
        ...(pulls && tableOf(pulls)),
        ...(integerFlow && roundTrips(integerFlow, examples)),
        ...detected,
      };
      return { metrics: { ...metrics, ...others }, curves };
    } finally {
      judge.dispose();
    }
  };
}

/** Examples that are none of the data, as many as there are: the data made unlike themselves, and images of other things. */
function outliersOf(
  examples: Examples,
  { levels, key }: { readonly levels: number; readonly key: Key },
): Readonly<Record<string, Examples>> {
  const [height, width] = imageShape(examples.shape)!;
  const made = { train: 1, validation: 0, test: examples.count };
  const isLikeGlyphs = sizeOf(examples.shape) === 64 && levels === 17;
  const others = isLikeGlyphs ? { letters: letters(made).test, glyphs: glyphs(made).test } : {};
  return {
    rotated: rotatedImages(examples, { plane: [height, width], quarters: 1 }),
    ...Object.fromEntries(
      Object.entries(others).map(([name, set]) => [name, { ...set, shape: examples.shape }]),
    ),
    faded: fadedLevels(examples, { factor: 0.5 }),
    inverted: invertedLevels(examples, { levels }),
    shuffled: shuffledEntries(examples, { key }),
    noise: uniformNoise(examples, { levels, key }),
  };
}

/** As many draws of a model as there are examples, by what they are. */
function drawn(
  draws: Readonly<Record<string, (key: Key, n: number) => tf.Tensor>>,
  { count, shape }: Examples,
  key: Key,
): Readonly<Record<string, Examples>> {
  return Object.fromEntries(
    Object.entries(draws).map(([name, draw]) => {
      const samples = draw(key.fold(name), count);
      const values = samples.dataSync<'float32'>();
      samples.dispose();
      return [name, { count, shape, values }];
    }),
  );
}

const tableOf = ({ classification, density }: GradientNorms): Readonly<Record<string, Metric>> => ({
  'gradient of ln p(y|x) before training': { value: classification },
  'gradient of ln p(x) before training': { value: density },
});

/** The errors of classifiers that need no training, to compare with. */
function withoutTraining(train: Examples, test: Examples): Readonly<Record<string, Metric>> {
  const errors = {
    '1-NN': nearestNeighbourError(train, test, 1),
    '3-NN': nearestNeighbourError(train, test, 3),
    'kernel ridge regression': kernelRidgeError(train, test, { gamma: 1e-3, ridge: 1e-2 }),
  };
  return Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [
      `error of ${name}`,
      { value: 100 * error, unit: '%', better: 'lower' },
    ]),
  );
}

/** How many examples come back from a flow as they were. */
function roundTrips(flow: Pick<Flow, 'encode' | 'decode'>, examples: Examples): Record<string, Metric> {
  const x = toTensor(examples);
  const value = tf.tidy(() => tf.sum(tf.all(tf.equal(flow.decode(flow.encode(x)), x), 1)).dataSync())[0]!;
  x.dispose();
  return { 'examples that come back': { value, unit: `of ${examples.count}`, better: 'higher' } };
}

const minus = (value: number): number => -value;

/** What a hybrid says of examples: $p(y|x)$, row by row, and $\ln p(x)$. */
interface Judged {
  readonly probabilities: readonly Float32Array[];
  readonly logProbs: Float32Array;
}

const BATCH = 50;

/** Logits of p(y|x), and ln p(x) or a bound on it. */
function judge(
  model: HybridModel,
  x: tf.Tensor,
  key: Key,
): { readonly logits: tf.Tensor; readonly logProb: tf.Tensor } {
  if (model.likelihoodKind === 'lower-bound')
    return { logits: model.classify(x, key.fold('classify')), logProb: model.elbo(x, key) };
  const logits = model.jointLogProb(x);
  return { logits, logProb: logSumExp(logits, { axis: 1 }) };
}

async function judgeOf(
  model: HybridModel,
  { engine, key, numSamples }: { readonly engine: Engine; readonly key: Key; readonly numSamples: number },
): Promise<{ run(examples: Examples): Promise<Judged>; dispose(): void }> {
  const K = model.contextSize;
  const measure = await engine.prepareMeasure<tf.Tensor>((x, key) =>
    tf.tidy(() => {
      const { logits, logProb } = judge(model, x, key);
      return tf.reshape(tf.concat([logits, tf.expandDims(logProb, 1)], 1), [-1]);
    }),
  );
  /** Rows of K logits and $\ln p(x)$: means over draws. */
  const judged = async (x: tf.Tensor, key: Key): Promise<tf.Tensor2D> => {
    const values = await measure.run(x, key);
    for (let draw = 1; draw < numSamples; draw++) {
      const others = await measure.run(x, key.fold(draw));
      others.forEach((value, at) => (values[at]! += (value - values[at]!) / (draw + 1)));
    }
    return tf.tensor2d(values, [x.shape[0]!, K + 1]);
  };
  return {
    async run(examples) {
      const [probabilities, logProbs] = [[] as Float32Array[], [] as number[]];
      for (let from = 0; from < examples.count; from += BATCH) {
        const count = Math.min(BATCH, examples.count - from);
        const x = gatherExamples(
          examples,
          Int32Array.from({ length: count }, (_, row) => from + row),
        );
        try {
          const means = await judged(x, key.fold(from));
          const ofClasses = tf.tidy(() =>
            softmax(tf.slice(means, [0, 0], [-1, K]), { axis: 1 }).dataSync<'float32'>(),
          );
          for (let row = 0; row < count; row++) probabilities.push(ofClasses.slice(row * K, (row + 1) * K));
          logProbs.push(...tf.tidy(() => tf.slice(means, [0, K], [-1, 1]).dataSync()));
          means.dispose();
        } finally {
          x.dispose();
        }
      }
      return { probabilities, logProbs: Float32Array.from(logProbs) };
    },
    dispose: () => measure.dispose(),
  };
}

async function classification(
  { probabilities }: Judged,
  labels: Int32Array,
): Promise<{ metrics: Readonly<Record<string, Metric>>; curves: readonly Curve[] }> {
  const table = tf.tensor2d(probabilities.map((row) => [...row]));
  const errors = probabilities.map((row, index) => Number(row.indexOf(Math.max(...row)) !== labels[index]));
  const { risk, rejected } = rejectionCurve(
    errors,
    probabilities.map((row) => Math.max(...row)),
  );
  const error = await classificationError(table, labels);
  const calibrationError = await expectedCalibrationError(table, labels);
  table.dispose();
  const afterTenth = risk[Math.round(0.1 * risk.length)]!;
  return {
    metrics: {
      error: { value: 100 * error, unit: '%', better: 'lower' },
      'calibration error': { value: 100 * calibrationError, unit: '%', better: 'lower' },
      'share of errors left with 10 % rejected': {
        value: risk[0] === 0 ? null : afterTenth / risk[0]!,
        better: 'lower',
      },
      'error with 10 % rejected': { value: 100 * afterTenth, unit: '%', better: 'lower' },
    },
    curves: [
      {
        name: 'error of what is not rejected',
        x: { name: 'rejected', unit: '%' },
        y: { name: 'error', unit: '%' },
        points: Array.from(rejected, (share, index): [number, number] => [100 * share, 100 * risk[index]!]),
      },
    ],
  };
}
