import type { OptimizerFactory } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * An optimizer that sees directions alone: the gradient of each variable divided by its own length.
 * @see Block-Normalized Gradient Method (Yu et al., 2017)
 */
export function normalizedGradients(factory: OptimizerFactory): OptimizerFactory {
  return {
    ...factory,
    name: `${factory.name} of normalized gradients`,
    create(variables) {
      const optimizer = factory.create(variables);
      return {
        parameters: () => optimizer.parameters(),
        dispose: () => optimizer.dispose(),
        apply: (gradients, context) =>
          tf.tidy(() =>
            optimizer.apply(
              new Map([...gradients].map(([path, gradient]) => [path, normalized(gradient)])),
              context,
            ),
          ),
      };
    },
  };
}

/** Keeps a gradient of 0 from becoming NaN. */
const TINY = 1e-7;

function normalized(gradient: Tensor): Tensor {
  return tf.div(gradient, tf.add(tf.sqrt(tf.sum(tf.square(gradient))), TINY));
}
