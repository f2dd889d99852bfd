import * as v from 'valibot';
import type { Machine } from '../results/machine';

/** What `--json` writes for each claim. */
export interface Outcome {
  readonly name: string;
  /** Null where it was not measured. */
  readonly value: number | null;
  readonly standardError: number | null;
  /** `<= 82`. */
  readonly bound: string;
  /** Whether the value is within the bound; null where it was not measured. */
  readonly holds: boolean | null;
  readonly seeds: readonly number[];
  readonly seconds: number;
  /** Why it was not measured. */
  readonly skipped?: string;
}

/** The last value of a claim, as it is committed. */
export interface CommittedClaim extends Outcome {
  readonly unit: string;
  readonly machine: Pick<Machine, 'cpu' | 'cores' | 'node'>;
  /** The day of the measurement, `2026-11-29`. */
  readonly date: string;
  /** What was measured; a tree with changes ends in `+`. */
  readonly commit: string;
}

/** `results/claims.json`. */
export interface CommittedClaims {
  readonly schema: 1;
  readonly claims: readonly CommittedClaim[];
}

export const committedClaimsSchema: v.GenericSchema<unknown, CommittedClaims> = v.object({
  schema: v.literal(1),
  claims: v.array(
    v.object({
      name: v.string(),
      value: v.nullable(v.number()),
      standardError: v.nullable(v.number()),
      bound: v.string(),
      holds: v.nullable(v.boolean()),
      seeds: v.array(v.pipe(v.number(), v.safeInteger())),
      seconds: v.number(),
      skipped: v.exactOptional(v.string()),
      unit: v.string(),
      machine: v.object({ cpu: v.string(), cores: v.number(), node: v.string() }),
      date: v.string(),
      commit: v.string(),
    }),
  ),
});
