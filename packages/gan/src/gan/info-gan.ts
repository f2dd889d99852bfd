import { asLayer, checkGiven, checkInteger, checkNumber, checkOptions, checkShape } from '@dgm/core';
import type { ConditionedBatch, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { toNetworks } from '../networks';
import { record } from '../record';
import { Gan, GAN_OPTIONS } from './gan';
import type { ConditionalGanOptions, GanOptions } from './gan';
import { Code } from './recognition';
import type { CodeOptions, Recognized } from './recognition';

export interface InfoGanOptions extends GanOptions {
  /** G, from latent variables and a code beside them, `[n, latent + classes + uniform]`, to examples `[n, ...event]`. */
  readonly generator: NetworkLike;
  /** What the generator is told: `{ classes: 10, uniform: 2 }`. */
  readonly code: CodeOptions;
  /**
   * Q, from examples `[n, ...event]` to what they say about the code, `[n, classes + 2 uniform]`: a logit for each class, then the
   * means of the uniform variables, then their log-variances.
   */
  readonly recognition: NetworkLike;
  /** $\lambda$, of the information. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * A {@link gan} whose samples depend visibly on a code c beside the noise: a class and uniform variables, which it finds without
 * labels. The generator and a recognition network Q raise a bound on the mutual information of the code and the sample,
 *
 * $$\lambda\, \mathbb{E}[\ln q(c|G(z, c))] \le \lambda\, (I(c; G(z, c)) - H(c))$$
 *
 * `recognize` reads the code from examples, and the option `context` of `sample` sets it, `[n, classes + uniform]`.
 *
 * @throws what {@link gan} throws
 * @throws ArgumentError for a code without classes and variables
 * @see InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets (Chen et al., 2016), Eq. 5
 * and 6; DGM §7.4
 *
 * @example
 * ```ts
 * const model = infoGan({
 *   latent: 16,
 *   code: { classes: 10, uniform: 2 },
 *   generator: mlp([16 + 10 + 2, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   critic: mlp([64, 128, 1], { key: key.fold('critic') }),
 *   recognition: mlp([64, 128, 10 + 2 * 2], { key: key.fold('recognition') }),
 *   levels: 17,
 * });
 * await fit(model, data, { key, optimizer: adam({ learningRate: 2e-4, beta1: 0 }), batchSize: 64, epochs: 100 });
 * ```
 */
export function infoGan(options: InfoGanOptions): InfoGan {
  return record(new InfoGan(options), 'infoGan', arguments);
}

/** What {@link infoGan} makes. */
export class InfoGan extends Gan {
  constructor(options: InfoGanOptions) {
    const where = 'infoGan';
    checkOptions(where, options, [...GAN_OPTIONS, 'code', 'recognition', 'weight']);
    const { code: codeOptions, recognition, weight = 1, ...rest } = options;
    checkGiven(where, 'recognition', recognition, 'to be a network');
    checkGiven(where, 'code', codeOptions, 'to be a code such as { classes: 10 }');
    checkNumber(where, 'weight', weight, { min: 0 });
    const code = new Code(where, codeOptions);
    super(
      where,
      { ...rest, contextSize: code.size },
      { network: asLayer(recognition), code, weight, isSupervised: false },
    );
  }

  /**
   * What q(c|x) says about the codes of examples. The caller owns the tensors.
   * @param x - `[n, ...event]`
   * @throws ShapeError if `x` has another shape
   */
  recognize(x: Tensor): Recognized {
    checkShape('InfoGan.recognize', 'x', x, ['n', ...this.eventShape]);
    const { network, code } = this.recognition!;
    return tf.tidy(() => ({ ...code.read(network.apply(toNetworks(x, this.levels))) }));
  }
}

export interface AuxiliaryClassifierGanOptions extends ConditionalGanOptions {
  /** The classifier, from examples `[n, ...event]` to a logit for each class, `[n, contextSize]`. */
  readonly classifier: NetworkLike;
  /** The number of classes; contexts are one-hot. */
  readonly contextSize: number;
  /** Of the classification, beside the adversarial losses. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * A {@link gan} of examples given their class, whose critic sees no class: a classifier beside it learns the classes of real
 * examples and of fakes, and the generator makes what it classifies rightly. It is trained on batches `{ x, context }` with one-hot
 * contexts, which `batch: classContext({ classes })` of `fit` makes.
 *
 * @throws what {@link gan} throws
 * @see Conditional Image Synthesis with Auxiliary Classifier GANs (Odena, Olah and Shlens, 2017), Eq. 2 and 3
 *
 * @example
 * ```ts
 * const model = auxiliaryClassifierGan({
 *   latent: 16,
 *   contextSize: 10,
 *   generator: mlp([16 + 10, 128, 64], { key: key.fold('generator'), outputActivation: 'tanh' }),
 *   critic: mlp([64, 128, 1], { key: key.fold('critic') }),
 *   classifier: mlp([64, 128, 10], { key: key.fold('classifier') }),
 * });
 * ```
 */
export function auxiliaryClassifierGan(options: AuxiliaryClassifierGanOptions): Gan<ConditionedBatch> {
  const where = 'auxiliaryClassifierGan';
  checkOptions(where, options, [...GAN_OPTIONS, 'contextSize', 'classifier', 'weight']);
  const { classifier, weight = 1, ...rest } = options;
  checkInteger(where, 'contextSize', rest.contextSize, { min: 2 });
  checkGiven(where, 'classifier', classifier, 'to be a network');
  checkNumber(where, 'weight', weight, { min: 0 });
  const code = new Code(where, { classes: rest.contextSize });
  const recognition = { network: asLayer(classifier), code, weight, isSupervised: true };
  return record(new Gan<ConditionedBatch>(where, rest, recognition), where, arguments);
}
