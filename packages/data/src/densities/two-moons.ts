import { blurredArcs } from './blurred-arcs';
import { checkPositive, type PlaneDensity } from './plane-density';

export interface TwoMoonsOptions {
  /** Standard deviation of the noise around the half circles of radius 1. */
  readonly noise?: number;
}

/** Two interleaved half circles, blurred: the upper one around (0, 0), the lower one around (1, 0.5). */
export function twoMoons({ noise = 0.1 }: TwoMoonsOptions = {}): PlaneDensity {
  checkPositive(noise, 'twoMoons', 'noise');
  const upper = { centre: [0, 0], radius: 1, from: 0, to: Math.PI } as const;
  const lower = { centre: [1, 0.5], radius: 1, from: Math.PI, to: 2 * Math.PI } as const;
  return blurredArcs('twoMoons', [upper, lower], noise);
}
