import { ArgumentError, Categorical, checkInteger, checkNumber, formatShape, oneHot } from '@dgm/core';
import type { CallOptions, DistributionHead, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AutoregressiveNetwork } from './network';

/** How values are drawn from a conditional. */
export interface DrawOptions {
  /**
   * Divides the log-probabilities: below 1 for more typical values, above 1 for more varied ones.
   * @defaultValue 1
   */
  readonly temperature?: number;
  /** Draws from the k most probable values only, by default from all. Of values that tie for the last place, some are kept. */
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
  readonly call: CallOptions;
  readonly known?: KnownVariables;
}

/**
 * How to draw from conditionals of a family.
 * @throws ArgumentError for a temperature that is not positive, a k that is not a count, and for either with a
 * family without a largest value
 */
export function drawFrom(head: DistributionHead, { temperature = 1, topK }: DrawOptions): Draw {
  if (temperature === 1 && topK === undefined) {
    return (parameters, key) => tf.tidy(() => head.distribution(parameters).sample(key));
  }
  const { levels, eventShape } = head;
  if (levels === undefined || levels === Infinity)
    throw refused(
      'a temperature or topK',
      'to come with a finite number of levels',
      levels === undefined ? 'continuous values' : 'all integers',
    );
  if (eventShape.length > 0)
    throw refused('a temperature or topK', 'to come with variables of one value', formatShape(eventShape));
  checkNumber(WHERE, 'temperature', temperature, { above: 0 });
  if (topK !== undefined) checkInteger(WHERE, 'topK', topK, { min: 1, max: levels });
  return (parameters, key) =>
    tf.tidy(() => {
      const values = tf.reshape(tf.range(0, levels), [levels, 1]);
      const logProb = tf.transpose(head.distribution(parameters).logProb(values)); // [n, levels]
      const logits = tf.div(topK === undefined ? logProb : onlyLargest(logProb, topK), temperature);
      return new Categorical(logits).sample(key);
    });
}

/** Makes all but the k largest of each row impossible. */
function onlyLargest(logits: Tensor, k: number): Tensor {
  const largest = oneHot(tf.topk(logits, k).indices, { depth: logits.shape.at(-1)! }); // [n, k, levels]
  return tf.where(tf.greater(tf.sum(largest, 1), 0), logits, -Infinity);
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
    const changed = firstChange(guess, drawn, first);
    guess.dispose();
    guess = drawn;
    // The first variable that changed was drawn given final ones: it is final now.
    first = changed === undefined ? numVariables : changed + 1;
  }
  return guess;
}

/** The first variable from `first` on that differs, or is NaN; undefined if there is none. */
function firstChange(guess: Tensor, drawn: Tensor, first: number): number | undefined {
  const others = drawn.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const isChanged = tf.tidy(() => tf.any(tf.notEqual(drawn, guess), others).dataSync());
  const index = isChanged.findIndex((changed, variable) => variable >= first && changed === 1);
  return index === -1 ? undefined : index;
}

function nextColumn({ draw, key, known }: SamplingTask, parameters: Tensor, variable: number): Tensor {
  if (known?.isKnown(variable)) return tf.squeeze(tf.slice(known.values, [0, variable], [-1, 1]), [1]);
  return draw(parameters, key.fold(variable));
}

/** `[n, D, numParameters]` to `[n, numParameters]` */
function conditionalOf(parameters: Tensor, variable: number): Tensor {
  return tf.squeeze(tf.slice(parameters, [0, variable, 0], [-1, 1, -1]), [1]);
}

const WHERE = 'AutoregressiveModel.sample';

function refused(argument: string, expected: string, actual: string): ArgumentError {
  return new ArgumentError({ where: WHERE, argument, expected, actual });
}
