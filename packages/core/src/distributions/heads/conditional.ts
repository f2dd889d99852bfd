import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../../check/check';
import { record } from '../../construction/record';
import { BaseModule, isModule } from '../../model/module';
import { asLayer, type NetworkLike } from '../../nn/as-layer';
import { childCall, type CallOptions, type Layer } from '../../nn/layer';
import type { ConditionalDistribution, Distribution } from '../distribution';
import type { DistributionHead } from './head';

/** p(x | context) whose parameters a network computes from the context. */
class HeadedNetwork extends BaseModule implements ConditionalDistribution {
  readonly #network: Layer;
  readonly #head: DistributionHead;

  constructor(network: NetworkLike, head: DistributionHead) {
    super();
    this.#network = this.child('network', asLayer(network));
    this.#head = head;
    if (isModule(head)) this.child('head', head);
  }

  given(context?: Tensor, call: CallOptions = {}): Distribution {
    checkThat('conditional.given', 'context', context !== undefined, {
      expected: 'to be a tensor',
      actual: 'undefined',
      remedy: 'pass the input of the network',
    });
    const parameters = this.#network.apply(context, childCall(call, 'network'));
    return this.#head.distribution(parameters, childCall(call, 'head'));
  }
}

/**
 * A conditional distribution made of a network and a head. It owns the network: a layer, a `tf.LayersModel`, or a
 * function, whose variables, if it has any, `asLayer` takes; and it owns a head with variables.
 *
 * `given(context)` makes tensors that the distribution borrows: call it inside `tf.tidy`, as every loss does.
 *
 * @example
 * ```ts
 * const decoder = conditional(mlp([16, 256, 64 * 17], { key }), categoricalHead({ shape: [64], levels: 17 }));
 * const z = key.normal([4, 16]);
 * const logProb = tf.tidy(() => decoder.given(z).logProb(x)); // x: [4, 64]
 * ```
 * @throws ArgumentError if `network` is none of these, or `given` gets no context
 */
export function conditional(network: NetworkLike, head: DistributionHead): ConditionalDistribution {
  return record(new HeadedNetwork(network, head), 'conditional', arguments);
}
