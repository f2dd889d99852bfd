import { checkInteger, checkOptions, checkThat, exp, logSoftmax, oneHot, softmax } from '@dgm/core';
import type { Key, Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What the generator is told besides its noise: one of some classes, and numbers from -1 to 1. */
export interface CodeOptions {
  /** The number of classes, all equally likely. @defaultValue 0, no class */
  readonly classes?: number;
  /** The number of independent variables that are uniform on [-1, 1]. @defaultValue 0 */
  readonly uniform?: number;
}

/** What a recognition network says about the codes of examples. */
export interface Recognized {
  /** The probability of each class, `[n, classes]`; only where the code has classes. */
  readonly classes?: Tensor;
  /** The mean of each uniform variable, `[n, uniform]`; only where the code has some. */
  readonly uniform?: Tensor;
}

/** A network that reads from an example what the generator was told. */
export interface Recognition {
  readonly network: Layer;
  readonly code: Code;
  /** $\lambda$ */
  readonly weight: number;
  /** Whether the code is the context of an example, which real ones have as well; otherwise it is drawn. */
  readonly isSupervised: boolean;
}

/** Codes `[n, size]`: a class as a one-hot vector, then the uniform variables. */
export class Code {
  readonly classes: number;
  readonly uniform: number;

  constructor(where: string, options: CodeOptions) {
    checkOptions(`${where}.code`, options, ['classes', 'uniform']);
    const { classes = 0, uniform = 0 } = options;
    checkInteger(where, 'code.classes', classes, { min: 0 });
    checkInteger(where, 'code.uniform', uniform, { min: 0 });
    checkThat(where, 'code', classes + uniform !== 0 && classes !== 1, {
      expected: 'to have two classes or more, or uniform variables',
      actual: JSON.stringify(options),
    });
    this.classes = classes;
    this.uniform = uniform;
  }

  get size(): number {
    return this.classes + this.uniform;
  }

  /** What a recognition network gives of each example: a logit for each class, then means, then log-variances. */
  get numParameters(): number {
    return this.classes + 2 * this.uniform;
  }

  /** @returns draws of the prior, `[n, size]` */
  draw(key: Key, n: number): Tensor {
    const parts: Tensor[] = [];
    if (this.classes > 0) {
      const index = tf.floor(tf.mul(this.classes, key.fold('class').uniform([n])));
      parts.push(oneHot(index, { depth: this.classes }));
    }
    if (this.uniform > 0) {
      parts.push(tf.sub(tf.mul(2, key.fold('uniform').uniform([n, this.uniform])), 1));
    }
    return tf.concat(parts, 1);
  }

  /**
   * $\ln q(c|x)$, categorical for the class and normal for the uniform variables, in nats, `[n]`.
   * @param parameters - of the recognition network, `[n, numParameters]`
   */
  logProb(parameters: Tensor, code: Tensor): Tensor {
    const parts: Tensor[] = [];
    if (this.classes > 0) {
      const logProbs = logSoftmax(columns(parameters, 0, this.classes));
      parts.push(tf.sum(tf.mul(columns(code, 0, this.classes), logProbs), 1));
    }
    if (this.uniform > 0) {
      const { means, logVariances } = this.#normals(parameters);
      const squared = tf.square(tf.sub(columns(code, this.classes, this.uniform), means));
      const scaled = tf.add(tf.mul(squared, exp(tf.neg(logVariances))), logVariances);
      parts.push(tf.mul(-0.5, tf.sum(tf.add(scaled, Math.log(2 * Math.PI)), 1)));
    }
    return tf.addN(parts);
  }

  /** What q(c|x) says: probabilities of the classes, `[n, classes]`, and means of the uniform variables, `[n, uniform]`. */
  read(parameters: Tensor): Recognized {
    return {
      ...(this.classes > 0 && { classes: softmax(columns(parameters, 0, this.classes)) }),
      ...(this.uniform > 0 && { uniform: tf.clone(this.#normals(parameters).means) }),
    };
  }

  #normals(parameters: Tensor): { readonly means: Tensor; readonly logVariances: Tensor } {
    return {
      means: columns(parameters, this.classes, this.uniform),
      logVariances: columns(parameters, this.classes + this.uniform, this.uniform),
    };
  }
}

function columns(x: Tensor, start: number, count: number): Tensor {
  return tf.slice(x, [0, start], [x.shape[0]!, count]);
}
