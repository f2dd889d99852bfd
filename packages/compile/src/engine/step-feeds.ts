import type { StepFeed } from '@dgm/core';
import type { Data, DType } from '../graph/graph';
import type { HostTensor, StepFeeds } from './step-executor';
import type { CapturedStep } from './step-variant';
import { leavesOf } from './tree';

/** What a step was last fed with. Its arrays are filled anew for each run: the system is slow to give as much memory again. */
export type FeedMemory = Map<string, HostTensor>;

/**
 * The inputs of a captured step for one feed: `step`, `rate/<objective>`, `batch/i` and `draw/i`.
 * @param memory - of the last feed, which this one overwrites
 */
export async function feedsOf<B>(
  step: CapturedStep,
  feed: StepFeed<B>,
  memory: FeedMemory = new Map(),
): Promise<StepFeeds> {
  setScalar(memory, 'step', feed.step);
  for (const name in feed.learningRates) setScalar(memory, `rate/${name}`, feed.learningRates[name]!);
  for (const [index, leaf] of leavesOf(feed.batch).entries()) {
    const dtype = leaf.dtype as DType;
    memory.set(`batch/${index}`, { data: (await leaf.data()) as Data, shape: leaf.shape, dtype });
  }
  for (const [name, { shape, refill }] of step.draws) {
    if (!step.graph.inputs.has(name)) continue;
    const known = memory.get(name)?.data as Float32Array | undefined;
    const data = refill(feed.key, known);
    if (known === undefined) memory.set(name, { data, shape, dtype: 'float32' });
  }
  return memory;
}

function setScalar(memory: FeedMemory, name: string, value: number): void {
  const known = memory.get(name);
  if (known === undefined) memory.set(name, { data: Float32Array.of(value), shape: [], dtype: 'float32' });
  else known.data[0] = value;
}
