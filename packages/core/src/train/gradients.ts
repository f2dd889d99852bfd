import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** A loss and its terms. */
export type LossTerms = { readonly total: Scalar } & Readonly<Record<string, Scalar>>;

/**
 * Computes a loss with its terms, and the gradient of `total` for the given variables. Frees all other tensors.
 * @param loss - returns scalars
 * @param variables - by path
 * @returns tensors, which the caller owns. A variable that the loss does not depend on has no gradient
 */
export function valueAndGradients(
  loss: () => LossTerms,
  variables: ReadonlyMap<string, Variable>,
): { readonly terms: LossTerms; readonly gradients: ReadonlyMap<string, Tensor> } {
  // variableGrads hands back the total alone: what else shall survive its scope is kept by hand, and let go of by hand.
  const kept = new Map<string, Tensor>();
  try {
    const result = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const { total, ...others } = loss();
        for (const [name, term] of Object.entries(others)) kept.set(name, tf.keep(tf.clone(term)));
        return total;
      }, [...new Set(variables.values())]);
      const others = [...kept].map(([name, term]) => [name, tf.clone(term)] as const);
      return { terms: { ...Object.fromEntries(others), total: value }, grads };
    });
    const gradients = [...variables].filter(([, { name }]) => name in result.grads);
    return {
      terms: result.terms as unknown as LossTerms,
      gradients: new Map(gradients.map(([path, { name }]) => [path, result.grads[name]!])),
    };
  } catch (error) {
    freeTape();
    throw error;
  } finally {
    kept.forEach((term) => term.dispose());
  }
}

/**
 * Frees the tensors that the tape has saved for a backward pass that did not happen: tfjs frees them only after that
 * pass.
 */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) saved?.forEach((tensor) => tensor.dispose());
  state.activeTape = [];
}

/**
 * Scales gradients so that their joint Euclidean norm is at most `maxNorm`, as PyTorch's `clip_grad_norm_` does.
 * @returns new tensors, and the norm before clipping; the caller owns them
 */
export function clipByGlobalNorm(
  gradients: ReadonlyMap<string, Tensor>,
  maxNorm: number,
): { readonly gradients: ReadonlyMap<string, Tensor>; readonly norm: Scalar } {
  const { norm, scaled } = tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum<Scalar>(tf.square(gradient)));
    const length: Scalar = tf.sqrt<Scalar>(tf.addN(squares));
    const scale = tf.minimum(1, tf.div(maxNorm, tf.add(length, 1e-6)));
    return { norm: length, scaled: [...gradients.values()].map((gradient) => tf.mul(gradient, scale)) };
  });
  return { gradients: new Map([...gradients.keys()].map((path, index) => [path, scaled[index]!])), norm };
}
