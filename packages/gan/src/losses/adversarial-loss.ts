import { checkOneOf, relu, softplus, UnsupportedError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * What the two players minimize, as functions of the critic's scores of real examples and of fakes, `[n]` or `[n, 1]` each. Row i
 * of one is paired with row i of the other by a relativistic loss.
 */
export interface AdversarialLoss {
  readonly name: string;
  /** The critic's loss, a mean over the batch. */
  critic(real: Tensor, fake: Tensor): Scalar;
  /**
   * The generator's loss, a mean over the batch.
   * @param real - scores of real examples; only where the loss {@link AdversarialLoss.isRelativistic}
   */
  generator(fake: Tensor, real?: Tensor): Scalar;
  /** Whether the generator's loss compares fakes with real examples. @defaultValue false */
  readonly isRelativistic?: boolean;
  /**
   * $\ln p(x) / p_G(x)$ of the best critic's scores, elementwise; with a relativistic loss up to a constant. Absent where the critic
   * does not estimate the ratio of the densities.
   */
  readonly logRatio?: (scores: Tensor) => Tensor;
}

/**
 * Checks that a critic estimates the ratio of the densities of data and samples.
 * @throws UnsupportedError naming `where` and the loss
 */
export function checkRatio(
  where: string,
  loss: AdversarialLoss,
): Required<Pick<AdversarialLoss, 'logRatio'>> {
  const { name, logRatio } = loss;
  if (logRatio !== undefined) return { logRatio };
  throw new UnsupportedError({
    where,
    argument: 'loss',
    expected: 'to estimate the ratio of two densities',
    actual: `"${name}", which does not`,
    remedy: "train with the loss 'relativistic' or 'non-saturating', or fDivergence('kl')",
  });
}

const mean = (x: Tensor): Scalar => tf.mean<Scalar>(x);
const sum = (a: Scalar, b: Scalar): Scalar => tf.add<Scalar>(a, b);

/** $-\ln \sigma(s)$, the mean over the batch. */
const minusLogSigmoid = (scores: Tensor): Scalar => mean(softplus(tf.neg(scores)));

/** $-\ln D(x) - \ln(1 - D(G(z)))$ with $D = \sigma(s)$. */
const crossEntropy = (real: Tensor, fake: Tensor): Scalar =>
  sum(minusLogSigmoid(real), minusLogSigmoid(tf.neg(fake)));

/** A logit of real against fake is the log-ratio. */
const logit = { logRatio: (scores: Tensor): Tensor => tf.clone(scores) };

const losses = {
  /** The critic and the generator play for the same quantity; the generator's gradient vanishes while the critic wins. */
  saturating: {
    critic: crossEntropy,
    // ln(1 - D(G(z)))
    generator: (fake: Tensor): Scalar => tf.neg(minusLogSigmoid(tf.neg(fake))),
    ...logit,
  },
  'non-saturating': {
    critic: crossEntropy,
    // -ln D(G(z))
    generator: minusLogSigmoid,
    ...logit,
  },
  'least-squares': {
    // 1/2 (s(x) - 1)^2 + 1/2 s(G(z))^2
    critic: (real: Tensor, fake: Tensor): Scalar =>
      tf.mul<Scalar>(0.5, sum(mean(tf.square(tf.sub(real, 1))), mean(tf.square(fake)))),
    // 1/2 (s(G(z)) - 1)^2
    generator: (fake: Tensor): Scalar => tf.mul<Scalar>(0.5, mean(tf.square(tf.sub(fake, 1)))),
  },
  hinge: {
    // max(0, 1 - s(x)) + max(0, 1 + s(G(z)))
    critic: (real: Tensor, fake: Tensor): Scalar =>
      sum(mean(relu(tf.sub(1, real))), mean(relu(tf.add(1, fake)))),
    // -s(G(z))
    generator: (fake: Tensor): Scalar => tf.neg(mean(fake)),
  },
  wasserstein: {
    // s(G(z)) - s(x)
    critic: (real: Tensor, fake: Tensor): Scalar => tf.sub<Scalar>(mean(fake), mean(real)),
    // -s(G(z))
    generator: (fake: Tensor): Scalar => tf.neg(mean(fake)),
  },
  relativistic: {
    // -ln sigmoid(s(x) - s(G(z)))
    critic: (real: Tensor, fake: Tensor): Scalar => minusLogSigmoid(tf.sub(real, fake)),
    // -ln sigmoid(s(G(z)) - s(x))
    generator: (fake: Tensor, real?: Tensor): Scalar => minusLogSigmoid(tf.sub(fake, real!)),
    isRelativistic: true,
    ...logit,
  },
};

/** The losses that have a name. */
export type AdversarialLossName = keyof typeof losses;

/**
 * The loss of a name.
 *
 * | name | source |
 * | --- | --- |
 * | `saturating`, `non-saturating` | Generative Adversarial Nets (Goodfellow et al., 2014), Eq. 1 and §3; DGM Eq. 7.9, Listings 7.1-7.5 |
 * | `least-squares` | Least Squares Generative Adversarial Networks (Mao et al., 2017), Eq. 9 |
 * | `hinge` | Geometric GAN (Lim and Ye, 2017), Eq. 8 and 9 |
 * | `wasserstein` | Wasserstein GAN (Arjovsky et al., 2017), Eq. 2; DGM Eq. 7.10 |
 * | `relativistic` | The relativistic discriminator (Jolicoeur-Martineau, 2019), Eq. 3, as in R3GAN (Huang et al., 2024), Eq. 2 |
 *
 * @throws ArgumentError for another name, with the closest one
 *
 * @example
 * ```ts
 * const loss = adversarialLoss('hinge');
 * const scores = { real: tf.tensor1d([2, 0.5]), fake: tf.tensor1d([-1, 0]) };
 * loss.critic(scores.real, scores.fake); // (0 + 0.5) / 2 + (0 + 1) / 2 = 0.75
 * ```
 */
export function adversarialLoss(name: AdversarialLossName): AdversarialLoss {
  checkOneOf('adversarialLoss', 'name', name, Object.keys(losses) as AdversarialLossName[]);
  const loss: AdversarialLoss = { name, ...losses[name] };
  return record(loss, 'adversarialLoss', arguments);
}
