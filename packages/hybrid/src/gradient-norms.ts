import { checkGiven, checkKey, trainable, valueAndGradients } from '@dgm/core';
import type { ConditionedBatch, Key, LossTerms } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Hybrid } from './hybrid';

/** Euclidean norms of the gradients of the two terms of a hybrid's loss. */
export interface GradientNorms {
  /** Of $-\ln p(y|x)$. */
  readonly classification: number;
  /** Of $-\ln p(x)$. */
  readonly density: number;
}

/**
 * How strongly either term of the loss pulls at the parameters of the density model, without the weights: the norms of the
 * gradients of $-\ln p(y|x)$ and $-\ln p(x)$. The density is a sum over all entries of an example and the class is one, so where
 * the terms share parameters, the first signal drowns unless it is weighted.
 * @param batch - examples with their targets
 * @see DGM Eq. 5.6-5.7
 */
export async function gradientNorms(
  model: Hybrid,
  batch: ConditionedBatch,
  key: Key,
): Promise<GradientNorms> {
  checkGiven('gradientNorms', 'model', model?.density && model, 'to be a hybrid');
  checkGiven('gradientNorms', 'batch.context', batch?.context, 'to be the targets');
  checkKey('gradientNorms', key);
  const variables = trainable(model.density);
  if (variables.size === 0) return { classification: 0, density: 0 }; // all of them are frozen
  const [objective] = model.objectives();
  const normOf = async (term: keyof GradientNorms): Promise<number> => {
    const { terms, gradients } = valueAndGradients(() => {
      const losses = objective!.loss(batch, key, { training: false });
      // Separate networks have no parameter in common: the gradient is 0 then, and not missing.
      const none = tf.mul<Scalar>(0, tf.addN([...variables.values()].map((value) => tf.sum(value))));
      return { total: tf.add<Scalar>(losses[term]!, none) } satisfies LossTerms;
    }, variables);
    const norm = tf.tidy(() => {
      const squares = [...gradients.values()].map((gradient: Tensor) => tf.sum(tf.square(gradient)));
      return tf.sqrt(tf.addN(squares));
    });
    tf.dispose([terms, ...gradients.values()]);
    const [value] = await norm.data();
    norm.dispose();
    return value!;
  };
  return { classification: await normOf('classification'), density: await normOf('density') };
}
