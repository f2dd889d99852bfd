import { Key, prepareLoss } from '@dgm/core';
import type {
  BoundModel,
  Engine,
  GenerativeModel,
  LikelihoodModel,
  BatchFunction,
  BatchLoop,
} from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { tensorOf } from '../tensors';
import type { CompiledCase } from './trained';

export interface Measured {
  readonly what: string;
  readonly values: Float32Array;
}

/** What validation and evaluation ask of the case's model, on an engine; frees everything. */
export async function measured(the: CompiledCase, engine: Engine): Promise<readonly Measured[]> {
  const model: GenerativeModel = the.make(Key.of(0));
  const batch = typeof the.data === 'function' ? the.data() : tensorOf(the.data);
  const results: Measured[] = [];
  try {
    for (const [what, measure] of Object.entries(measuresOf(model))) {
      const prepared = await engine.prepareFunction(measure);
      try {
        results.push({ what, values: await prepared.run(batch, Key.of(2)) });
      } finally {
        prepared.dispose();
      }
    }
    return results;
  } finally {
    model.dispose();
    batch.dispose();
  }
}

function measuresOf(
  model: GenerativeModel,
): Readonly<Record<string, BatchFunction<Tensor> | BatchLoop<Tensor>>> {
  const losses = model
    .objectives()
    .map((objective) => [
      `the validation loss ${objective.name}`,
      (batch: Tensor, key: Key) =>
        objective.loss(batch, key, prepareLoss(objective, batch, key, { training: false })).total,
    ]);
  return {
    ...(Object.fromEntries(losses) as Record<string, BatchFunction<Tensor>>),
    ...('logProb' in model ? { logProb: (x, key) => (model as LikelihoodModel).logProb(x, key) } : {}),
    ...('elbo' in model ? { elbo: elboOf(model as BoundModel) } : {}),
  };
}

function elboOf(model: BoundModel): BatchFunction<Tensor> | BatchLoop<Tensor> {
  return model.elboLoop === undefined
    ? (x, key) => model.elbo(x, key)
    : { loop: (x: Tensor) => model.elboLoop!(x) };
}
