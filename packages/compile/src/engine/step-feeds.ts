import { sizeOf } from '@dgm/core';
import type { StepFeed } from '@dgm/core';
import type { Data, DType } from '../graph/graph';
import type { HostTensor, StepFeeds } from './step-executor';
import type { CapturedStep } from './step-variant';
import { leavesOf } from './tree';

/** Memory for a step's draws, to be filled anew for each run: the system is slow to give as much. */
export type DrawMemory = ReadonlyMap<string, Float32Array>;

export function drawMemoryOf({ graph, draws }: CapturedStep): DrawMemory {
  const read = [...draws].filter(([name]) => graph.inputs.has(name));
  return new Map(read.map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]));
}

/** The inputs of a captured step for one feed: `step`, `rate/<objective>`, `batch/i` and `draw/i`. */
export async function feedsOf<B>(
  step: CapturedStep,
  feed: StepFeed<B>,
  memory: DrawMemory = drawMemoryOf(step),
): Promise<StepFeeds> {
  const feeds = new Map<string, HostTensor>([['step', scalar(feed.step)]]);
  for (const [name, rate] of Object.entries(feed.learningRates)) feeds.set(`rate/${name}`, scalar(rate));
  for (const [index, leaf] of leavesOf(feed.batch).entries()) {
    const dtype = leaf.dtype as DType;
    feeds.set(`batch/${index}`, { data: (await leaf.data()) as Data, shape: leaf.shape, dtype });
  }
  for (const [name, values] of memory) {
    const { shape, refill } = step.draws.get(name)!;
    feeds.set(name, { data: refill(feed.key, values), shape, dtype: 'float32' });
  }
  return feeds;
}

function scalar(value: number): HostTensor {
  return { data: Float32Array.of(value), shape: [], dtype: 'float32' };
}
