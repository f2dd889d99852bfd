import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseCausalLayer } from './causal-layer';
import type { Through } from './causal-layer';
import { CausalStack } from './causal-stack';

/** $x + f(x)$ for layers f, one after the other. It owns them. */
export class CausalResidual extends BaseCausalLayer {
  readonly body: CausalStack;

  constructor(layers: readonly Layer[]) {
    super();
    this.body = this.adopt('body', new CausalStack(layers));
  }

  protected compute(x: Tensor, through: Through): Tensor {
    return tf.add(x, through(this.body, x));
  }
}
