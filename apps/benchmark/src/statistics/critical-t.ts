const TAIL = 0.05;
const INTERVALS = 1000;
const HALVINGS = 50;

/**
 * The value that Student's $t$ stays within, on both sides of zero, with a probability of 95 %.
 *
 * With $t = \sqrt\nu / \tan u$ the density of $u \in (0, \pi)$ is proportional to $\sin^{\nu-1} u$, so that no gamma
 * function is needed: the tails are the angles below some $u$, and those as near to $\pi$.
 * @param degrees - of freedom, from 1 to some hundreds; they need not be whole
 */
export function criticalT(degrees: number): number {
  const wanted = TAIL * weightBelow(1, degrees);
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (weightBelow(middle, degrees) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) / Math.tan(angleAt(low));
}

/** A cube, since for $\nu < 2$ the density's slope is infinite at 0, which Simpson's rule does not bear. */
const angleAt = (share: number) => (Math.PI / 2) * share ** 3;

/** $\int_0^{s} \sin^{\nu-1} u(w) \, w^2 \, dw$ by Simpson's rule: the weight of the angles up to that at `share`, but for a factor. */
function weightBelow(share: number, degrees: number): number {
  let sum = 0;
  for (let index = 0; index <= INTERVALS; index++) {
    const w = (share * index) / INTERVALS;
    const times = index === 0 || index === INTERVALS ? 1 : index % 2 === 1 ? 4 : 2;
    sum += times * Math.sin(angleAt(w)) ** (degrees - 1) * w ** 2;
  }
  return (sum * share) / (3 * INTERVALS);
}
