import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseLayer, type CallContext, type Layer } from './layer';

/**
 * Layers one after the other: $y = f_K(\ldots f_2(f_1(x)))$.
 *
 * It owns its layers, whose parameters come under `0/`, `1/` and so on. Each layer gets a key of its own.
 */
export class Sequential extends BaseLayer {
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    super();
    this.layers = layers.map((layer, index) => this.child(String(index), layer));
  }

  protected forward(x: Tensor, context: CallContext): Tensor {
    return this.layers.reduce((y, layer, index) => layer.apply(y, contextOfChild(context, index)), x);
  }
}

/** The context for a child: the same but for the key, of which every child gets its own. */
export function contextOfChild(context: CallContext, child: string | number): CallContext {
  return context.key === undefined ? context : { ...context, key: context.key.fold(child) };
}
