import { checkInteger, checkKey, checkOptions, disposeOnThrow, mlp } from '@dgm/core';
import { idf } from '@dgm/flows';
import type { NetworkLike } from '@dgm/core';
import type { IdfOptions } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import { hybrid } from './hybrid';
import type { ExactHybrid } from './hybrid';
import { record } from './record';
import type { HybridWeights } from './weights';

/** The options of `idf`, and those of the classifier on its latents. */
export interface HybridIdfOptions extends Omit<IdfOptions, 'contextSize'> {
  /** The number of classes, K. */
  readonly classes: number;
  /** The number of values of an entry: the classifier sees latents scaled from [0, levels - 1] to [-1, 1]. */
  readonly levels: number;
  /**
   * Maps scaled latents `[n, dims]` to logits `[n, K]`. It becomes a child.
   * @defaultValue an mlp with one hidden layer of 256 units
   */
  readonly classifier?: NetworkLike;
  /** @defaultValue `{ classification: 1, density: 1 }` */
  readonly weights?: HybridWeights;
}

/**
 * HybridIDF: an integer discrete flow with a classifier on its latents. Couplings start as the identity, with the learned
 * factor inside the rounding, $\lfloor \beta\, t(x) \rceil$, so that latents and samples are integers and the likelihood is exact.
 * @throws ArgumentError if an option is unknown, missing or out of its range
 * @see DGM §5.3, Eq. 5.13, Listing 5.1, where the factor is outside of the rounding and leaves the integers
 *
 * @example
 * ```ts
 * const model = hybridIdf({ dims: 64, classes: 10, levels: 17, key });
 * ```
 */
export function hybridIdf(options: HybridIdfOptions): ExactHybrid {
  const where = 'hybridIdf';
  checkOptions(where, options, [
    ...['dims', 'parts', 'couplings', 'scales', 'hidden', 'activation', 'rezero', 'base', 'key'],
    ...['classes', 'levels', 'classifier', 'weights'],
  ]);
  const { classes, levels, classifier, weights, rezero = true, ...flow } = options;
  checkInteger(where, 'classes', classes, { min: 2 });
  checkInteger(where, 'levels', levels, { min: 2 });
  checkKey(where, options.key);
  const model = disposeOnThrow(() => {
    const density = idf({ ...flow, rezero, key: options.key.fold('density') });
    const sizes = [density.eventShape[0]!, 256, classes];
    return hybrid({
      density,
      features: (x) => tf.tidy(() => tf.sub(tf.mul(density.encode(x), 2 / (levels - 1)), 1)),
      classifier: classifier ?? mlp(sizes, { key: options.key.fold('classifier') }),
      classes,
      ...(weights && { weights }),
    });
  });
  return record(model, 'hybridIdf', arguments);
}
