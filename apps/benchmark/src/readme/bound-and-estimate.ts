import { score } from '../report/format';
import { isScore, type Run } from '../results/schema';

/** The bound, the importance-sampled estimate, and in brackets the epochs after which a run was cut short. */
export function boundAndEstimate(
  { test, epochs, extra: { importanceSampled, stoppedBy } }: Run,
  mark: (bound: string) => string = (bound) => bound,
): string {
  const estimate = isScore(importanceSampled) ? `; ${score(importanceSampled)}` : '';
  return `${mark(score(test))}${estimate}${stoppedBy === 'early-stopping' ? '' : ` (${epochs})`}`;
}
