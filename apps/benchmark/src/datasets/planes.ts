import { Key, type Dataset } from '@dgm/core';
import { checkerboard, gaussianMixture, planeDataset, rings, twoMoons, type PlaneDensity } from '@dgm/data';

/** The data sets on the plane, whose density is known, by the names of the command line. */
export const planes: Readonly<Record<string, () => PlaneDensity>> = {
  'two-moons': () => twoMoons(),
  rings: () => rings({ radii: [1, 2] }),
  checkerboard: () => checkerboard(),
  'gaussian-mixture': () => gaussianMixture(),
};

export const planeNames: readonly string[] = Object.keys(planes);

/** Points of the density of that name, always the same ones; many for the test, so that the divergence is not noise. */
export function loadPlane(name: string): Dataset {
  const points = planeDataset(planes[name]!(), { key: Key.of(0), train: 2000, validation: 500, test: 5000 });
  return { ...points, name };
}
