import { criticalT } from './critical-t';
import type { ComparisonRow } from '../results/comparison';

/** What both sides of a row reached over several seeds. */
export type Reached = Pick<
  ComparisonRow,
  'oursTestNats' | 'peerTestNats' | 'oursTestNatsSd' | 'peerTestNatsSd' | 'seeds'
>;

/** By how many nats ours differs from the peer: the truth lies within `halfWidth` of `nats` with 95 % confidence. */
export interface Difference {
  /** Ours minus the peer's: below 0 where ours is better. */
  readonly nats: number;
  readonly halfWidth: number;
}

/**
 * The difference of the means over the seeds, and Welch's interval around it: $s^2 = s_1^2 / n + s_2^2 / n$, and Student's
 * $t$ with $\nu = s^4 (n - 1) / ((s_1^2 / n)^2 + (s_2^2 / n)^2)$ degrees of freedom. It is about these test examples: what
 * varies is the training, and the draws of a bound.
 * @returns nats; null without a likelihood on both sides, or with fewer than two seeds
 * @see The generalization of "Student's" problem (Welch, 1947)
 */
export function differenceOf(row: Reached): Difference | null {
  const { oursTestNats, peerTestNats, oursTestNatsSd, peerTestNatsSd, seeds } = row;
  if (oursTestNats === null || peerTestNats === null) return null;
  if (oursTestNatsSd === null || peerTestNatsSd === null) return null;
  const nats = oursTestNats - peerTestNats;
  const [ours, peer] = [oursTestNatsSd ** 2 / seeds, peerTestNatsSd ** 2 / seeds];
  // Without any spread there are no degrees of freedom to speak of.
  if (ours + peer === 0) return { nats, halfWidth: 0 };
  const degrees = ((ours + peer) ** 2 * (seeds - 1)) / (ours ** 2 + peer ** 2);
  return { nats, halfWidth: criticalT(degrees) * Math.sqrt(ours + peer) };
}

/** Which side reached fewer nats; `equal` says only that the seeds do not tell the sides apart. */
export type Verdict = 'better' | 'equal' | 'worse';

/**
 * Whether ours is better than the peer, by the 95 % interval of their difference. `equal` is no proof of equality: how far
 * the truth may still be from it is the interval's half width. Of many rows, one in twenty is not `equal` by chance alone.
 * @returns null where there is no interval
 */
export function verdictOf(row: Reached): Verdict | null {
  const difference = differenceOf(row);
  if (difference === null) return null;
  const { nats, halfWidth } = difference;
  if (Math.abs(nats) <= halfWidth) return 'equal';
  return nats < 0 ? 'better' : 'worse';
}
