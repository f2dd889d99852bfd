import { adam, Key, mlp, ModelStep } from '@dgm/core';
import type { Engine } from '@dgm/core';
import { Denoiser } from './network-model';

/** Training whose steps are cheap and whose batches and draws are large: what is not freed shows soon. */
export interface LargeFeeds {
  readonly bytesPerStep: number;
  take(count: number): Promise<void>;
  dispose(): void;
}

export async function largeFeeds(engine: Engine): Promise<LargeFeeds> {
  const shape = [256, 64];
  const model = new Denoiser({ network: mlp([64, 4, 64], { key: Key.of(0) }), eventShape: [64] });
  const program = new ModelStep(model, { optimizer: adam() });
  const batch = Key.of(1).normal(shape);
  const step = await engine.prepare(program);
  let taken = 0;
  return {
    bytesPerStep: 2 * batch.size * 4,
    take: async (count) => {
      for (let index = 0; index < count; index++) {
        const key = Key.of(2).fold(++taken);
        await step.run({ batch, key, learningRates: { denoise: 1e-3 }, step: taken });
        await step.drain();
      }
    },
    dispose: () => {
      step.dispose();
      program.dispose();
      model.dispose();
      batch.dispose();
    },
  };
}
