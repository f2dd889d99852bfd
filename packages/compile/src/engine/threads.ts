import type { Graph } from '../graph/graph';

/** How many threads pay for a graph. */
export function threadsFor(_graph: Graph): number {
  return 1;
}
