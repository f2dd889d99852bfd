import type { DistributionHead, Key, Shape } from '@dgm/core';
import type { Order } from '../model/order';
import type { ValueEncodingName } from '../networks/value-encoding';

/** What the factories of autoregressive models have in common. */
export interface ArmOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * The family of $p(x_d | x_{<d})$: a head over one variable, for example `categoricalHead({ shape: [], levels: 17 })`; or over
   * the channels of a pixel, `logisticPixelMixtureHead({ shape: [3], levels: 256, components: 10 })`, which go together then.
   */
  readonly likelihood: DistributionHead;
  /** How the network sees the values; for up to 128 values `one-hot`, for more `scaled`, for real ones `raw` unless given. */
  readonly encoding?: ValueEncodingName;
  /** The size of the vectors that examples are conditioned on (a one-hot class, a latent); 0 unless given. */
  readonly contextSize?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** The same, for models that can take the variables in any order. */
export interface OrderedArmOptions extends ArmOptions {
  /** In which order the variables come; row by row unless given. */
  readonly order?: Order;
}
