import { formatShape, UnsupportedError } from '@dgm/core';
import type { StepFeed, StepProgram } from '@dgm/core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { capture } from '../capture/capture';
import type { Captured, InputSpec } from '../capture/capture';
import type { DType } from '../graph/graph';
import { simplify } from '../passes/simplify';
import { leavesOf, withLeaves } from './tree';

/** A step captured for one phase and one shape of its batch. */
export interface CapturedStep extends Captured {
  /** The scalars that the step returns. */
  readonly terms: readonly string[];
}

/** Names the shapes that a step depends on. */
export function signatureOf(batch: unknown): string {
  return JSON.stringify(leavesOf(batch).map(({ shape, dtype }) => [shape, dtype]));
}

/** Captures and simplifies a step. */
export function captureStep<B>(program: StepProgram<B>, feed: StepFeed<B>): CapturedStep {
  const step = recordStep(program, feed);
  return { ...step, graph: simplify(step.graph) };
}

/** Captures a step as it is; its inputs are `batch/i`, `rate/<objective>`, `step`, `draw/i` and `state/i`. */
export function recordStep<B>(program: StepProgram<B>, feed: StepFeed<B>): CapturedStep {
  const leaves = leavesOf(feed.batch);
  const rates = Object.keys(feed.learningRates);
  const specs: Record<string, InputSpec> = { step: { shape: [] } };
  leaves.forEach(({ shape, dtype }, index) => (specs[`batch/${index}`] = { shape, dtype: dtype as DType }));
  for (const name of rates) specs[`rate/${name}`] = { shape: [] };
  let terms: string[] = [];
  const captured = capture(({ tensors, key }) => {
    const results = program.run({
      batch: withLeaves(
        feed.batch,
        leaves.map((_, index) => tensors[`batch/${index}`]!),
      ),
      key,
      learningRates: Object.fromEntries(rates.map((name) => [name, tensors[`rate/${name}`] as Scalar])),
      step: tensors['step'] as Scalar,
      phase: program.phase?.(feed.step) ?? '',
    });
    terms = Object.keys(results);
    return results;
  }, specs);
  const odd = [...captured.state.values()].find(({ dtype }) => dtype !== 'float32');
  if (odd !== undefined) {
    throw new UnsupportedError({
      where: 'compiled',
      argument: 'the variables of a training step',
      expected: 'to be float32',
      actual: `one of type ${odd.dtype} and shape ${formatShape(odd.shape)}`,
      remedy: 'keep integers as float32, or run with the eager engine',
    });
  }
  return { ...captured, terms };
}
