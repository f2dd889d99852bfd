import { BaseModule, checkOneOf, exp, sigmoid, softplus, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { SmoothFunction, SmoothMap } from './smooth-map';

/** A function of single elements and its derivative. */
interface Curve {
  value(x: Tensor): Tensor;
  slope(x: Tensor): Tensor;
}

/** $\min(x, 0)$ */
const negativePart = (x: Tensor): Tensor => tf.neg(tf.relu(tf.neg(x)));

const curves = {
  tanh: { value: tanh, slope: (x: Tensor): Tensor => tf.sub(1, tf.square(tanh(x))) },
  softplus: { value: softplus, slope: sigmoid },
  elu: {
    value: (x: Tensor): Tensor => tf.add(tf.relu(x), tf.sub(exp(negativePart(x)), 1)),
    slope: (x: Tensor): Tensor => exp(negativePart(x)),
  },
} satisfies Record<string, Curve>;

/** The activations with a slope of at most 1 in absolute value. */
export type SmoothActivationName = keyof typeof curves | 'lipSwish' | 'concatenatedLipSwish';

const SMOOTH_ACTIVATIONS: readonly SmoothActivationName[] = [
  'tanh',
  'softplus',
  'elu',
  'lipSwish',
  'concatenatedLipSwish',
];

/** An activation, and how many outputs it has for one input. */
export interface SmoothActivation {
  readonly map: SmoothMap;
  readonly outputsPerInput: number;
}

export function smoothActivation(name: SmoothActivationName): SmoothActivation {
  checkOneOf('smoothActivation', 'activation', name, SMOOTH_ACTIVATIONS);
  if (name === 'lipSwish') return { map: new LipSwish(), outputsPerInput: 1 };
  if (name === 'concatenatedLipSwish') return { map: new ConcatenatedLipSwish(), outputsPerInput: 2 };
  return { map: new ElementwiseMap(curves[name]), outputsPerInput: 1 };
}

class ElementwiseMap extends BaseModule implements SmoothMap {
  readonly #curve: Curve;

  constructor(curve: Curve) {
    super();
    this.#curve = curve;
  }

  given(): SmoothFunction {
    return elementwiseFunction(this.#curve);
  }
}

function elementwiseFunction({ value, slope }: Curve): SmoothFunction {
  return {
    apply: value,
    linearize: (x) => {
      const slopes = slope(x);
      const scale = (direction: Tensor): Tensor => tf.mul(direction, slopes);
      return { value: value(x), push: scale, pull: scale };
    },
  };
}

/** The largest slope of $x\,\sigma(x)$ is 1.09984. */
const SWISH_SLOPE = 1.1;

/** The largest length of the slope of $(s(x), s(-x))$ for LipSwish s is 1.00396: its parts' slopes sum up to 1/1.1. */
const CONCATENATED_SLOPE = 1.004;

/** $\beta = \mathrm{softplus}(0.5)$ at the start. */
const INITIAL_STEEPNESS = 0.5;

/**
 * LipSwish, $s(x) = x\,\sigma(\beta x) / 1.1$ with a learned $\beta > 0$: slopes within $\pm 1$, and a second derivative that
 * does not vanish where the slope is largest, unlike that of tanh or ELU.
 * @see DGM §3.1.7; Residual Flows for Invertible Generative Modeling (Chen et al., 2019), §3.3
 */
export class LipSwish extends BaseModule implements SmoothMap {
  readonly #steepness: Variable & Scalar = this.parameter('steepness', tf.scalar(INITIAL_STEEPNESS));

  constructor() {
    super();
    record(this, 'LipSwish', []);
  }

  given(): SmoothFunction {
    return elementwiseFunction(lipSwish(softplus(this.#steepness)));
  }
}

/**
 * CLipSwish, $x \mapsto (s(x), s(-x)) / 1.004$ for LipSwish s: two outputs for each input, first all $s(x)$, then all
 * $s(-x)$; no two points move apart.
 * @see Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021), §3.2
 */
export class ConcatenatedLipSwish extends BaseModule implements SmoothMap {
  readonly #steepness: Variable & Scalar = this.parameter('steepness', tf.scalar(INITIAL_STEEPNESS));

  constructor() {
    super();
    record(this, 'ConcatenatedLipSwish', []);
  }

  given(): SmoothFunction {
    const { value, slope } = lipSwish(softplus(this.#steepness));
    const joined = (left: Tensor, right: Tensor): Tensor =>
      tf.div(tf.concat([left, right], -1), CONCATENATED_SLOPE);
    const apply = (x: Tensor): Tensor => joined(value(x), value(tf.neg(x)));
    return {
      apply,
      linearize: (x) => {
        const [left, right] = [slope(x), tf.neg(slope(tf.neg(x)))];
        return {
          value: apply(x),
          push: (v) => joined(tf.mul(v, left), tf.mul(v, right)),
          pull: (w) => {
            const [first, second] = tf.split(w, 2, -1) as [Tensor, Tensor];
            return tf.div(tf.add(tf.mul(first, left), tf.mul(second, right)), CONCATENATED_SLOPE);
          },
        };
      },
    };
  }
}

function lipSwish(beta: Tensor): Curve {
  return {
    value: (x) => tf.div(tf.mul(x, sigmoid(tf.mul(beta, x))), SWISH_SLOPE),
    slope: (x) => {
      const t = tf.mul(beta, x);
      const gate = sigmoid(t);
      // 1 + t sigma(-t), which is 1 far to the right and t far to the left, where the gate is 0.
      return tf.div(tf.mul(gate, tf.add(1, tf.mul(t, sigmoid(tf.neg(t))))), SWISH_SLOPE);
    },
  };
}
