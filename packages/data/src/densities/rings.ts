import { blurredArcs } from './blurred-arcs';
import { checkPositive, type PlaneDensity } from './plane-density';

export interface RingsOptions {
  /** One ring for each. */
  readonly radii?: readonly number[];
  /** Standard deviation of the noise around the rings. */
  readonly noise?: number;
}

/** Circles around the origin, blurred; each holds the same mass. */
export function rings({ radii = [1, 2, 3], noise = 0.1 }: RingsOptions = {}): PlaneDensity {
  checkPositive(noise, 'rings', 'noise');
  checkPositive(radii.length, 'rings', 'radii.length');
  radii.forEach((radius, ring) => checkPositive(radius, 'rings', `radii[${ring}]`));
  const circles = radii.map((radius) => ({ centre: [0, 0], radius, from: 0, to: 2 * Math.PI }) as const);
  return blurredArcs('rings', circles, noise);
}
