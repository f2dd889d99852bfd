import {
  auroc,
  classContext,
  classificationError,
  expectedCalibrationError,
  gatherExamples,
  logSumExp,
  rejectionCurve,
  sizeOf,
  softmax,
} from '@dgm/core';
import type { Dataset, Engine, Examples, Key } from '@dgm/core';
import { glyphs, letters, toTensor } from '@dgm/data';
import type { Flow } from '@dgm/flows';
import {
  fadedLevels,
  gradientNorms,
  invertedLevels,
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
import * as tf from '@tensorflow/tfjs-core';
import { kernelRidgeError, nearestNeighbourError } from '../../datasets/classifiers';
import type { Curve, Metric } from '../../results/schema';
import { imageShape } from '../shared/datasets';
import type { Experiment } from '../shared/recipe';

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
export async function pullsOf(
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
export function measureHybrid(
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
  const measure = await engine.prepareFunction<tf.Tensor>((x, key) =>
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
