import {
  adamax,
  auroc,
  classContext,
  classificationError,
  expectedCalibrationError,
  gatherExamples,
  Key,
  logSumExp,
  rejectionCurve,
} from '@dgm/core';
import type { Dataset, Engine, Examples } from '@dgm/core';
import { gatedPixelCnn } from '@dgm/arm';
import {
  densityWeight,
  generativeClassifier,
  hybridIdf,
  invertedLevels,
  rotatedImages,
  shuffledEntries,
  typicalityScore,
  uniformNoise,
} from '@dgm/hybrid';
import type { ExactHybrid, GenerativeClassifier } from '@dgm/hybrid';
import * as tf from '@tensorflow/tfjs-core';
import type { Curve, Metric } from '../results/schema';
import { bookTraining, likelihoodFor } from './shared/book';
import { imageShape, isVectorsOfIntegers } from './shared/datasets';
import type { Experiment, Recipe } from './shared/recipe';

const hasLabels = ({ train: { labels } }: Dataset): boolean => labels !== undefined;

const classesOf = ({ train: { labels } }: Dataset): number =>
  1 + labels!.reduce((most, label) => Math.max(most, label), 0);

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
    name: 'hybrid-idf',
    source: 'DGM §5.3, Listings 5.1-5.2',
    accepts: (dataset) => hasLabels(dataset) && isVectorsOfIntegers(dataset) && isOfGreyLevels(dataset),
    create: ({ dataset, key, quick }) => {
      const [classes, levels] = [classesOf(dataset), dataset.levels!];
      const hidden = quick ? [32] : [256, 256];
      const model = hybridIdf({
        ...{ dims: dataset.train.shape[0]!, classes, levels, hidden, key },
        weights: densityWeight(0.1),
      });
      return {
        model,
        training: { ...bookTraining, batch: classContext({ classes }) },
        measure: measureHybrid(model, dataset),
      };
    },
  },
];

type HybridModel = GenerativeClassifier | ExactHybrid;

/** The error, calibration and rejection of the classifier, and what the likelihood tells apart from the data. */
function measureHybrid(
  model: HybridModel,
  { validation, train: { shape }, levels = 2 }: Dataset,
): NonNullable<Experiment['measure']> {
  return async (examples, { key, engine }) => {
    const judge = await judgeOf(model, engine);
    try {
      const seen = await judge.run(examples);
      const { logProbs: held } = await judge.run(validation);
      const entropy = held.reduce((sum, logProb) => sum - logProb / held.length, 0);
      const [height, width] = imageShape(shape)!;
      const outliers: Readonly<Record<string, Examples>> = {
        rotated: rotatedImages(examples, { plane: [height, width], quarters: 1 }),
        inverted: invertedLevels(examples, { levels }),
        shuffled: shuffledEntries(examples, { key }),
        noise: uniformNoise(examples, { levels, key }),
      };
      const detected: Record<string, Metric> = {};
      for (const [name, set] of Object.entries(outliers)) {
        const { logProbs } = await judge.run(set);
        const area = auroc(logProbs.map(minus), seen.logProbs.map(minus));
        const typical = auroc(
          typicalityScore(logProbs, { entropy }),
          typicalityScore(seen.logProbs, { entropy }),
        );
        detected[`AUROC, ${name}`] = { value: area, better: 'higher' };
        detected[`AUROC of typicality, ${name}`] = { value: typical, better: 'higher' };
      }
      const { metrics, curves } = await classification(seen, examples.labels!);
      return { metrics: { ...metrics, ...detected }, curves };
    } finally {
      judge.dispose();
    }
  };
}

const minus = (value: number): number => -value;

/** What a hybrid says of examples: $p(y|x)$, row by row, and $\ln p(x)$. */
interface Judged {
  readonly probabilities: readonly Float32Array[];
  readonly logProbs: Float32Array;
}

const BATCH = 50;

async function judgeOf(
  model: HybridModel,
  engine: Engine,
): Promise<{ run(examples: Examples): Promise<Judged>; dispose(): void }> {
  const K = model.contextSize;
  const measure = await engine.prepareMeasure<tf.Tensor>((x) =>
    tf.tidy(() => {
      const joint = model.jointLogProb(x);
      const logProb = logSumExp(joint, { axis: 1 });
      const probabilities = tf.exp(tf.sub(joint, tf.expandDims(logProb, 1)));
      return tf.reshape(tf.concat([probabilities, tf.expandDims(logProb, 1)], 1), [-1]);
    }),
  );
  return {
    async run(examples) {
      const rows: Float32Array[] = [];
      for (let from = 0; from < examples.count; from += BATCH) {
        const count = Math.min(BATCH, examples.count - from);
        const x = gatherExamples(
          examples,
          Int32Array.from({ length: count }, (_, row) => from + row),
        );
        try {
          const values = await measure.run(x, NO_KEY);
          for (let row = 0; row < count; row++) rows.push(values.slice(row * (K + 1), (row + 1) * (K + 1)));
        } finally {
          x.dispose();
        }
      }
      return {
        probabilities: rows.map((row) => row.subarray(0, K)),
        logProbs: Float32Array.from(rows, (row) => row[K]!),
      };
    },
    dispose: () => measure.dispose(),
  };
}

/** Neither model draws anything when it is measured. */
const NO_KEY = Key.of(0);

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
