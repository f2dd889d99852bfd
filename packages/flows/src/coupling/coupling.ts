import { asLayer, checkOptions, Permutation } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { sumEvent, withContext } from '../internal/events';
import { record } from '../record';
import { parametersFor, type Transformer } from '../transformers/transformer';
import { checkMask, type Mask } from './masks';

export interface CouplingOptions {
  /**
   * Which elements of the last axis stay unchanged: elements of a vector, or channels of an image. `halfMask(size)`
   * splits the axis in two without moving elements.
   */
  readonly mask: Mask;
  /**
   * Maps $x_a$, `[n, ..., a]`, concatenated with the context if there is one, to `transformer.numParameters` numbers
   * per element of $x_b$; the numbers of one element are adjacent.
   */
  readonly network: NetworkLike;
  readonly transformer: Transformer;
  /**
   * The axes before the last one: `[height, width]` for images.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/**
 * A coupling layer: part of an event stays unchanged, and a network computes from it the parameters that transform
 * the rest,
 *
 * $$y_a = z_a, \qquad y_b = T(z_b; \theta(z_a))$$
 *
 * @throws ArgumentError if the mask keeps everything or nothing
 * @see DGM §3.1.3, Eq. 3.15-3.18; Density Estimation Using Real NVP (Dinh et al., 2017)
 *
 * @example
 * ```ts
 * const network = mlp([4, 32, 4 * 2], { key }); // a log-scale and a shift for each of the other 4
 * const layer = new Coupling({ mask: halfMask(8), network, transformer: affine() });
 * ```
 */
export class Coupling extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #network: Layer;
  readonly #transformer: Transformer;
  readonly #order: Permutation | undefined;
  readonly #sizes: readonly [number, number];

  constructor({ mask, network, transformer, leadingShape = [], ...unknown }: CouplingOptions) {
    super();
    record(this, 'Coupling', arguments);
    checkOptions('Coupling', unknown, ['mask', 'network', 'transformer', 'leadingShape']);
    checkMask('Coupling', mask, mask.length);
    const kept = mask.flatMap((stays, index) => (stays ? [index] : []));
    const changed = mask.flatMap((stays, index) => (stays ? [] : [index]));
    this.eventShape = [...leadingShape, mask.length];
    this.#sizes = [kept.length, changed.length];
    this.#transformer = transformer;
    const order = [...kept, ...changed];
    this.#order = order.every((from, to) => from === to) ? undefined : new Permutation(order);
    this.#network = this.child('network', asLayer(network));
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const [kept, changed] = this.#split(z);
    const { y, logDet } = this.#transformer.forward(changed, this.#parameters(kept, changed, call));
    return { y: this.#join(kept, y), logDet: sumEvent(logDet) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const [kept, changed] = this.#split(y);
    const { z, logDet } = this.#transformer.inverse(changed, this.#parameters(kept, changed, call));
    return { z: this.#join(kept, z), logDet: sumEvent(logDet) };
  }

  #parameters(kept: Tensor, changed: Tensor, call: CallOptions): Tensor {
    const output = this.#network.apply(withContext(kept, call), call);
    return parametersFor(this.#transformer, output, changed, 'Coupling');
  }

  #split(x: Tensor): [Tensor, Tensor] {
    const ordered = this.#order === undefined ? x : this.#order.forwardAndLogDet(x).y;
    return tf.split(ordered, [...this.#sizes], -1) as [Tensor, Tensor];
  }

  #join(kept: Tensor, changed: Tensor): Tensor {
    const ordered = tf.concat([kept, changed], -1);
    return this.#order === undefined ? ordered : this.#order.inverseAndLogDet(ordered).z;
  }
}
