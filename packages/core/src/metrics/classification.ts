import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, checkOptions } from '../check/check';
import { DomainError, ShapeError } from '../errors/dgm-error';
import type { Key } from '../random/key';
import { formatShape } from '../shape/shape';

/**
 * The fraction of examples whose most probable class is not their label.
 * @param scores - `[n, classes]`: logits, log-probabilities or probabilities
 * @param labels - n class numbers
 * @returns in [0, 1]
 */
export async function classificationError(scores: Tensor, labels: ArrayLike<number>): Promise<number> {
  const rows = await readRows(scores, labels, 'classificationError');
  const wrong = rows.filter((row, index) => largestAt(row) !== labels[index]).length;
  return wrong / rows.length;
}

/** The examples whose confidence lies in one interval. */
export interface ReliabilityBin {
  /** The ends of the interval; the upper one belongs to it. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** The mean probability of the predicted class; NaN for an empty bin. */
  readonly confidence: number;
  /** The share of right predictions; NaN for an empty bin. */
  readonly accuracy: number;
}

/** How well probabilities of predictions agree with how often they are right. */
export interface Calibration {
  /** The expected calibration error, in [0, 1]. */
  readonly error: number;
  /** An interval of the error by the bootstrap, where a key was given. */
  readonly interval?: readonly [low: number, high: number];
  readonly bins: readonly ReliabilityBin[];
}

export interface CalibrationOptions {
  /** The number of bins, of equal width. @defaultValue 15 */
  readonly bins?: number;
  /** Randomness for the interval, which there is none of without it. */
  readonly key?: Key;
  /** Resampled sets for the interval. @defaultValue 1000 */
  readonly resamples?: number;
  /** The probability that the interval covers. @defaultValue 0.95 */
  readonly level?: number;
}

/**
 * How confidence and accuracy agree: the bins of a reliability diagram, and the expected calibration error,
 * $\sum_b \frac{n_b}{n} |\text{accuracy}_b - \text{confidence}_b|$.
 *
 * Few examples make the error large even for a calibrated model: each bin adds its noise. The percentiles of the error
 * over resampled sets of examples say how large that is.
 * @param probabilities - `[n, classes]`, rows sum to 1
 * @param labels - n class numbers
 * @throws {@link ShapeError} unless there is one row for each label; {@link DomainError} for a number that is not a probability.
 * @see On calibration of modern neural networks (Guo et al., 2017), Eq. 3
 */
export async function calibration(
  probabilities: Tensor,
  labels: ArrayLike<number>,
  { bins = 15, key, resamples = 1000, level = 0.95, ...unknown }: CalibrationOptions = {},
): Promise<Calibration> {
  const where = 'calibration';
  checkOptions(where, unknown, ['bins', 'key', 'resamples', 'level']);
  checkInteger(where, 'bins', bins);
  checkInteger(where, 'resamples', resamples);
  checkNumber(where, 'level', level, { above: 0, below: 1 });
  const rows = await readRows(probabilities, labels, where);
  const examples = rows.map((row, index) => {
    const predicted = largestAt(row);
    const confidence = row[predicted]!;
    checkProbability(where, confidence, index);
    // A bin holds its upper edge, as in the paper.
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    return { bin, confidence, isRight: predicted === labels[index] };
  });
  const diagram = Array.from({ length: bins }, (_, bin): ReliabilityBin => {
    const own = examples.filter((example) => example.bin === bin);
    const confidence = own.reduce((sum, example) => sum + example.confidence, 0) / own.length;
    const accuracy = own.filter(({ isRight }) => isRight).length / own.length;
    return { from: bin / bins, to: (bin + 1) / bins, count: own.length, confidence, accuracy };
  });
  const error = calibrationError(examples, bins);
  if (key === undefined) return { error, bins: diagram };
  const generator = key.generator();
  const errors = Float64Array.from({ length: resamples }, () =>
    calibrationError(
      examples.map(() => examples[generator.below(examples.length)]!),
      bins,
    ),
  ).sort();
  const quantile = (share: number): number => errors[Math.round(share * (resamples - 1))]!;
  return { error, interval: [quantile((1 - level) / 2), quantile((1 + level) / 2)], bins: diagram };
}

/**
 * The expected calibration error of {@link calibration} alone.
 * @param probabilities - `[n, classes]`, rows sum to 1
 * @param labels - n class numbers
 * @param options - `bins`: 15 by default
 * @returns in [0, 1]
 */
export async function expectedCalibrationError(
  probabilities: Tensor,
  labels: ArrayLike<number>,
  { bins = 15, ...unknown }: { readonly bins?: number } = {},
): Promise<number> {
  checkOptions('expectedCalibrationError', unknown, ['bins']);
  return (await calibration(probabilities, labels, { bins })).error;
}

function calibrationError(
  examples: readonly { readonly bin: number; readonly confidence: number; readonly isRight: boolean }[],
  bins: number,
): number {
  // In each bin: confidence minus correctness, summed up.
  const gaps = new Float64Array(bins);
  for (const { bin, confidence, isRight } of examples) gaps[bin]! += confidence - Number(isRight);
  return gaps.reduce((total, gap) => total + Math.abs(gap), 0) / examples.length;
}

function checkProbability(where: string, value: number, row: number): void {
  if (value >= 0 && value <= 1 + 1e-5) return;
  throw new DomainError({
    where,
    argument: 'probabilities',
    expected: 'to be in [0, 1]',
    actual: `${value} in row ${row}`,
    remedy: 'apply softmax to logits first',
  });
}

async function readRows(scores: Tensor, labels: ArrayLike<number>, where: string): Promise<Float32Array[]> {
  const [n = 0, classes = 0] = scores.shape;
  if (scores.shape.length !== 2 || n === 0 || labels.length !== n) {
    const expected = `of shape ${formatShape([labels.length, 'classes'])}, one row per label`;
    throw new ShapeError({ where, argument: 'scores', expected, actual: formatShape(scores.shape) });
  }
  const values = (await scores.data()) as Float32Array;
  return Array.from({ length: n }, (_, row) => values.subarray(row * classes, (row + 1) * classes));
}

function largestAt(row: Float32Array): number {
  return row.reduce((best, value, index) => (value > row[best]! ? index : best), 0);
}
