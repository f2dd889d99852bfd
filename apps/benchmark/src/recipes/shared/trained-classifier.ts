import { adam, classContext, cosineSchedule, fit, sizeOf } from '@dgm/core';
import type { Engine, Examples, Key, Layer } from '@dgm/core';
import { realNvp } from '@dgm/flows';
import { hybrid } from '@dgm/hybrid';
import type { ExactHybrid } from '@dgm/hybrid';

export interface ClassifierTraining {
  readonly key: Key;
  readonly engine?: Engine;
  readonly classes: number;
  /** At the first step; it falls to 0. */
  readonly learningRate: number;
  readonly epochs: number;
}

/**
 * A trained classifier of vectors: a hybrid whose density has the weight 0.
 * @param classifier - to logits, `[n, dims]` to `[n, classes]`; becomes a child of the result
 */
export async function trainedClassifier(
  classifier: Layer,
  train: Examples,
  { key, engine, classes, learningRate, epochs }: ClassifierTraining,
): Promise<ExactHybrid> {
  const model = hybrid({
    density: realNvp({ dims: sizeOf(train.shape), couplings: 1, hidden: [1], key }),
    ...{ classifier, classes },
    weights: { classification: 1, density: 0 },
  });
  const batchSize = 50;
  const steps = epochs * Math.ceil(train.count / batchSize);
  await fit(
    model,
    { train },
    {
      ...{ key, batchSize, epochs, ...(engine && { engine }) },
      optimizer: adam({ learningRate: cosineSchedule(learningRate, { steps }) }),
      batch: classContext({ classes }),
    },
  );
  return model;
}
