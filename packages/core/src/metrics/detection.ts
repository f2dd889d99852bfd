import { checkNumber, checkOptions, checkThat } from '../check/check';

/*
 * Detection of positives by a score that is higher for them: outliers by -ln p(x), or inliers by ln p(x). Equal scores get
 * one threshold, so that no result depends on the order in which they come.
 */

/** What a threshold at the score of one or more examples gives: how many of either kind score at least as much. */
interface Threshold {
  readonly truePositives: number;
  readonly falsePositives: number;
}

/**
 * The area under the ROC curve: the probability that a positive scores higher than a negative, where equal scores count
 * half, $P(s^+ > s^-) + \frac{1}{2} P(s^+ = s^-)$.
 * @param positives - scores of positive examples
 * @param negatives - scores of negative examples
 * @returns in [0, 1]; 0.5 for scores that tell nothing
 * @throws {@link ArgumentError} where one side is empty or a score is NaN.
 * @see An introduction to ROC analysis (Fawcett, 2006), §7
 */
export function auroc(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  const curve = thresholds('auroc', positives, negatives);
  let [area, previous] = [0, { truePositives: 0, falsePositives: 0 }];
  for (const next of curve) {
    // The trapezoid of a threshold that both kinds share counts its pairs half.
    const height = (next.truePositives + previous.truePositives) / 2;
    area += height * (next.falsePositives - previous.falsePositives);
    previous = next;
  }
  return area / (positives.length * negatives.length);
}

/**
 * Average precision, the area under the curve of precision against recall without interpolation:
 * $\sum_k (R_k - R_{k-1}) P_k$ over the distinct scores, from the highest.
 * @param positives - scores of positive examples
 * @param negatives - scores of negative examples
 * @returns in [0, 1]; the share of positives for scores that tell nothing
 * @throws {@link ArgumentError} where one side is empty or a score is NaN.
 */
export function averagePrecision(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  let [total, before] = [0, 0];
  for (const { truePositives, falsePositives } of thresholds('averagePrecision', positives, negatives)) {
    total += ((truePositives - before) * truePositives) / (truePositives + falsePositives);
    before = truePositives;
  }
  return total / positives.length;
}

/**
 * The false-positive rate at the highest threshold with a wanted true-positive rate: FPR95 by default.
 * @param positives - scores of positive examples
 * @param negatives - scores of negative examples
 * @param options - `truePositiveRate`: in (0, 1], 0.95 by default
 * @returns in [0, 1]
 * @throws {@link ArgumentError} where one side is empty or a score is NaN.
 */
export function falsePositiveRate(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
  { truePositiveRate = 0.95, ...unknown }: { readonly truePositiveRate?: number } = {},
): number {
  checkOptions('falsePositiveRate', unknown, ['truePositiveRate']);
  checkNumber('falsePositiveRate', 'truePositiveRate', truePositiveRate, { above: 0, max: 1 });
  const curve = thresholds('falsePositiveRate', positives, negatives);
  const first = curve.find(({ truePositives }) => truePositives / positives.length >= truePositiveRate)!;
  return first.falsePositives / negatives.length;
}

/** The error of what is kept, against how much of it is refused. */
export interface RejectionCurve {
  /** The share of examples that are refused, from 0 to below 1 in steps of 1 / n. */
  readonly rejected: Float64Array;
  /** The mean loss of the others. */
  readonly risk: Float64Array;
  /** The mean of `risk`: the area under the curve. */
  readonly area: number;
}

/**
 * The mean loss of the examples that are kept when those of the lowest confidence are refused. Where only some of the examples
 * of one confidence are kept, the risk is the expectation over which.
 * @param losses - of each example: 1 for an error and 0 otherwise, or any other loss
 * @param confidences - of each example, such as the largest probability of a class, or ln p(x)
 * @throws {@link ArgumentError} where there are no examples, lengths differ or a number is NaN.
 * @see Selective Classification for Deep Neural Networks (Geifman and El-Yaniv, 2017), §2
 */
export function rejectionCurve(losses: ArrayLike<number>, confidences: ArrayLike<number>): RejectionCurve {
  const where = 'rejectionCurve';
  const n = losses.length;
  checkScores(where, 'losses', losses);
  checkScores(where, 'confidences', confidences);
  checkThat(where, 'confidences', confidences.length === n, {
    expected: `to hold ${n} numbers, one for each loss`,
    actual: String(confidences.length),
  });
  const order = Array.from({ length: n }, (_, index) => index).sort(
    (a, b) => confidences[b]! - confidences[a]!,
  );
  const risk = new Float64Array(n);
  let [surer, sum] = [0, 0];
  while (surer < n) {
    let end = surer + 1;
    while (end < n && confidences[order[end]!] === confidences[order[surer]!]) end++;
    const tied = order.slice(surer, end).reduce((total, index) => total + losses[index]!, 0);
    for (let kept = surer + 1; kept <= end; kept++) {
      risk[n - kept] = (sum + (tied * (kept - surer)) / (end - surer)) / kept;
    }
    sum += tied;
    surer = end;
  }
  return {
    rejected: Float64Array.from({ length: n }, (_, refused) => refused / n),
    risk,
    area: risk.reduce((total, value) => total + value, 0) / n,
  };
}

/** One threshold for each distinct score, from the highest. */
function thresholds(where: string, positives: ArrayLike<number>, negatives: ArrayLike<number>): Threshold[] {
  checkScores(where, 'positives', positives);
  checkScores(where, 'negatives', negatives);
  const scored = [
    ...Array.from(positives, (score) => ({ score, isPositive: true })),
    ...Array.from(negatives, (score) => ({ score, isPositive: false })),
    // Infinite scores are equal, and their difference is NaN.
  ].sort((a, b) => (a.score === b.score ? 0 : b.score - a.score));
  const curve: Threshold[] = [];
  let [truePositives, falsePositives] = [0, 0];
  scored.forEach(({ score, isPositive }, index) => {
    if (isPositive) truePositives++;
    else falsePositives++;
    if (scored[index + 1]?.score !== score) curve.push({ truePositives, falsePositives });
  });
  return curve;
}

function checkScores(where: string, argument: string, scores: ArrayLike<number>): void {
  const wrong = Array.from(scores).find((score) => typeof score !== 'number' || Number.isNaN(score));
  checkThat(where, argument, scores.length > 0 && wrong === undefined, {
    expected: 'to hold numbers, one or more',
    actual: scores.length === 0 ? 'none' : String(wrong),
  });
}
