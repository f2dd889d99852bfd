import { checkShape, checkThat, DomainError, ShapeError } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Inverse temperatures between which the optimum is looked for. */
const [COOLEST, HOTTEST] = [1e4, 1e-4];
const STEPS = 100;

/**
 * Temperature scaling: the T that minimizes the negative log-likelihood of $\mathrm{softmax}(l / T)$, computed in doubles. It
 * changes how sure a classifier is and no prediction.
 * @param logits - `[n, K]`, of validation examples
 * @param labels - n classes
 * @returns T; divide logits by it
 * @throws ShapeError unless there is one row for each label
 * @throws DomainError for a logit that is not finite, a label that is not a class, or if no finite temperature is best: every prediction is right, or the
 * logits are no better than guessing
 * @see On Calibration of Modern Neural Networks (Guo et al., 2017), §4.2
 */
export async function fitTemperature(logits: Tensor, labels: ArrayLike<number>): Promise<number> {
  const where = 'fitTemperature';
  checkShape(where, 'logits', logits, ['n', 'classes']);
  const [n, classes] = logits.shape as [number, number];
  checkThat(where, 'labels', n !== 0 && labels?.length === n, {
    error: ShapeError,
    expected: `to hold ${n} classes, at least one`,
    actual: String(labels?.length),
  });
  const values = await logits.data<'float32'>();
  const infinite = values.find((value) => !Number.isFinite(value));
  if (infinite !== undefined) {
    throw new DomainError({
      where,
      argument: 'logits',
      expected: 'to be finite',
      actual: String(infinite),
    });
  }
  const rows = Array.from({ length: n }, (_, row) => ({
    logits: Float64Array.from(values.subarray(row * classes, (row + 1) * classes)),
    label: checkLabel(where, labels[row]!, classes),
  }));
  // The derivative with respect to the inverse temperature b, sum E[l] - l_y, rises with b.
  const slope = (b: number): number => rows.reduce((sum, row) => sum + slopeOf(row, b), 0);
  if (!(slope(HOTTEST) < 0 && slope(COOLEST) > 0)) {
    throw new DomainError({
      where,
      argument: 'logits',
      expected: 'to have a finite best temperature',
      actual: slope(HOTTEST) < 0 ? 'every prediction is right' : 'predictions no better than guesses',
      remedy: 'use validation examples, not those the classifier was trained on',
    });
  }
  let [low, high] = [Math.log(HOTTEST), Math.log(COOLEST)];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}

/** $\mathbb{E}_{p_b}[l] - l_y$ with $p_b = \mathrm{softmax}(b\, l)$. */
function slopeOf({ logits, label }: { logits: Float64Array; label: number }, b: number): number {
  const top = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  let [total, mean] = [0, 0];
  for (const logit of logits) {
    const weight = Math.exp(b * (logit - top));
    total += weight;
    mean += weight * logit;
  }
  return mean / total - logits[label]!;
}

function checkLabel(where: string, label: number, classes: number): number {
  if (Number.isInteger(label) && label >= 0 && label < classes) return label;
  throw new DomainError({
    where,
    argument: 'labels',
    expected: `to be integers from 0 to ${classes - 1}`,
    actual: String(label),
  });
}
