import { describe, it } from 'vitest';

/** A statement about a case, as a function that throws when the case breaks it. */
export type Check<Case> = (the: Case) => void | Promise<void>;

/** Checks by the statement that they show. */
export type Checks<Case> = Readonly<Record<string, Check<Case>>>;

/** Makers of cases by the name of what is tested. */
export type CaseTable<Case> = Readonly<Record<string, () => Case>>;

/** Registers one suite per row of the table, with one test per check. */
export function describeTable<Case>(table: CaseTable<Case>, checks: Checks<Case>): void {
  for (const [name, makeCase] of Object.entries(table)) {
    describe(name, () => {
      for (const [statement, check] of Object.entries(checks)) it(statement, () => check(makeCase()));
    });
  }
}
