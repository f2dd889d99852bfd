import { ArgumentError, Categorical, formatShape } from '@dgm/core';
import type { DistributionHead, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AutoregressiveNetwork, NetworkCall } from './network';

/** How values are drawn from a conditional. */
export interface DrawOptions {
  /** Divides the log-probabilities: below 1 for more typical values, above 1 for more varied ones. 1 unless given. */
  readonly temperature?: number;
  /** Draws from the k most probable values only; from all unless given. */
  readonly topK?: number;
}

/** Draws `[n, ...variable]` from a conditional with parameters `[n, numParameters]`. */
export type Draw = (parameters: Tensor, key: Key) => Tensor;

/** Values that are given, in the order of the variables; the others are drawn. */
export interface KnownVariables {
  /** `[n, D, ...variable]` */
  readonly values: Tensor;
  readonly isKnown: (variable: number) => boolean;
}

/** What predictive sampling works on. */
export interface SamplingTask {
  readonly network: AutoregressiveNetwork;
  readonly numVariables: number;
  /** The shape of one variable: `[]`, or `[channels]` for a pixel. */
  readonly variable: Shape;
  readonly draw: Draw;
  /** Variable d is drawn with `key.fold(d)`, so that samplers agree draw by draw. */
  readonly key: Key;
  readonly n: number;
  readonly call: NetworkCall;
  readonly known?: KnownVariables;
}

/**
 * How to draw from conditionals of a family.
 * @throws ArgumentError for a temperature that is not positive, a k that is not a count, and for either with a
 * continuous family
 */
export function drawFrom(head: DistributionHead, { temperature = 1, topK }: DrawOptions): Draw {
  if (temperature === 1 && topK === undefined) {
    return (parameters, key) => tf.tidy(() => head.distribution(parameters).sample(key));
  }
  const { levels, eventShape } = head;
  if (levels === undefined)
    throw refused('a temperature or topK', 'to come with discrete values', 'continuous ones');
  if (eventShape.length > 0)
    throw refused('a temperature or topK', 'to come with variables of one value', formatShape(eventShape));
  if (!(temperature > 0)) throw refused('temperature', 'to be positive', String(temperature));
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1 && topK <= levels)) {
    throw refused('topK', `to be an integer from 1 to ${levels}`, String(topK));
  }
  return (parameters, key) =>
    tf.tidy(() => {
      const values = tf.reshape(tf.range(0, levels), [levels, 1]);
      const logProb = tf.transpose(head.distribution(parameters).logProb(values)); // [n, levels]
      const logits = tf.div(topK === undefined ? logProb : onlyLargest(logProb, topK), temperature);
      return new Categorical(logits).sample(key);
    });
}

/** Makes all but the k largest of each row impossible; those that equal the k-th stay too. */
function onlyLargest(logits: Tensor, k: number): Tensor {
  const smallest = tf.slice(tf.topk(logits, k).values, [0, k - 1], [-1, 1]);
  return tf.where(tf.greaterEqual(logits, smallest), logits, -Infinity);
}

/**
 * Predictive sampling: guesses all variables, draws each from its conditional given the guess, and repeats with what
 * was drawn until nothing changes. Draws are those of ancestral sampling, mostly in far fewer passes; never in more.
 *
 * It reads values on the host after each pass.
 * @returns `[n, D, ...variable]`
 * @see Predictive Sampling with Forecasting Autoregressive Models (Wiggers and Hoogeboom, 2020), fixed-point iteration
 */
export function samplePredictively(task: SamplingTask): Tensor {
  const { network, numVariables, n, call } = task;
  let guess = tf.zeros([n, numVariables, ...task.variable]);
  // Variables before this one are final.
  for (let first = 0; first < numVariables;) {
    const drawn = tf.tidy(() => {
      const parameters = network.conditionals(guess, call);
      const columns = tf.unstack(guess, 1);
      for (let variable = first; variable < numVariables; variable++) {
        columns[variable] = nextColumn(task, conditionalOf(parameters, variable), variable);
      }
      return tf.stack(columns, 1) as typeof guess;
    });
    const others = drawn.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const changed = tf.tidy(() => tf.any(tf.notEqual(drawn, guess), others).dataSync()).indexOf(1);
    guess.dispose();
    guess = drawn;
    // The first variable that changed was drawn given final ones: it is final now.
    first = changed === -1 ? numVariables : changed + 1;
  }
  return guess;
}

function nextColumn({ draw, key, known }: SamplingTask, parameters: Tensor, variable: number): Tensor {
  if (known?.isKnown(variable)) return tf.squeeze(tf.slice(known.values, [0, variable], [-1, 1]), [1]);
  return draw(parameters, key.fold(variable));
}

/** `[n, D, numParameters]` to `[n, numParameters]` */
function conditionalOf(parameters: Tensor, variable: number): Tensor {
  return tf.squeeze(tf.slice(parameters, [0, variable, 0], [-1, 1, -1]), [1]);
}

function refused(argument: string, expected: string, actual: string): ArgumentError {
  return new ArgumentError({ where: 'AutoregressiveModel.sample', argument, expected, actual });
}
