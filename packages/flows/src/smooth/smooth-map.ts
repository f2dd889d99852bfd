import { BaseModule, type Module } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A function at a point: its value there, and its Jacobian $J$ as two products that never write the matrix down. */
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
  /** Value and Jacobian of each row; all of it can be differentiated in turn, without a nested gradient. */
  linearize(x: Tensor): Linearization;
}

/**
 * A differentiable function with parameters, which knows its own Jacobian. So a trace or a log-determinant costs products of
 * the size of a forward pass, and runs wherever forward passes run.
 */
export interface SmoothMap extends Module {
  /**
   * The function of this call: what does not depend on x is computed here, once. It lives as long as the tidy around it.
   * @param conditions - what else the function depends on, `[n, features]` or `[1, features]`, if it was made for that
   */
  given(conditions?: Tensor): SmoothFunction;
}

/** Several maps, one after the other, the first of the list first. All of them see the conditions. It owns them. */
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
