import type { CategorySchema } from '@dgm/data';

export interface LevelOptions {
  /** How many levels are kept: the most frequent ones. */
  readonly maxLevels: number;
  /** Levels of fewer training rows than this are not kept, so that no model file names them. */
  readonly protect: number;
}

/** The state of a {@link CategoryCodec}, as JSON keeps it. */
export interface CategoryCodecState {
  readonly kind: 'category';
  /** The levels of the schema that are kept, by their indices there. */
  readonly kept: readonly number[];
  readonly hasMissing: boolean;
  readonly hasOther: boolean;
}

/** A column of categories. Its indices are the kept levels, one for all others, and one for a missing value. */
export class CategoryCodec {
  readonly kind = 'category';
  readonly #index: ReadonlyMap<number, number>;

  private constructor(
    readonly schema: CategorySchema,
    readonly state: CategoryCodecState,
  ) {
    this.#index = new Map(state.kept.map((level, index) => [level, index]));
  }

  static fromState(schema: CategorySchema, state: CategoryCodecState): CategoryCodec {
    return new CategoryCodec(schema, state);
  }

  /**
   * The codec of some training values.
   * @param values - indices of levels of the schema, -1 for no level, NaN where missing
   */
  static of(
    schema: CategorySchema,
    values: Float64Array,
    { maxLevels, protect }: LevelOptions,
  ): CategoryCodec {
    const counts = new Float64Array(schema.levels.length);
    for (const value of values) if (value >= 0) counts[value]!++;
    const frequent = [...counts.keys()]
      .filter((level) => counts[level]! >= Math.max(protect, 1))
      .sort((a, b) => counts[b]! - counts[a]! || a - b)
      .slice(0, maxLevels)
      .sort((a, b) => a - b);
    const kept = new Set(frequent);
    return new CategoryCodec(schema, {
      kind: 'category',
      kept: frequent,
      hasMissing: values.some((value) => Number.isNaN(value)),
      hasOther: values.some((value) => !Number.isNaN(value) && !kept.has(value)),
    });
  }

  /** The number of kept levels: the index of all other levels. */
  get levels(): number {
    return this.state.kept.length;
  }

  get hasMissing(): boolean {
    return this.state.hasMissing;
  }

  get indices(): number {
    return this.levels + 2;
  }

  /** The index of a value. */
  index(value: number): number {
    return Number.isNaN(value) ? this.levels + 1 : (this.#index.get(value) ?? this.levels);
  }

  /** The value of an index: a level of the schema, -1 for all other levels, NaN for missing. */
  value(index: number): number {
    return index < this.levels ? this.state.kept[index]! : index === this.levels ? -1 : NaN;
  }
}
