import { Key, sizeOf, UnsupportedError } from '@dgm/core';
import type { Bijector, CallOptions, Distribution, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** An invertible map of integers with a base over all integers: `Flow` of `@dgm/flows`, for example. */
export interface IntegerFlowModel {
  readonly eventShape: Shape;
  /** Infinity: the map and its base are defined on all integers. */
  readonly levels: number | undefined;
  readonly contextSize: number;
  /** The latents of data, `[n, ...latent]`. */
  encode(x: Tensor): Tensor;
  /** The data of latents, `[n, ...event]`. */
  decode(z: Tensor): Tensor;
  /** $p(x)$, as a transformed base. */
  given(): Distribution & { readonly base: Distribution };
}

/** A base $\pi(z_a)\, \pi(z_b | z_a)$: `factorOut` of `@dgm/flows`. */
interface FactoredBase extends Distribution {
  readonly kept: Distribution;
  dropped(zA: Tensor): Distribution;
  readonly keptShape: Shape;
  readonly droppedShape: Shape;
}

function asFactored(base: Distribution): FactoredBase | undefined {
  return (base as Partial<{ kind: string }>).kind === 'Factored' ? (base as FactoredBase) : undefined;
}

interface IntegerMap {
  forward(z: Tensor): Tensor;
  inverse(y: Tensor): Tensor;
  readonly base: Distribution;
}

/** The flow of a kept part, or no map where that has none. */
export function mapOf(kept: Distribution): IntegerMap {
  const { kind, base, bijector, call } = kept as Partial<{
    kind: string;
    base: Distribution;
    bijector: Bijector;
    call: CallOptions;
  }>;
  if (kind !== 'Transformed' || base === undefined || bijector === undefined) {
    return { forward: (z) => z, inverse: (y) => y, base: kept };
  }
  return {
    forward: (z) => bijector.forwardAndLogDet(z, call).y,
    inverse: (y) => bijector.inverseAndLogDet(y, call).z,
    base,
  };
}

/** What the scales factor out, the outermost first; none for a flow of one scale. */
export function factoredOf(model: IntegerFlowModel): readonly FactoredBase[] {
  const found: FactoredBase[] = [];
  let base = asFactored(model.given().base);
  while (base !== undefined) {
    found.push(base);
    base = asFactored(mapOf(base.kept).base);
  }
  return found;
}

/** Scales are counted from 1 for the innermost that factors out, in the order in which they are decoded. */
export const droppedOutput = (scale: number): string => `dropped/${scale}`;

/** The latents of the innermost scale, `z`, and what each scale factored out. */
export function latentsOf(model: IntegerFlowModel, x: Tensor): Readonly<Record<string, Tensor>> {
  const factored = factoredOf(model);
  const latents: Record<string, Tensor> = {};
  let z = model.encode(x);
  factored.forEach(({ kept, keptShape, droppedShape }, index) => {
    const [zA, zB] = tf.split(z, [keptShape.at(-1)!, droppedShape.at(-1)!], -1) as [Tensor, Tensor];
    latents[droppedOutput(factored.length - index)] = zB;
    z = mapOf(kept).inverse(zA);
  });
  return { ...latents, z };
}

export const joined = (kept: Tensor, dropped: Tensor | undefined): Tensor =>
  dropped === undefined ? kept : tf.concat([kept, dropped], -1);

/** The base of the innermost scale. */
export function innermostOf(model: IntegerFlowModel): Distribution {
  const last = factoredOf(model).at(-1);
  return last === undefined ? model.given().base : mapOf(last.kept).base;
}

/** A base of groups of entries that depend on earlier groups: `autoregressiveBase` of `@dgm/flows`. */
interface GroupedBase extends Distribution {
  readonly members: readonly (readonly number[])[];
  conditionals(rows: Tensor, elements?: Tensor): Distribution;
}

export function asGrouped(base: Distribution): GroupedBase | undefined {
  return (base as Partial<{ kind: string }>).kind === 'Grouped' ? (base as GroupedBase) : undefined;
}

/**
 * Log-probabilities of the integers from `-reach` to `reach - 1` for each independent entry, `[rows, entries, 2 * reach]`.
 * @param base - over events of a shape, one for each of some rows
 */
export function entriesLogProb(
  base: Distribution,
  { shape, rows, reach }: { readonly shape: Shape; readonly rows: number; readonly reach: number },
): Tensor {
  const values = tf.reshape(tf.range(-reach, reach), [2 * reach, 1, ...shape.map(() => 1)]);
  const logProb = entriesOf(base).logProb(values);
  return tf.transpose(tf.reshape(logProb, [2 * reach, rows, sizeOf(shape)]), [1, 2, 0]);
}

/** The distribution of each entry. */
function entriesOf(base: Distribution): Distribution {
  const own = base as Partial<{ kind: string; base: Distribution; row: Distribution }>;
  if (own.kind === 'Independent' && own.base?.eventShape.length === 0) return own.base;
  if (own.row !== undefined) return entriesOf(own.row);
  throw unsupported(
    'the base',
    'to have independent entries or be autoregressive',
    own.kind ?? 'another distribution',
  );
}

/** Draws that say how far tables that depend on the example have to reach. */
const DRAWS = 32;

/** The mean probability of what such tables leave out, at draws of the base; 0 where no table depends on the example. */
export function meanOutside(model: IntegerFlowModel, reach: number): number {
  const outsideOf = (base: Distribution, shape: Shape, rows: number): number =>
    1 - tf.mean(tf.sum(tf.exp(entriesLogProb(base, { shape, rows, reach })), -1)).dataSync()[0]!;
  return tf.tidy(() => {
    const outside = factoredOf(model).map((base) => {
      const { keptShape, droppedShape } = base;
      const draws = base.sample(Key.of(0), [DRAWS]);
      const [kept] = tf.split(draws, [keptShape.at(-1)!, droppedShape.at(-1)!], -1);
      return outsideOf(base.dropped(kept!), droppedShape, DRAWS);
    });
    const grouped = asGrouped(innermostOf(model));
    if (grouped !== undefined) {
      const conditionals = grouped.conditionals(grouped.sample(Key.of(0), [DRAWS]));
      outside.push(outsideOf(conditionals, [1], DRAWS * sizeOf(grouped.eventShape)));
    }
    return Math.max(0, ...outside);
  });
}

export function unsupported(argument: string, expected: string, actual: string): UnsupportedError {
  return new UnsupportedError({ where: 'integerFlowCodec', argument, expected, actual });
}
