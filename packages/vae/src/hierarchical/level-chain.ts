import { BaseDistribution } from '@dgm/core';
import type { Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The latent variables by level, z_1 (the nearest to x) first: `[..., M_l]` each; absent if not drawn yet. */
export type Levels = readonly (Tensor | undefined)[];

/** The distribution of one level, counted from 0, given the levels drawn before it. */
export type Factor = (level: number, drawn: Levels) => Distribution;

export interface LevelChainOptions {
  /** $M_l$, the number of variables of each level, z_1 first. */
  readonly sizes: readonly number[];
  /** The levels, counted from 0, in the order in which they are drawn. */
  readonly order: readonly number[];
  readonly batchShape: Shape;
  readonly factor: Factor;
}

/**
 * The joint distribution of all levels, drawn one after the other: $\prod_l p(z_l | z_{\text{drawn before}})$. Its
 * event is the concatenation of z_1 to z_L.
 */
export class LevelChain extends BaseDistribution {
  readonly kind = 'LevelChain';
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  /** The number of variables of each level, z_1 first. */
  readonly sizes: readonly number[];
  /** The levels, counted from 0, in the order in which they are drawn. */
  readonly order: readonly number[];
  readonly factor: Factor;

  constructor({ sizes, order, batchShape, factor }: LevelChainOptions) {
    super();
    this.batchShape = batchShape;
    this.eventShape = [sizes.reduce((total, size) => total + size, 0)];
    this.sizes = sizes;
    this.order = order;
    this.factor = factor;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    const lead = [...sampleShape, ...this.batchShape];
    return joinLevels(drawLevels(this.factor, { order: this.order, key, lead }));
  }

  protected logDensity(z: Tensor): Tensor {
    const all = splitLevels(z, this.sizes);
    const drawn: Tensor[] = [];
    const terms = this.order.map((level) => {
      const term = this.factor(level, drawn).logProb(all[level]!);
      drawn[level] = all[level]!;
      return term;
    });
    return terms.reduce((total, term) => tf.add(total, term));
  }
}

/** Draws levels in an order, after those that are drawn already; each draw has the axes `lead` in front. */
export function drawLevels(
  factor: Factor,
  { order, key, lead, from = [] }: { order: readonly number[]; key: Key; lead: Shape; from?: Levels },
): readonly Tensor[] {
  const drawn = [...from];
  for (const level of order) {
    const distribution = factor(level, drawn);
    const missing = lead.slice(0, lead.length - distribution.batchShape.length);
    drawn[level] = distribution.sample(keyOfLevel(key, level), missing);
  }
  return drawn as Tensor[];
}

/** The randomness of one level: the same whatever the order. */
export function keyOfLevel(key: Key, level: number): Key {
  return key.fold(`z${level + 1}`);
}

/** `[..., z_1, ..., z_L]`. */
export function joinLevels(levels: readonly Tensor[]): Tensor {
  return tf.concat([...levels], -1);
}

/** The levels of a vector of all of them. */
export function splitLevels(z: Tensor, sizes: readonly number[]): readonly Tensor[] {
  return sizes.length === 1 ? [z] : tf.split(z, [...sizes], -1);
}
