import type { Attributes } from '../graph/graph';

/** The attribute `axis`, counted from the front. */
export function axisOf(attributes: Attributes, rank: number): number {
  const axis = Number(attributes['axis'] ?? 0);
  return axis < 0 ? axis + rank : axis;
}
