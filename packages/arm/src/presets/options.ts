import {
  checkInteger,
  checkKey,
  checkMethods,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSizes,
  checkThat,
  disposeOnThrow,
} from '@dgm/core';
import type { DistributionHead, Key, Shape } from '@dgm/core';
import { numVariablesOf } from '../model/check-fit';
import { checkOrder, type Order } from '../model/order';
import { record } from '../record';
import { VALUE_ENCODINGS, type ValueEncodingName } from '../networks/value-encoding';

/** What the factories of autoregressive models have in common. */
export interface ArmOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * The family of $p(x_d | x_{<d})$: a head over one variable, for example `categoricalHead({ shape: [], levels: 17 })`; or over
   * the channels of a pixel, `logisticPixelMixtureHead({ shape: [3], levels: 256, components: 10 })`, which go together then.
   */
  readonly likelihood: DistributionHead;
  /** How the network sees the values: by default up to 128 values `one-hot`, more of them `scaled`, real ones `raw`. */
  readonly encoding?: ValueEncodingName;
  /**
   * The width of the contexts that examples are conditioned on (a one-hot class, a latent vector).
   * @defaultValue 0
   */
  readonly contextSize?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/** The same, for models that can take the variables in any order. */
export interface OrderedArmOptions extends ArmOptions {
  /** In which order the variables come, by default row by row. */
  readonly order?: Order;
}

type Check = (where: string, name: string, value: unknown) => void;

/** How each option of a factory besides the common ones is checked. */
export type OwnOptions<O> = Readonly<Record<Exclude<keyof O & string, keyof OrderedArmOptions>, Check>>;

interface Factory<O, M> {
  readonly name: string;
  readonly own: OwnOptions<O>;
  /** Whether the variables may come in any order. */
  readonly ordered: boolean;
  readonly build: (options: O) => M;
}

/**
 * Checks the options of a factory, and makes its model. What was made before an error is freed.
 * @throws ArgumentError naming the factory and the option that is unknown, missing or out of its range
 */
export function makeArm<O extends ArmOptions, M extends object>(
  options: O,
  { name: where, own, ordered, build }: Factory<O, M>,
): M {
  const common = ['shape', 'likelihood', 'encoding', 'contextSize', 'key', ...(ordered ? ['order'] : [])];
  checkOptions(where, options, [...common, ...Object.keys(own)]);
  const { shape, likelihood, encoding, contextSize = 0, key, order } = options as O & OrderedArmOptions;
  checkSizes(where, 'shape', shape);
  checkMethods(where, 'likelihood', likelihood, {
    methods: ['distribution'],
    expected: 'to be a distribution head such as categoricalHead({ shape: [], levels: 17 })',
  });
  if (encoding !== undefined) checkOneOf(where, 'encoding', encoding, VALUE_ENCODINGS);
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
  checkKey(where, key);
  if (order !== undefined) checkOrder(where, order, numVariablesOf(shape, likelihood));
  for (const [option, check] of Object.entries<Check>(own)) {
    check(where, option, (options as unknown as Record<string, unknown>)[option]);
  }
  return record(
    disposeOnThrow(() => build(options)),
    where,
    [options],
  );
}

/** A positive integer. */
export const count: Check = (where, name, value) => checkInteger(where, name, value);

/** A list of positive integers, with at least one. */
export const counts: Check = (where, name, value) => {
  checkSizes(where, name, value);
  checkThat(where, name, value.length > 0, { expected: 'to have at least one entry', actual: 'none' });
};

/** A share in [0, 1). */
export const share: Check = (where, name, value) => checkNumber(where, name, value, { min: 0, below: 1 });

/** One of some names. */
export const oneOf =
  (...names: readonly string[]): Check =>
  (where, name, value) =>
    checkOneOf(where, name, value, names);

/** An option that may be left out. */
export const optional =
  (check: Check): Check =>
  (where, name, value) => {
    if (value !== undefined) check(where, name, value);
  };

/** Checked by what takes it. */
export const anything: Check = () => undefined;
