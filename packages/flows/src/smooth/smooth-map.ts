import { BaseModule, type Module } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A function at a point: its value, and products with its Jacobian $J$, which is never formed. */
export interface Linearization {
  /** $f(x)$, `[n, outputs]`. */
  readonly value: Tensor;
  /** $J v$ for k directions at each row: `[k, n, inputs]` to `[k, n, outputs]`. */
  push(v: Tensor): Tensor;
  /** $J^\top w$ for k directions at each row: `[k, n, outputs]` to `[k, n, inputs]`. */
  pull(w: Tensor): Tensor;
}

/** A differentiable function of the rows of a matrix, `[n, inputs]` to `[n, outputs]`. */
export interface SmoothFunction {
  apply(x: Tensor): Tensor;
  /** Value and Jacobian of each row. Both can be differentiated again, without a nested gradient. */
  linearize(x: Tensor): Linearization;
}

/**
 * A differentiable function with parameters that computes products with its own Jacobian. A trace or a
 * log-determinant then costs products of the size of a forward pass, and runs on every backend that runs forward
 * passes.
 */
export interface SmoothMap extends Module {
  /**
   * The function for one call. Everything that does not depend on x is computed here, once. It lives as long as the
   * tidy around it.
   * @param conditions - further inputs of a function that was made with conditions, `[n, features]` or
   * `[1, features]`
   */
  given(conditions?: Tensor): SmoothFunction;
}

/** A composition of maps, applied in the order of the list. Each map gets the conditions. It owns the maps. */
export class SmoothChain extends BaseModule implements SmoothMap {
  readonly #maps: readonly SmoothMap[];

  constructor(maps: readonly SmoothMap[]) {
    super();
    this.#maps = maps.map((map, index) => this.child(String(index), map));
  }

  given(conditions?: Tensor): SmoothFunction {
    const functions = this.#maps.map((map) => map.given(conditions));
    return {
      apply: (x) => functions.reduce((input, { apply }) => apply(input), x),
      linearize: (x) => {
        let value = x;
        const steps = functions.map(({ linearize }) => {
          const step = linearize(value);
          value = step.value;
          return step;
        });
        return {
          value,
          push: (v) => steps.reduce((direction, { push }) => push(direction), v),
          pull: (w) => steps.reduceRight((direction, { pull }) => pull(direction), w),
        };
      },
    };
  }
}
