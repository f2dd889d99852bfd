import { checkThat } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Some entries of the samples, to be kept. */
export interface GivenEntries {
  /** `[n, ...shape]`, borrowed; what it holds at the other entries does not matter. */
  readonly values: Tensor;
  /** For each entry of an example whether it is given; of a pixel that is one variable, all channels or none. */
  readonly known: ArrayLike<number | boolean>;
}

/**
 * Whether each variable is given, when each has that many channels.
 * @throws ArgumentError for a pixel that is given in part
 */
export function knownByVariable(known: GivenEntries['known'], channels: number): boolean[] {
  return Array.from({ length: known.length / channels }, (_, variable) => {
    const ofVariable = Array.from(known).slice(variable * channels, (variable + 1) * channels);
    const count = ofVariable.filter(Boolean).length;
    checkThat('AutoregressiveModel.sample', 'given.known', count === 0 || count === channels, {
      expected: `to hold all ${channels} channels of a pixel or none`,
      actual: String(count),
    });
    return count > 0;
  });
}
