import type { StepFeed } from '@dgm/core';
import type { Data, DType } from '../graph/graph';
import type { HostTensor, StepFeeds } from './step-executor';
import type { CapturedStep } from './step-variant';
import { leavesOf } from './tree';

/** The inputs of a captured step for one feed: `step`, `rate/<objective>`, `batch/i` and `draw/i`. */
export async function feedsOf<B>(step: CapturedStep, feed: StepFeed<B>): Promise<StepFeeds> {
  const feeds = new Map<string, HostTensor>([['step', scalar(feed.step)]]);
  for (const [name, rate] of Object.entries(feed.learningRates)) feeds.set(`rate/${name}`, scalar(rate));
  for (const [index, leaf] of leavesOf(feed.batch).entries()) {
    const dtype = leaf.dtype as DType;
    feeds.set(`batch/${index}`, { data: (await leaf.data()) as Data, shape: leaf.shape, dtype });
  }
  for (const [name, { shape, refill }] of step.draws) {
    if (step.graph.inputs.has(name)) feeds.set(name, { data: refill(feed.key), shape, dtype: 'float32' });
  }
  return feeds;
}

function scalar(value: number): HostTensor {
  return { data: Float32Array.of(value), shape: [], dtype: 'float32' };
}
