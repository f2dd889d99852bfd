import { checkInteger, checkNumber, checkOptions, checkShape, softplus } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { drawBits } from './units';

/** What hidden units receive, for each example. */
export interface HiddenFields {
  /** $c + W^\top t$, `[n, width]`. */
  readonly columns: Tensor;
  /** The biases of the gates, `[gates]`, for units that have gates. */
  readonly gates?: Tensor | undefined;
}

/** The states of hidden units as they enter the energy. */
export interface HiddenCode {
  /** What W is multiplied by, `[n, width]`. */
  readonly columns: Tensor;
  /** `[n, gates]`, for units that have gates. */
  readonly gates?: Tensor;
}

/** The hidden units of a restricted Boltzmann machine: their states, and their law given what they receive. */
export interface HiddenUnits {
  /** The columns of W. */
  readonly width: number;
  /** The number of gates, which have biases of their own. @defaultValue 0 */
  readonly gates?: number;
  /** The number of units, if each is a bit and a column: $\ln Z$ can then be a sum over their states. */
  readonly bits?: number;
  /** The shape of the states of one example. */
  readonly stateShape: readonly number[];
  /** The logarithm of the number of states. */
  readonly logStates: number;
  /**
   * The sum of $e^{-E}$ over all states, without the terms of the visible units alone, is a product over independent groups of units:
   * the logarithm of each factor, `[n, groups]`.
   */
  logMasses(fields: HiddenFields): Tensor;
  /** The log-odds of the units, or of the gates, `[n, units]`. */
  logits(fields: HiddenFields): Tensor;
  /** Draws the columns of the code given the fields, `[n, width]`. */
  draw(fields: HiddenFields, key: Key): Tensor;
  /** The code of states, `[n, ...stateShape]`. */
  encode(states: Tensor): HiddenCode;
  /** The energy of states that no field has a part in, `[n]`. @defaultValue 0 */
  baseEnergy?(states: Tensor): Tensor;
}

/** Bits without gates (DGM Eq. 6.33). */
export function hiddenBits(count: number): HiddenUnits {
  return {
    width: count,
    bits: count,
    stateShape: [count],
    logStates: count * Math.LN2,
    logMasses: ({ columns }) => softplus(columns),
    logits: ({ columns }) => tf.clone(columns),
    draw: ({ columns }, key) => drawBits(columns, key.fold('hidden')),
    encode: (states) => ({ columns: states }),
  };
}

export interface SubspaceUnitsOptions {
  /** The number of gates, M. */
  readonly gates: number;
  /** Subspace units of each gate, K. */
  readonly size: number;
}

/**
 * Hidden units of a subspace RBM: gates $h_j$ that let groups of bits $s_{jk}$ through,
 *
 * $$E(x, h, S) = -b^\top x - c^\top h - \sum_{jk} h_j s_{jk} (d_{jk} + W_{\cdot jk}^\top x)$$
 *
 * so that a gate pools features that are variants of each other. Its states are `[n, gates, 1 + size]`, the gate first. Given x the
 * gates have the log-odds $c_j - K \ln 2 + \sum_k \ln(1 + e^{d_{jk} + W_{\cdot jk}^\top x})$, and given their gates the subspace units
 * $h_j (d_{jk} + W_{\cdot jk}^\top x)$.
 *
 * @throws {@link ArgumentError} if a number is not a positive integer.
 * @see DGM §6.5, Eq. 6.44-6.47; Learning Invariant Features Using Subspace Restricted Boltzmann Machine (Tomczak and Gonczarek, 2017)
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: subspaceUnits({ gates: 50, size: 3 }), key });
 * ```
 */
export function subspaceUnits(options: SubspaceUnitsOptions): HiddenUnits {
  const where = 'subspaceUnits';
  checkOptions(where, options, ['gates', 'size']);
  const { gates, size } = options;
  checkInteger(where, 'gates', gates);
  checkInteger(where, 'size', size);
  const width = gates * size;
  const byGate = (columns: Tensor): Tensor => tf.reshape(columns, [columns.shape[0]!, gates, size]);
  const logits = ({ columns, gates: bias }: HiddenFields): Tensor =>
    tf.add(tf.sub(tf.sum(softplus(byGate(columns)), 2), size * Math.LN2), bias!);
  /** $h_j s_{jk}$, `[n, width]`. */
  const through = (h: Tensor, s: Tensor): Tensor =>
    tf.reshape(tf.mul(tf.expandDims(h, 2), s), [h.shape[0]!, width]);
  const units: HiddenUnits = {
    width,
    gates,
    stateShape: [gates, 1 + size],
    logStates: gates * (1 + size) * Math.LN2,
    // A closed gate leaves the 2^K states of its subspace units alike.
    logMasses: (fields) => tf.add(softplus(logits(fields)), size * Math.LN2),
    logits,
    draw: (fields, key) =>
      tf.tidy(() => {
        const h = drawBits(logits(fields), key.fold('gates'));
        return through(h, drawBits(byGate(fields.columns), key.fold('subspaces')));
      }),
    encode: (states) => {
      const n = states.shape[0]!;
      const h = tf.reshape(tf.slice(states, [0, 0, 0], [n, gates, 1]), [n, gates]);
      return { gates: h, columns: through(h, tf.slice(states, [0, 0, 1], [n, gates, size])) };
    },
  };
  return record(units, 'subspaceUnits', arguments);
}

export interface SpikeAndSlabUnitsOptions {
  /** The number of units, N. */
  readonly units: number;
  /** The precision of a slab, $\alpha$. @defaultValue 1 */
  readonly precision?: number;
}

/**
 * Hidden units that are a bit, the spike $h_j$, times a real number, the slab $s_j$,
 *
 * $$E(x, h, s) = e(t) - b^\top t - c^\top h - \sum_j h_j s_j (d_j + W_{\cdot j}^\top t) + \frac{\alpha}{2} \sum_j s_j^2$$
 *
 * so that the spike says whether a feature is there and the slab how much of it. Its states are `[n, units, 2]`, the spike first. Given x
 * the spikes have the log-odds $c_j + f_j^2 / 2\alpha$ with $f_j = d_j + W_{\cdot j}^\top t$, and the slab of a spike is normal with
 * the mean $f_j / \alpha$ and the variance $1 / \alpha$.
 *
 * With Gaussian visible units there is a normalizer only while the largest eigenvalue of $W W^\top$ is below $\alpha$.
 *
 * @throws {@link ArgumentError} for an option that is unknown or out of its range.
 * @see DGM §6.5; A Spike and Slab Restricted Boltzmann Machine (Courville, Bergstra and Bengio, 2011)
 *
 * @example
 * ```ts
 * const model = rbm({ visible: bernoulliUnits({ shape: [64] }), hidden: spikeAndSlabUnits({ units: 100 }), key });
 * ```
 */
export function spikeAndSlabUnits(options: SpikeAndSlabUnitsOptions): HiddenUnits {
  const where = 'spikeAndSlabUnits';
  checkOptions(where, options, ['units', 'precision']);
  const { units: count, precision = 1 } = options;
  checkInteger(where, 'units', count);
  checkNumber(where, 'precision', precision, { above: 0 });
  /** $\ln \int e^{-\alpha s^2 / 2} ds$. */
  const logSlab = 0.5 * Math.log((2 * Math.PI) / precision);
  const logits = ({ columns, gates }: HiddenFields): Tensor =>
    tf.add(tf.mul(0.5 / precision, tf.square(columns)), gates!);
  const parts = (states: Tensor): readonly [spikes: Tensor, slabs: Tensor] => {
    const [spikes, slabs] = tf.unstack(states, 2);
    return [spikes!, slabs!];
  };
  const units: HiddenUnits = {
    width: count,
    gates: count,
    stateShape: [count, 2],
    logStates: count * (Math.LN2 + logSlab),
    logMasses: (fields) => tf.add(softplus(logits(fields)), logSlab),
    logits,
    draw: (fields, key) =>
      tf.tidy(() => {
        const spikes = drawBits(logits(fields), key.fold('spikes'));
        const noise = tf.div(key.fold('slabs').normal(spikes.shape), Math.sqrt(precision));
        return tf.mul(spikes, tf.add(tf.div(fields.columns, precision), noise));
      }),
    encode: (states) => {
      const [spikes, slabs] = parts(states);
      return { gates: spikes, columns: tf.mul(spikes, slabs) };
    },
    baseEnergy: (states) => tf.mul(0.5 * precision, tf.sum(tf.square(parts(states)[1]), 1)),
  };
  return record(units, 'spikeAndSlabUnits', arguments);
}

/** The units of the option `hidden`. */
export function checkedHidden(where: string, hidden: number | HiddenUnits): HiddenUnits {
  if (typeof hidden === 'object' && hidden !== null && typeof hidden.logMasses === 'function') return hidden;
  checkInteger(where, 'hidden', hidden as number);
  return hiddenBits(hidden as number);
}

export function checkStates(
  where: string,
  states: Tensor,
  n: number | 'n',
  { stateShape }: HiddenUnits,
): void {
  checkShape(where, 'h', states, [n, ...stateShape]);
}
