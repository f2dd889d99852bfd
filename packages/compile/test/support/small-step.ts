import { adam, Key, mlp, ModelStep } from '@dgm/core';
import type { Engine, StepFeed, StepTerms, TrainStep } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Denoiser } from './network-model';

/** A small model with its optimizer on an engine, and batches to train it with. */
export interface SmallStep {
  readonly step: TrainStep<Tensor>;
  readonly program: ModelStep<Tensor>;
  /** Takes steps without reading anything. */
  take(count: number): Promise<void>;
  /** Every variable's values, as tfjs has them. */
  values(): number[][];
  dispose(): void;
}

export async function smallStep(engine: Engine): Promise<SmallStep> {
  const model = new Denoiser({ network: mlp([3, 8, 3], { key: Key.of(0) }), eventShape: [3] });
  const program = new ModelStep<Tensor>(model, {
    optimizer: adam({ learningRate: 1e-2 }),
    clipNorm: 1,
    ema: { decay: 0.9 },
  });
  const batch = Key.of(1).normal([5, 3]);
  const step = await engine.prepare(program);
  let taken = 0;
  return {
    step,
    program,
    take: async (count) => {
      for (let index = 0; index < count; index++) await step.run(feedOf(batch, ++taken));
    },
    values: () => [...program.state.values()].map((variable) => [...variable.dataSync()]),
    dispose: () => {
      step.dispose();
      program.dispose();
      model.dispose();
      batch.dispose();
    },
  };
}

export function feedOf(batch: Tensor, step: number): StepFeed<Tensor> {
  return { batch, key: Key.of(2).fold(step), learningRates: { denoise: 1e-2 }, step };
}

export const totals = (terms: readonly StepTerms[]): number[] => terms.map((each) => each['denoise/total']!);

/** How many tensors tfjs holds. */
export const tensors = (): number => tf.memory().numTensors;
