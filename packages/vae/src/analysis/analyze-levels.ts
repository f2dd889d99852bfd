import { checkKey, checkOptions, hasKlDivergence, klDivergence } from '@dgm/core';
import type { Distribution, Examples, Independent, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { BaseHierarchicalVae, LatentLevel } from '../hierarchical/base-hierarchical-vae';
import { chunksOf } from './chunks';

export interface AnalyzeLevelsOptions {
  /** Randomness of the draw of all levels, one per example. */
  readonly key: Key;
  /**
   * The number of examples per batch.
   * @defaultValue 128
   */
  readonly chunkSize?: number;
  /**
   * A latent variable is active if it holds this many nats on average.
   * @defaultValue 0.01
   */
  readonly activeFrom?: number;
  /** Makes batches of examples, as for `fit`. */
  readonly batch?: MakeBatch<Tensor>;
}

/** The information of one level about the examples, in nats per example. */
export interface LevelAnalysis {
  /** $\mathbb{E}[\ln q(z_l|\cdot) - \ln p(z_l|\cdot)]$. */
  readonly regularizer: number;
  /** The same for each variable, if prior and posterior are products. */
  readonly perVariable?: readonly number[];
  /** The number of active variables. */
  readonly activeUnits?: number;
}

/** The bound of a hierarchy, decomposed: `elbo` is `reconstruction` minus the regularizers of the levels. */
export interface HierarchyAnalysis {
  readonly elbo: number;
  readonly reconstruction: number;
  /** z_1 first. */
  readonly levels: readonly LevelAnalysis[];
  /** Names the levels whose posterior has collapsed onto the prior in most variables. */
  readonly warning?: string;
}

/**
 * Decomposes the bound of a hierarchical VAE by level and by variable, to show which levels are used.
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), §3.2: a unit that holds less than 0.01 nats is inactive
 */
export async function analyzeLevels(
  model: BaseHierarchicalVae,
  examples: Examples,
  options: AnalyzeLevelsOptions,
): Promise<HierarchyAnalysis> {
  checkOptions('analyzeLevels', options, ['key', 'chunkSize', 'activeFrom', 'batch']);
  const { key, chunkSize = 128, activeFrom = 0.01, batch } = options;
  checkKey('analyzeLevels', key);
  const chunks = chunksOf('analyzeLevels', examples, { key: key.fold('batch'), chunkSize, batch });
  const totals: number[][] = [];
  for (const [index, chunk] of chunks.entries()) {
    const sums = tf.tidy(() => sumsOf(model, chunk().x, key.fold(index)));
    try {
      for (const [part, sum] of sums.entries()) {
        const values = await sum.data();
        totals[part] = Array.from(values, (value, i) => value + (totals[part]?.[i] ?? 0));
      }
    } finally {
      tf.dispose(sums);
    }
  }
  const [reconstructions, ...regularizers] = totals.map((sums) => sums.map((sum) => sum / examples.count));
  const levels = regularizers.map((values, level) => ofLevel(values, model.sizes[level]!, activeFrom));
  const reconstruction = reconstructions![0]!;
  const warning = warningOf(levels);
  return {
    elbo: reconstruction - total(levels.map(({ regularizer }) => regularizer)),
    reconstruction,
    levels,
    ...(warning === undefined ? {} : { warning }),
  };
}

/**
 * Summed over a batch: $\ln p(x|z)$, `[1]`, and the information of each level, `[M_l]`, or `[1]` if its variables are
 * dependent.
 */
function sumsOf(model: BaseHierarchicalVae, x: Tensor, key: Key): Tensor[] {
  const levels = model.infer(x, key);
  const z = tf.concat(
    levels.map((level) => level.z),
    1,
  );
  return [
    tf.sum(model.decode(z).logProb(x), 0, true),
    ...levels.map((level) => {
      const values = regularizerOf(level);
      return tf.sum(values, 0, values.rank === 1);
    }),
  ];
}

/** `[n, M]`, or `[n]` if the variables are dependent. */
function regularizerOf({ posterior, prior, z, isGiven }: LatentLevel): Tensor {
  const [q, p] = isProduct(posterior) && isProduct(prior) ? [posterior.base, prior.base] : [posterior, prior];
  return isGiven && hasKlDivergence(q, p) ? klDivergence(q, p) : tf.sub(q.logProb(z), p.logProb(z));
}

function isProduct(distribution: Distribution): distribution is Independent {
  return distribution.kind === 'Independent';
}

function ofLevel(values: readonly number[], size: number, activeFrom: number): LevelAnalysis {
  const regularizer = total(values);
  if (values.length !== size) return { regularizer };
  return {
    regularizer,
    perVariable: values,
    activeUnits: values.filter((value) => value >= activeFrom).length,
  };
}

function warningOf(levels: readonly LevelAnalysis[]): string | undefined {
  const collapsed = levels.flatMap(({ perVariable = [], activeUnits = 0 }, level) =>
    2 * activeUnits < perVariable.length
      ? [`only ${activeUnits} of ${perVariable.length} variables of z${level + 1} are used`]
      : [],
  );
  if (collapsed.length === 0) return undefined;
  return (
    `The posterior has collapsed: ${collapsed.join('; ')}. ` +
    'Let the weights of these levels rise slowly (linearAnnealing), give free nats, or use topDownVae.'
  );
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
