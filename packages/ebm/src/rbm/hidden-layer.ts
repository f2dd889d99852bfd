import { ActivationLayer, checkThat, Dense, Key, type Layer, Sequential } from '@dgm/core';
import type { Variable } from '@tensorflow/tfjs-core';
import { Rbm } from './rbm';

/**
 * A layer of a network with the weights of a trained RBM: $\sigma(c + W^\top t)$, the means of its hidden bits, from `[n, size]` to
 * `[n, hidden]`. For a network that is pretrained layer by layer, train another RBM on what the layer gives for the examples.
 *
 * @param rbm - with bits as hidden units. Its weights are copied, so that it may be disposed of.
 * @returns a dense layer and its activation. The statistics t that it takes are the flattened example for bits and real numbers, and
 *   one-hot codes for categories.
 * @throws {@link ArgumentError} for what is no RBM of hidden bits.
 * @see Reducing the Dimensionality of Data with Neural Networks (Hinton and Salakhutdinov, 2006); DGM §6.6
 *
 * @example
 * ```ts
 * const first = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: 200, key, examples, chains: 100 });
 * await fit(first, data, { key, optimizer, batchSize: 50, epochs: 300 });
 * const trunk = hiddenLayer(first);
 * const classifier = new Sequential([trunk, new Dense({ inputs: 200, outputs: 10, key })]);
 * ```
 */
export function hiddenLayer(rbm: Rbm): Layer {
  const { weights, hiddenBias } = parametersOf('hiddenLayer', rbm);
  const [inputs, outputs] = weights.shape as [number, number];
  const dense = new Dense({ inputs, outputs, key: Key.of(0) });
  const copies = dense.parameters();
  copies.get('kernel')!.assign(weights);
  copies.get('bias')!.assign(hiddenBias);
  return new Sequential([dense, new ActivationLayer('sigmoid')]);
}

/**
 * The variables of an RBM by name.
 * @throws ArgumentError for what is no RBM, or one whose hidden units are no bits
 */
export function parametersOf(
  where: string,
  rbm: Rbm,
): Readonly<Record<'weights' | 'visibleBias' | 'hiddenBias' | 'baseBias', Variable>> {
  const parameters = rbm instanceof Rbm ? rbm.parameters() : new Map<string, Variable>();
  const get = (name: string): Variable => parameters.get(name)!;
  checkThat(where, 'rbm', parameters.has('weights') && !parameters.has('gateBias'), {
    expected: 'to be an Rbm with bits as hidden units',
    actual: rbm instanceof Rbm ? 'one with gates' : typeof rbm,
  });
  return {
    weights: get('weights'),
    visibleBias: get('visibleBias'),
    hiddenBias: get('hiddenBias'),
    baseBias: get('baseBias'),
  };
}
