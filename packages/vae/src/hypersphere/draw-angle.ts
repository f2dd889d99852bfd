import { broadcastTo, expm1, oneHot } from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import { angleSlope } from './angle-slope';

/**
 * Proposals for each draw, of which the first that is accepted counts. At least 65.8 % are accepted, whatever the dimension and
 * the concentration, so that one draw in 29 million is left without; it keeps its first proposal.
 */
const PROPOSALS = 16;

/**
 * Angles between draws of a von Mises-Fisher distribution and its mean direction, by rejection from Ulrich's envelope with
 * a fixed number of proposals: the shapes do not depend on what is accepted, so that a training step can be captured.
 *
 * The gradient is that of the distribution function at a fixed probability, not of the sampler: see {@link angleSlope}.
 *
 * @param concentration - $\kappa$, any shape
 * @param dims - d
 * @returns radians in [0, pi], `[...sampleShape, ...]`
 * @see Simulation of the von Mises Fisher distribution (Wood, 1994), VM*; Computer Generation of Distributions on the
 * m-Sphere (Ulrich, 1984), also for the beta proposals
 */
export function drawAngle(
  key: Key,
  concentration: Tensor,
  { dims, sampleShape }: { readonly dims: number; readonly sampleShape: Shape },
): Tensor {
  const shape = [...sampleShape, ...concentration.shape];
  const draws = proposals(key, [...shape, PROPOSALS], dims);
  return tf.customGrad((...[value, save]) => {
    const kappa = value as Tensor;
    const angle = firstAccepted(draws, kappa, dims);
    (save as GradSaveFunc)([kappa, angle]);
    return {
      value: angle,
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        tf.mul(dy, angleSlope(saved[1]!, { concentration: saved[0]!, dims })),
    };
  })(broadcastTo(concentration, shape));
}

interface Proposals {
  /** First coordinates of uniformly random unit vectors. */
  readonly uniform: Tensor;
  /** Minus the logarithm of a uniform number. */
  readonly threshold: Tensor;
}

/** A coordinate of a uniformly random unit vector is $\sqrt{1 - U^{2/(d-2)}} \cos 2 \pi V$. */
function proposals(key: Key, shape: Shape, dims: number): Proposals {
  const cosine = tf.cos(key.fold('direction').uniform(shape, { max: 2 * Math.PI }));
  const threshold = key.fold('threshold').exponential(shape);
  if (dims === 2) return { uniform: cosine, threshold };
  const squaredRadius = tf.neg(expm1(tf.mul(-2 / (dims - 2), key.fold('radius').exponential(shape))));
  return { uniform: tf.mul(tf.sqrt(squaredRadius), cosine), threshold };
}

/** The angle of the first accepted proposal of each row. */
function firstAccepted({ uniform, threshold }: Proposals, concentration: Tensor, dims: number): Tensor {
  const kappa = tf.expandDims(concentration, -1);
  const hypotenuse = tf.sqrt(tf.add(tf.square(tf.mul(2, kappa)), (dims - 1) ** 2));
  const b = tf.div(dims - 1, tf.add(tf.mul(2, kappa), hypotenuse));
  // 1 - cos of the proposed angle is 2 b y: written so that large concentrations, whose angles are small, lose nothing.
  const y = tf.div(tf.sub(1, uniform), tf.add(tf.add(1, uniform), tf.mul(b, tf.sub(1, uniform))));
  const onePlusB = tf.add(1, b);
  const tilt = tf.mul(tf.mul(tf.mul(2, b), kappa), tf.sub(tf.reciprocal(onePlusB), y));
  const shape = tf.log(tf.mul(tf.add(1, tf.mul(tf.sub(1, b), y)), tf.mul(0.5, onePlusB)));
  const logAcceptance = tf.add(tilt, tf.mul(dims - 1, shape));
  const accepted = tf.cast(tf.greaterEqual(tf.add(logAcceptance, threshold), 0), 'float32');
  // The first of the largest: of those accepted, or, if there is none, of all.
  const chosen = oneHot(tf.argMax(accepted, -1), { depth: PROPOSALS });
  const half = tf.sqrt(tf.sum(tf.mul(chosen, tf.mul(b, y)), -1)); // sin of half the angle
  return tf.mul(2, tf.asin(tf.minimum(half, 1)));
}
