import type { Tensor } from '@tensorflow/tfjs-core';
import { DomainError, ShapeError } from '../errors/dgm-error';
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

/**
 * Expected calibration error, $\sum_b \frac{n_b}{n} |\text{accuracy}_b - \text{confidence}_b|$, over bins of equal width.
 * @param probabilities - `[n, classes]`, rows sum to 1
 * @param labels - n class numbers
 * @param options - `bins`: 15 unless given
 * @returns in [0, 1]
 * @see On calibration of modern neural networks (Guo et al., 2017), Eq. 3
 */
export async function expectedCalibrationError(
  probabilities: Tensor,
  labels: ArrayLike<number>,
  { bins = 15 }: { readonly bins?: number } = {},
): Promise<number> {
  const rows = await readRows(probabilities, labels, 'expectedCalibrationError');
  // In each bin: confidence minus correctness, summed up.
  const gaps = new Float64Array(bins);
  rows.forEach((row, index) => {
    const predicted = largestAt(row);
    const confidence = row[predicted]!;
    if (!(confidence >= 0 && confidence <= 1 + 1e-5)) {
      throw new DomainError({
        where: 'expectedCalibrationError',
        argument: 'probabilities',
        expected: 'to be in [0, 1]',
        actual: `${confidence} in row ${index}`,
        remedy: 'apply softmax to logits first',
      });
    }
    // A bin holds its upper edge, as in the paper.
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin]! += confidence - (predicted === labels[index] ? 1 : 0);
  });
  return gaps.reduce((total, gap) => total + Math.abs(gap), 0) / rows.length;
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
