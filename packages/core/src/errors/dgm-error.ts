/** What kind of thing went wrong; the last part of an error's marker. */
export type DgmErrorCode =
  'shape' | 'argument' | 'domain' | 'numerical' | 'state' | 'unsupported' | 'engine' | 'serialization';

/** What an error says: the parts of its message, which are also its fields. */
export interface DgmErrorDetails {
  /** Who complains: `Type.method` or `function`. */
  readonly where: string;
  /** Which argument, option, leaf or term is meant. */
  readonly argument?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** What the reader can do about it: an imperative clause, without a full stop. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

const PAGES = 'https://dgm-js.github.io/dgm/errors/';

const marker = (code: DgmErrorCode): symbol => Symbol.for(`dgm.error.${code}`);

/**
 * The base of every error that the dgm packages throw on purpose.
 *
 * Recognise one by {@link DgmError.is}, not by `instanceof`: an application may hold two copies of a package (ESM and
 * CJS, or two versions), and the global symbol marker survives that.
 */
export abstract class DgmError extends Error {
  readonly code: DgmErrorCode;
  readonly argument: string | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  /** The page with the usual causes of errors of this kind. Node prints it below the message. */
  readonly docs: string;

  constructor(code: DgmErrorCode, details: DgmErrorDetails) {
    super(composeMessage(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.argument = details.argument;
    this.expected = details.expected;
    this.actual = details.actual;
    this.docs = `${PAGES}${code}`;
    this.name = `${code[0]!.toUpperCase()}${code.slice(1)}Error`;
    Object.defineProperty(this, marker(code), { value: true });
  }

  /** Whether `value` is an error of this project, of the given kind if one is given. */
  static is(value: unknown, code?: DgmErrorCode): value is DgmError {
    if (typeof value !== 'object' || value === null) return false;
    const own = (value as { code?: DgmErrorCode }).code;
    return own !== undefined && (code ?? own) === own && marker(own) in value;
  }
}

/** `<where>: expected <argument> <expected>, got <actual>; <remedy>`, leaving out what is not known. */
function composeMessage({ where, argument, expected, actual, remedy }: DgmErrorDetails): string {
  const subject = argument === undefined ? '' : `${argument} `;
  const wanted = expected === undefined ? subject.trim() : `expected ${subject}${expected}`;
  const got = actual === undefined ? '' : `${wanted === '' ? '' : ', '}got ${actual}`;
  const way = remedy === undefined ? '' : `; ${remedy}`;
  return `${where}: ${wanted}${got}${way}`;
}

/** A tensor, or a list of sizes, of the wrong shape. */
export class ShapeError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('shape', details);
  }
}

/** An option or argument that is missing, of the wrong type or out of its range. */
export class ArgumentError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('argument', details);
  }
}

/** Values outside of a support: pixels out of range, NaN in data. */
export class DomainError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('domain', details);
  }
}

/** A computation that left the finite numbers: a diverging loss, an iteration that did not converge. */
export class NumericalError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('numerical', details);
  }
}

/** A call at the wrong time: after `dispose()`, before initialization. */
export class StateError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('state', details);
  }
}

/** An operation that this object cannot offer; the message names the alternative. */
export class UnsupportedError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('unsupported', details);
  }
}

/** No usable backend, no gradients, a kernel that is missing. */
export class EngineError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('engine', details);
  }
}

/** A file that cannot be read, is damaged, or belongs to something else. */
export class SerializationError extends DgmError {
  constructor(details: DgmErrorDetails) {
    super('serialization', details);
  }
}
