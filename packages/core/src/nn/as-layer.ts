import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import type { Module } from '../model/module';
import { BaseLayer, type CallOptions, type Layer } from './layer';

/** What a `tf.LayersModel` (or a `tf.layers.Layer`) of TensorFlow.js looks like from here. */
export interface LayersModelLike {
  apply(x: Tensor, options?: { readonly training?: boolean }): unknown;
  readonly weights: readonly { read(): Tensor }[];
}

/** Whatever can serve as a network. */
export type NetworkLike = Layer | LayersModelLike | ((x: Tensor, call: CallOptions) => Tensor);

export interface AsLayerOptions {
  /** The variables of a plain function, under their paths; the layer takes them over. */
  readonly parameters?: Readonly<Record<string, Variable>>;
}

/**
 * Makes a layer of a layer (which stays as it is), of a `tf.LayersModel`, or of a function and its variables.
 *
 * A model's weights come under `weights/0`, `weights/1` and so on, in its own order: the names of TensorFlow.js change
 * with the number of models made before. The layer owns them: disposing of it disposes of them.
 *
 * @throws {@link ArgumentError} if `network` is none of these.
 *
 * @example
 * ```ts
 * const scale = tf.variable(tf.scalar(2));
 * const layer = asLayer((x: tf.Tensor) => tf.mul(scale, x), { parameters: { scale } });
 * layer.parameters(); // 'scale', which the layer now owns
 * ```
 */
export function asLayer(network: NetworkLike, { parameters = {} }: AsLayerOptions = {}): Layer {
  if (typeof network === 'function') return new NetworkLayer(network, new Map(Object.entries(parameters)));
  if (typeof network === 'object' && network !== null) {
    if (isLayer(network)) return network;
    if (isLayersModel(network)) return fromLayersModel(network);
  }
  throw new ArgumentError({
    where: 'asLayer',
    argument: 'network',
    expected: 'to be a Layer, a tf.LayersModel or a function',
    actual: network === null ? 'null' : typeof network,
  });
}

class NetworkLayer extends BaseLayer {
  readonly #function: (x: Tensor, call: CallOptions) => Tensor;

  constructor(network: (x: Tensor, call: CallOptions) => Tensor, weights: ReadonlyMap<string, Variable>) {
    super();
    this.#function = network;
    if (weights.size > 0) this.child('weights', moduleOf(weights));
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.#function(x, call);
  }
}

function fromLayersModel(model: LayersModelLike): Layer {
  // `read` gives the variable itself; its declared type hides that.
  const variables = model.weights.map((weight, index) => [String(index), weight.read() as Variable] as const);
  return new NetworkLayer(
    (x, { training = false }) => model.apply(x, { training }) as Tensor,
    new Map(variables),
  );
}

function moduleOf(variables: ReadonlyMap<string, Variable>): Module {
  return {
    parameters: () => variables,
    dispose: () => variables.forEach((variable) => !variable.isDisposed && variable.dispose()),
  };
}

function isLayer(network: object): network is Layer {
  return 'apply' in network && 'parameters' in network && typeof network.parameters === 'function';
}

function isLayersModel(network: object): network is LayersModelLike {
  return 'apply' in network && 'weights' in network && Array.isArray(network.weights);
}
