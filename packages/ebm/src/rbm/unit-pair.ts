import { sumLastAxes } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logSumOverBits } from '../partition/enumerate';
import type { HiddenFields, HiddenUnits } from './hidden-units';
import { dot, type VisibleUnits } from './units';

/** The parameters of an RBM. A bias is a vector, or has a row for each example. */
export interface RbmParameters {
  /** W, `[size, width]`. */
  readonly weights: Tensor;
  /** b, `[size]` or `[n, size]`. */
  readonly visibleBias: Tensor;
  /** c, `[width]` or `[n, width]`. */
  readonly hiddenBias: Tensor;
  /** `[gates]`, for hidden units that have gates. */
  readonly gateBias?: Tensor | undefined;
}

/**
 * Visible and hidden units with the energy $E(x, h) = e(t) - b^\top t - c^\top h - t^\top W h$ of given parameters (DGM Eq. 6.33-6.39).
 * Visible units are given by their statistics t, `[n, size]`.
 */
export class UnitPair {
  constructor(
    readonly visible: VisibleUnits,
    readonly hidden: HiddenUnits,
  ) {}

  /** $F(x) = -\ln \sum_h e^{-E(x, h)}$, `[n]`. */
  freeEnergy(t: Tensor, parameters: RbmParameters): Tensor {
    const ofHidden = sumLastAxes(this.hidden.logMasses(this.hiddenFields(t, parameters)), 1);
    return tf.sub(this.visible.baseEnergy(t), tf.add(product(t, parameters.visibleBias), ofHidden));
  }

  /** E(x, h) of the states h of the hidden units, `[n]`. */
  jointEnergy(t: Tensor, h: Tensor, parameters: RbmParameters): Tensor {
    const code = this.hidden.encode(h);
    const ofHidden = sumLastAxes(tf.mul(this.hiddenFields(t, parameters).columns, code.columns), 1);
    const linear = tf.add(product(t, parameters.visibleBias), ofHidden);
    const ofGates = code.gates && product(code.gates, parameters.gateBias!);
    const base = this.visible.baseEnergy(t);
    const ofStates = this.hidden.baseEnergy?.(h);
    return tf.sub(
      ofStates === undefined ? base : tf.add(base, ofStates),
      ofGates === undefined ? linear : tf.add(linear, ofGates),
    );
  }

  /** $c + W^\top t$. */
  hiddenFields(t: Tensor, { weights, hiddenBias, gateBias }: RbmParameters): HiddenFields {
    return { columns: tf.add(tf.matMul(t, weights), hiddenBias), gates: gateBias };
  }

  /** $b + W h$, `[n, size]`. */
  visibleFields(columns: Tensor, { weights, visibleBias }: RbmParameters): Tensor {
    return tf.add(tf.matMul(columns, weights, false, true), visibleBias);
  }

  /** $h \sim p(h \mid x)$, then $x \sim p(x \mid h)$. */
  gibbsStep(t: Tensor, parameters: RbmParameters, key: Key): Tensor {
    return tf.tidy(() => {
      const h = this.hidden.draw(this.hiddenFields(t, parameters), key);
      return this.visible.draw(this.visibleFields(h, parameters), key.fold('visible'), t);
    });
  }

  chain(
    t: Tensor,
    parameters: RbmParameters,
    { key, steps }: { readonly key: Key; readonly steps: number },
  ): Tensor {
    let current = t;
    for (let step = 0; step < steps; step++) current = this.gibbsStep(current, parameters, key.fold(step));
    return current;
  }

  /**
   * $\ln Z$ by a sum over the states of the hidden or the visible units: a scalar, or `[n]` where biases have rows.
   * @throws UnsupportedError for more than 20 bits
   */
  logPartition(where: string, parameters: RbmParameters, over: 'hidden' | 'visible'): Tensor {
    const bits = over === 'hidden' ? this.hiddenBits : this.visibleBits;
    return logSumOverBits(`${where} of ${over} units`, bits, (states) =>
      over === 'hidden' ? this.#hiddenMass(states, parameters) : this.#visibleMass(states, parameters),
    );
  }

  /** The number of hidden bits; Infinity where they are none. */
  get hiddenBits(): number {
    return this.hidden.bits ?? Infinity;
  }

  /** The number of visible bits; Infinity where they are none. */
  get visibleBits(): number {
    return this.visible.levels === 2 && this.visible.size < 32 ? this.visible.size : Infinity;
  }

  get fewestBits(): number {
    return Math.min(this.hiddenBits, this.visibleBits);
  }

  /** The units with the fewer bits. */
  get fewer(): 'hidden' | 'visible' {
    return this.hiddenBits <= this.visibleBits ? 'hidden' : 'visible';
  }

  /** $\ln \int e^{-E(x, h)} dx = c^\top h + A(b + W h)$, `[states]` or `[n, states]`. */
  #hiddenMass(h: Tensor, parameters: RbmParameters): Tensor {
    return byRow(h, parameters, (rows, own) =>
      tf.add(product(rows, own.hiddenBias), this.visible.logNormalizer(this.visibleFields(rows, own))),
    );
  }

  #visibleMass(t: Tensor, parameters: RbmParameters): Tensor {
    return byRow(t, parameters, (rows, own) => tf.neg(this.freeEnergy(rows, own)));
  }
}

/** The scalar product of each row with a vector, or with its own row, `[n]`. */
function product(rows: Tensor, bias: Tensor): Tensor {
  return bias.rank === 1 ? dot(rows, bias) : sumLastAxes(tf.mul(rows, bias), 1);
}

/**
 * A function of states and parameters: `[states]` for biases that are vectors, and `[n, states]` where they have n rows, each of which meets
 * every state.
 */
function byRow(
  states: Tensor,
  parameters: RbmParameters,
  of: (states: Tensor, parameters: RbmParameters) => Tensor,
): Tensor {
  const { visibleBias, hiddenBias } = parameters;
  if (visibleBias.rank === 1) return of(states, parameters);
  const [n, count] = [visibleBias.shape[0]!, states.shape[0]!];
  const repeated = (bias: Tensor): Tensor =>
    tf.reshape(tf.tile(tf.expandDims(bias, 1), [1, count, 1]), [n * count, bias.shape[1]!]);
  const own = { ...parameters, visibleBias: repeated(visibleBias), hiddenBias: repeated(hiddenBias) };
  return tf.reshape(of(tf.tile(states, [n, 1]), own), [n, count]);
}
