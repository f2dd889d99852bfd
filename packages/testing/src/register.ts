import { describe, it } from 'vitest';
import { assertions, ensure } from './assert';

/** A statement about a case, as a function that throws when the case breaks it. */
export interface Check<Case> {
  (the: Case): void | Promise<void>;
  /** Whether the statement says anything about a case. @defaultValue about every one */
  readonly applies?: (the: Case) => boolean;
}

/** Checks by the statement that they show. */
export type Checks<Case> = Readonly<Record<string, Check<Case>>>;

/** Makers of cases by the name of what is tested. */
export type CaseTable<Case> = Readonly<Record<string, () => Case>>;

/** A check of those cases only that fulfil a condition. */
export function when<Case>(applies: (the: Case) => boolean, check: Check<Case>): Check<Case> {
  return Object.assign((the: Case) => check(the), { applies });
}

/** The checks that say something about a case. */
export function applicable<Case>(checks: Checks<Case>, the: Case): [statement: string, Check<Case>][] {
  return Object.entries(checks).filter(([, { applies = () => true }]) => {
    try {
      return applies(the);
    } catch {
      return true; // A case too broken to be asked: the check runs, and its test says why.
    }
  });
}

/** What several checks read of a case, computed at the first of them: the checks of a row share its case. */
export function oncePerCase<Case extends object, Value>(compute: (the: Case) => Value): (the: Case) => Value {
  const known = new WeakMap<Case, { readonly value: Value }>();
  return (the) => {
    const entry = known.get(the) ?? { value: compute(the) };
    known.set(the, entry);
    return entry.value;
  };
}

/** Runs a check and throws if it has compared nothing: a test that cannot fail shows nothing. */
export async function run<Case>(check: Check<Case>, the: Case): Promise<void> {
  const before = assertions();
  await check(the);
  ensure(assertions() > before, 'the check has compared nothing; say by `when` that it does not apply');
}

/** Registers one suite per row of the table, with one test per check that applies. */
export function describeTable<Case>(table: CaseTable<Case>, checks: Checks<Case>): void {
  for (const [name, makeCase] of Object.entries(table)) {
    describe(name, () => {
      const the = makeCase();
      for (const [statement, check] of applicable(checks, the)) it(statement, () => run(check, the));
    });
  }
}
