import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { BaseLayer, type CallOptions, type Layer } from './layer';

/** Something whose parameters start from the data it first sees. */
export interface DataDependentInit {
  /**
   * Fits the initial parameters to a batch, unless that was done before or a checkpoint brought them.
   * @returns the output for the batch, so that what follows can be initialized in turn. The caller owns it.
   */
  initialize(x: Tensor, call?: CallOptions): Tensor;
}

/**
 * Passes a batch through a layer, initializing on the way what starts from data.
 * @returns the layer's output, owned by the caller.
 */
export function initializeFromData(layer: Layer, x: Tensor, call: CallOptions = {}): Tensor {
  return isDataDependent(layer) ? layer.initialize(x, call) : layer.apply(x, call);
}

function isDataDependent(layer: Layer): layer is Layer & DataDependentInit {
  return 'initialize' in layer && typeof layer.initialize === 'function';
}

/**
 * The base of layers that start from data. An author writes `fit`, which assigns to the parameters.
 *
 * Whether that happened is a variable, `initialized`, and so part of every checkpoint. It is read on the host, by
 * `initialize` only.
 */
export abstract class BaseDataDependentLayer extends BaseLayer implements DataDependentInit {
  readonly #initialized: Variable & Scalar = this.parameter('initialized', tf.scalar(0), {
    trainable: false,
  });

  initialize(x: Tensor, call: CallOptions = {}): Tensor {
    this.validate(x);
    if (this.#initialized.dataSync()[0] === 0) {
      tf.tidy(() => {
        this.fit(x);
        this.#initialized.assign(tf.scalar(1));
      });
    }
    return this.apply(x, call);
  }

  /** Assigns the parameters that suit the batch `x`. */
  protected abstract fit(x: Tensor): void;
}
