import { checkNumber, checkOptions, checkThat, show } from '../check/check';
import { ArgumentError } from '../errors/dgm-error';
import type { Json } from './architecture';

/** What a model file says of a model besides its architecture and weights. Everything is optional; nothing is made up. */
export interface ModelCard {
  /** What the model is, in a sentence. */
  readonly description?: string;
  /** The licence of the weights: an SPDX identifier (`MIT`, `CC-BY-4.0`) or words. */
  readonly licence?: string;
  /** The schema of the data and its transforms, as the caller needs them. Any JSON; it is kept as it is. */
  readonly data?: Json;
  readonly training?: TrainingFacts;
}

/** How a model was trained, and how good it is. */
export interface TrainingFacts {
  /** The number of training examples. */
  readonly rows?: number;
  /** The seed of the run. */
  readonly seed?: number;
  /** The date, as in ISO 8601: `2026-11-29`. */
  readonly date?: string;
  /** What was measured on held-out examples. */
  readonly heldOut?: HeldOut;
}

/** The negative log-likelihood of held-out examples, in nats per example. */
export interface HeldOut {
  readonly nats: number;
  /** The standard error of the mean over the examples. */
  readonly standardError?: number;
  /** The number of examples. */
  readonly rows?: number;
  /** What the number is: `exact`, `bound`, or another word of an `Evaluation`. */
  readonly kind?: string;
}

/**
 * Checks a card before it is written.
 * @throws ArgumentError naming the entry that is unknown or of a wrong type
 */
export function checkCard(where: string, card: ModelCard): void {
  checkOptions(where, card, ['description', 'licence', 'data', 'training']);
  const { description, licence, data, training } = card;
  checkText(where, 'card.description', description);
  checkText(where, 'card.licence', licence);
  checkJson(where, 'card.data', data);
  if (training === undefined) return;
  checkOptions(where, training, ['rows', 'seed', 'date', 'heldOut']);
  checkCount(where, 'card.training.rows', training.rows);
  checkCount(where, 'card.training.seed', training.seed);
  checkText(where, 'card.training.date', training.date);
  if (training.date !== undefined && Number.isNaN(Date.parse(training.date))) {
    const expected = 'to be a date of ISO 8601';
    throw new ArgumentError({
      where,
      argument: 'card.training.date',
      expected,
      actual: `"${training.date}"`,
    });
  }
  if (training.heldOut === undefined) return;
  checkOptions(where, training.heldOut, ['nats', 'standardError', 'rows', 'kind']);
  const { nats, standardError, rows, kind } = training.heldOut;
  checkNumber(where, 'card.training.heldOut.nats', nats);
  checkCount(where, 'card.training.heldOut.standardError', standardError);
  checkCount(where, 'card.training.heldOut.rows', rows);
  checkText(where, 'card.training.heldOut.kind', kind);
}

function checkText(where: string, argument: string, value: unknown): void {
  checkThat(where, argument, value === undefined || typeof value === 'string', {
    expected: 'to be text',
    actual: show(value),
  });
}

function checkCount(where: string, argument: string, value: unknown): void {
  if (value !== undefined) checkNumber(where, argument, value);
}

/** What JSON would change or leave out in silence is refused: NaN, dates, class instances. */
function checkJson(where: string, argument: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean')
    return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  const prototype: unknown = typeof value === 'object' && Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
    for (const [name, item] of Object.entries(value as object)) checkJson(where, `${argument}.${name}`, item);
    return;
  }
  throw new ArgumentError({ where, argument, expected: 'to be JSON', actual: show(value) });
}
