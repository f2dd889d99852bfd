import type { Dataset } from '@dgm/core';
import type { TextTable } from '@dgm/data';
import type { StartedEngine } from '../engine/engine';
import type { Comparison } from '../results/comparison';
import type { Recipe } from '../recipes/shared/recipe';

/** A figure that a README or the site states, and how it is measured again. */
export interface Claim {
  /** Family, data and quantity: `flows.digits.idf`. */
  readonly name: string;
  /** What is measured, in one line. */
  readonly what: string;
  readonly unit: string;
  readonly bound: Bound;
  readonly seeds: readonly number[];
  /** About how long it takes on two cores. */
  readonly minutes: number;
  /** What it cannot be measured without, besides this repository. */
  readonly requires?: {
    /** A data set, by the name of `--dataset`. */
    readonly dataset?: string;
    /** A table of text, in the folder of data. */
    readonly table?: string;
    readonly pytorch?: boolean;
  };
  /** Why it cannot be measured on this machine, for any other reason; undefined where it can. */
  unavailable?(): Promise<string | undefined>;
  /** Why the bound is not reached yet. The value is committed all the same, and marked as missed. */
  readonly missed?: string;
  measure(context: ClaimContext): Promise<Measured>;
}

/** What the value may be: at most so much, or at least. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

export interface Measured {
  readonly value: number;
  /** Of the value, over seeds or draws; null where it is not known. */
  readonly standardError: number | null;
}

/** What claims are measured with. */
export interface ClaimContext {
  readonly seeds: readonly number[];
  readonly engine: StartedEngine;
  /** Where times are taken from, of models that it has measured. */
  readonly comparison?: Comparison;
  /** Where trained models are kept, for claims that are measured later. */
  readonly modelsFolder?: string;
  dataset(name: string): Promise<Dataset>;
  /** A table of text. */
  table(name: string): Promise<TextTable>;
  /** @throws ArgumentError if there is none of that name */
  recipe(name: string): Promise<Recipe>;
}

/** `<= 82`. */
export const formatBound = (bound: Bound): string =>
  'atMost' in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`;

export const isWithin = (value: number, bound: Bound): boolean =>
  'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
