import type { Baselines } from '../baselines/baselines';
import { MODEL_KINDS, type ModelKind } from '../table/row-model';

/** How a model was trained, and how good it is on rows that it has not seen. */
export interface TrainingFacts {
  /** The number of training rows. */
  readonly rows: number;
  readonly heldOutRows: number;
  /** The number of training steps; 0 for trees. */
  readonly steps: number;
  readonly seed: number;
  /** Mean nats of a held-out row, or an upper bound on them, with the standard error of the mean. */
  readonly nats: number;
  readonly standardError: number;
  /** The nats of each column, given those before; of none for a model that scores rows as a whole. */
  readonly columns: Readonly<Record<string, number>>;
  /** The same of simple models of the same rows. */
  readonly baselines: Baselines;
  /** The models that `auto` has chosen from, the best first. */
  readonly candidates?: readonly Candidate[];
}

/** A model that `auto` has trained, and how good it is on the validation rows. */
export interface Candidate {
  readonly model: ModelKind;
  /** Whether `nats` are exact or an upper bound. */
  readonly kind: 'exact' | 'bound';
  /** Mean nats of a validation row, with the standard error of the mean. */
  readonly nats: number;
  readonly standardError: number;
}

/** Whether a value of JSON is that of training facts. */
export function isTrainingFacts(value: unknown): value is TrainingFacts {
  const isRecord = (part: unknown): part is Readonly<Record<string, unknown>> =>
    typeof part === 'object' && part !== null;
  const isNumber = (part: unknown) => typeof part === 'number';
  const isNats = (part: unknown) =>
    isRecord(part) &&
    isNumber(part['nats']) &&
    isRecord(part['columns']) &&
    Object.values(part['columns']).every(isNumber);
  const isCandidates = (part: unknown) =>
    Array.isArray(part) &&
    part.every(
      (one: unknown) =>
        isRecord(one) &&
        MODEL_KINDS.some((kind) => kind === one['model']) &&
        (one['kind'] === 'exact' || one['kind'] === 'bound') &&
        isNumber(one['nats']) &&
        isNumber(one['standardError']),
    );
  return (
    isNats(value) &&
    isRecord(value) &&
    ['rows', 'heldOutRows', 'steps', 'seed', 'standardError'].every((name) => isNumber(value[name])) &&
    isRecord(value['baselines']) &&
    isNats(value['baselines']['independent']) &&
    isNats(value['baselines']['trees']) &&
    (value['candidates'] === undefined || isCandidates(value['candidates']))
  );
}
