import { ArgumentError, asLayer, checkOneOf, checkOptions } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { sumEvent, withContext } from '../internal/events';
import { record } from '../record';
import { parametersFor, type Transformer } from '../transformers/transformer';
import { countGroups } from './masked-network';

export interface AutoregressiveOptions {
  /** The groups of the elements, as the network has them. */
  readonly groups: readonly number[];
  /** {@link maskedNetwork} with `transformer.numParameters` numbers for each element, or any other with its property. */
  readonly network: NetworkLike;
  readonly transformer: Transformer;
  /**
   * The direction that takes a single pass. With `'density'` the parameters are computed from the data (masked
   * autoregressive flows, for training by maximum likelihood); with `'sampling'` from the latents (inverse
   * autoregressive flows, for posteriors). The other direction takes one pass per group.
   */
  readonly fast: 'density' | 'sampling';
}

/**
 * An autoregressive layer: $y_d = T(z_d; \theta_d(y_{<d}))$, or $y_d = T(z_d; \theta_d(z_{<d}))$ where sampling is fast.
 * @see Masked Autoregressive Flow (Papamakarios et al., 2017); Improved Variational Inference with Inverse Autoregressive
 * Flow (Kingma et al., 2016)
 *
 * @example
 * ```ts
 * const groups = [0, 1, 2, 3];
 * const network = maskedNetwork({ groups, numParameters: 2, hidden: [32], key });
 * const layer = new Autoregressive({ groups, network, transformer: affine(), fast: 'density' });
 * ```
 */
export class Autoregressive extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #passes: number;
  readonly #network: Layer;
  readonly #transformer: Transformer;
  readonly #fast: 'density' | 'sampling';

  constructor({ groups, network, transformer, fast, ...unknown }: AutoregressiveOptions) {
    super();
    record(this, 'Autoregressive', arguments);
    checkOptions('Autoregressive', unknown, ['groups', 'network', 'transformer', 'fast']);
    checkOneOf('Autoregressive', 'fast', fast, ['density', 'sampling']);
    checkSameGroups(groups, network);
    this.eventShape = [groups.length];
    this.#passes = countGroups(groups);
    this.#transformer = transformer;
    this.#fast = fast;
    this.#network = this.child('network', asLayer(network));
  }

  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const step = (seen: Tensor): ForwardResult => this.#transformer.forward(z, this.#parameters(seen, call));
    const { y, logDet } = this.#fast === 'sampling' ? step(z) : this.#solve(z, (seen) => step(seen).y, step);
    return { y, logDet: sumEvent(logDet) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const step = (seen: Tensor): InverseResult => this.#transformer.inverse(y, this.#parameters(seen, call));
    const { z, logDet } = this.#fast === 'density' ? step(y) : this.#solve(y, (seen) => step(seen).z, step);
    return { z, logDet: sumEvent(logDet) };
  }

  /** Each pass makes one more group correct, whatever the later groups hold; after the last pass all are. */
  #solve<R>(like: Tensor, next: (seen: Tensor) => Tensor, last: (seen: Tensor) => R): R {
    let seen: Tensor = tf.zerosLike(like);
    for (let pass = 1; pass < this.#passes; pass++) seen = next(seen);
    return last(seen);
  }

  #parameters(seen: Tensor, call: CallOptions): Tensor {
    const output = this.#network.apply(withContext(seen, call), call);
    return parametersFor(this.#transformer, output, seen, 'Autoregressive');
  }
}

/** A network that declares its groups must have the groups of the layer; otherwise the map is not invertible. */
function checkSameGroups(
  groups: readonly number[],
  network: NetworkLike | { groups?: readonly number[] },
): void {
  const own = 'groups' in network ? network.groups : undefined;
  if (own === undefined || (own.length === groups.length && own.every((group, i) => group === groups[i])))
    return;
  throw new ArgumentError({
    where: 'Autoregressive',
    argument: 'groups',
    expected: `to be those of the network, [${own.join(', ')}]`,
    actual: `[${groups.join(', ')}]`,
  });
}
