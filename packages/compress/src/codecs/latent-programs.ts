import { Key, sizeOf, UnsupportedError } from '@dgm/core';
import type { Bijector, CallOptions, Distribution, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';

/** A model with latent variables: `Vae` of `@dgm/vae`, for example. */
export interface LatentModel {
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly latentShape: Shape;
  /** $q(z|x)$: independent normal distributions, a flow of them, or a chain of levels of them. */
  encode(x: Tensor): Distribution;
  /** $p(x|z)$: independent entries. */
  decode(z: Tensor): Distribution;
  /** $p(z)$: independent normal distributions, or a chain of levels of them. */
  prior(): Distribution;
}

/** The programs of a model: of its posterior, in units of the prior, and `decode`, of its likelihood. */
export function latentPrograms(model: LatentModel): Readonly<Record<string, Program>> {
  const chain = chainOf(model);
  if (chain?.goesUp) return tracedUpwards(model, chain);
  const posterior = chain
    ? tracedChain(model, chain)
    : hasFlow(model)
      ? tracedFlow(model)
      : tracedNormal(model);
  const decode = traceProgram(
    ({ z }) => likelihoodOf(model, chain ? latentsOf(model, chain, z!) : scaledByPrior(model, z!)),
    { z: { shape: [sizeOf(model.latentShape)] } },
  );
  return { ...posterior, decode };
}

/** Log-probabilities of all values of each entry, `[entries, levels]`, given latent variables `[1, ...latent]`. */
function likelihoodOf(model: LatentModel, z: Tensor): { readonly logProb: Tensor } {
  const { eventShape } = model;
  const levels = model.levels!;
  const entries = entriesOf('the likelihood', model.decode(z));
  const values = tf.reshape(tf.range(0, levels), [levels, 1, ...eventShape.map(() => 1)]);
  return { logProb: tf.transpose(tf.reshape(entries.logProb(values), [levels, sizeOf(eventShape)])) };
}

/** Latent variables in units of the prior, `[1, ...latent]`, as the likelihood takes them. */
function scaledByPrior(model: LatentModel, e: Tensor): Tensor {
  const prior = normalOf('the prior', model.prior());
  return tf.add(tf.mul(tf.reshape(e, [1, ...model.latentShape]), prior.std), prior.mean);
}

/** The posterior in units of the prior, whose bins are then those of the standard normal distribution. */
function tracedNormal(model: LatentModel): Readonly<Record<string, Program>> {
  const encode = traceProgram(
    ({ x }) => {
      const prior = normalOf('the prior', model.prior());
      const posterior = normalOf('the posterior', model.encode(x!));
      return {
        mean: tf.div(tf.sub(posterior.mean, prior.mean), prior.std),
        std: tf.div(posterior.std, prior.std),
      };
    },
    { x: { shape: [1, ...model.eventShape] } },
  );
  return { encode };
}

/** A flow's map of standard normal noise to latent variables in units of the prior, and its inverse. */
function tracedFlow(model: LatentModel): Readonly<Record<string, Program>> {
  const { eventShape, latentShape } = model;
  const size = sizeOf(latentShape);
  const rows = 2 * size + 1;
  const forward = traceProgram(
    ({ x, e }) => {
      const prior = normalOf('the prior', model.prior());
      const many = tf.tile(x!, [rows, ...eventShape.map(() => 1)]);
      const { base, bijector, call } = flowOf(model.encode(many))!;
      const start = normalOf('the base of the posterior', base);
      const noise = tf.reshape(e!, [rows, ...latentShape]);
      const { y } = bijector.forwardAndLogDet(tf.add(start.mean, tf.mul(start.std, noise)), call);
      return { z: tf.reshape(tf.div(tf.sub(y, prior.mean), prior.std), [rows, size]) };
    },
    { x: { shape: [1, ...eventShape] }, e: { shape: [rows, size] } },
  );
  const inverse = traceProgram(
    ({ x, z }) => {
      const prior = normalOf('the prior', model.prior());
      const { base, bijector, call } = flowOf(model.encode(x!))!;
      const start = normalOf('the base of the posterior', base);
      const y = tf.add(prior.mean, tf.mul(prior.std, tf.reshape(z!, [1, ...latentShape])));
      const noise = bijector.inverseAndLogDet(y, call).z;
      return { e: tf.reshape(tf.div(tf.sub(noise, start.mean), start.std), [1, size]) };
    },
    { x: { shape: [1, ...eventShape] }, z: { shape: [1, size] } },
  );
  return { forward, inverse };
}

/** The levels of a hierarchy. */
interface Chain {
  /** The number of variables of each level, z_1 first. */
  readonly sizes: readonly number[];
  /** The levels, counted from 0, in the order in which the prior draws them. */
  readonly order: readonly number[];
  /** Whether the posterior draws them in the reverse order. */
  readonly goesUp: boolean;
}

interface ChainOfNormals extends Distribution {
  readonly sizes: readonly number[];
  readonly order: readonly number[];
  /** The distribution of a level given those drawn before it. */
  factor(level: number, drawn: readonly (Tensor | undefined)[]): Distribution;
}

function asChain(distribution: Distribution): ChainOfNormals | undefined {
  const { kind } = distribution as Partial<{ kind: string }>;
  return kind === 'LevelChain' ? (distribution as ChainOfNormals) : undefined;
}

/**
 * The levels of a hierarchy; undefined for a model without levels.
 * @throws UnsupportedError for one whose posterior draws levels neither in the order of the prior nor in the reverse
 */
function chainOf(model: LatentModel): Chain | undefined {
  let found: Chain | undefined;
  tf.tidy(() => {
    const prior = asChain(model.prior());
    const posterior = asChain(model.encode(tf.zeros([1, ...model.eventShape])));
    if (prior === undefined || posterior === undefined) return;
    const { sizes, order } = prior;
    const isSame = (other: readonly number[]): boolean => other.every((level, at) => level === order[at]);
    const goesUp = !isSame(posterior.order);
    if (goesUp && !isSame([...posterior.order].reverse())) {
      throw unsupported('the posterior', 'to go down as the prior does, or up', posterior.order.join());
    }
    found = { sizes, order, goesUp };
  });
  return found;
}

/** Draws in units of the priors of the levels, in the order in which these are drawn, as latent variables of the levels. */
function drawnLevels(prior: ChainOfNormals, { sizes, order }: Chain, e: Tensor): Tensor[] {
  const drawn: Tensor[] = [];
  let start = 0;
  for (const level of order) {
    const own = normalOf('the prior', prior.factor(level, drawn));
    const part = tf.slice(tf.reshape(e, [1, -1]), [0, start], [1, sizes[level]!]);
    drawn[level] = tf.add(own.mean, tf.mul(own.std, part));
    start += sizes[level]!;
  }
  return drawn;
}

function latentsOf(model: LatentModel, chain: Chain, e: Tensor): Tensor {
  return tf.concat(drawnLevels(asChain(model.prior())!, chain, e), -1);
}

/** The posterior of each level in units of its prior, given draws of the levels above. */
function tracedChain(model: LatentModel, chain: Chain): Readonly<Record<string, Program>> {
  const programs = chain.order.map((level, at) => {
    const program = traceProgram(
      ({ x, e }) => {
        const [prior, q] = [asChain(model.prior())!, asChain(model.encode(x!))!];
        const all = drawnLevels(prior, chain, e!);
        const above: Tensor[] = [];
        for (const other of chain.order.slice(0, at)) above[other] = all[other]!;
        const own = normalOf('the prior', prior.factor(level, above));
        const posterior = normalOf('the posterior', q.factor(level, above));
        return {
          mean: tf.div(tf.sub(posterior.mean, own.mean), own.std),
          std: tf.div(posterior.std, own.std),
        };
      },
      { x: { shape: [1, ...model.eventShape] }, e: { shape: [sizeOf(model.latentShape)] } },
    );
    return [levelProgram(at), program] as const;
  });
  return Object.fromEntries(programs);
}

/** The name of the program of a level, by its place in the order in which they are drawn. */
const levelProgram = (at: number): string => `encode/${at}`;

/** The programs of the levels; none for a model without levels. */
export function levelPrograms(programs: Readonly<Record<string, Program>>): readonly Program[] {
  const found: Program[] = [];
  while (programs[levelProgram(found.length)] !== undefined) {
    found.push(programs[levelProgram(found.length)]!);
  }
  return found;
}

interface FlowOfNormals extends Distribution {
  readonly base: Distribution;
  readonly bijector: Bijector;
  readonly call: CallOptions;
}

/** The distribution as a flow; undefined if it is none. */
function flowOf(distribution: Distribution): FlowOfNormals | undefined {
  const { kind, base, bijector } = distribution as Partial<FlowOfNormals>;
  const isFlow = kind === 'Transformed' && base !== undefined && bijector !== undefined;
  return isFlow ? (distribution as FlowOfNormals) : undefined;
}

/** Whether the posterior is a flow. */
export function hasFlow(model: LatentModel): boolean {
  return tf.tidy(() => flowOf(model.encode(tf.zeros([1, ...model.eventShape]))) !== undefined);
}

/** The distribution of each entry. */
function entriesOf(argument: string, distribution: Distribution): Distribution {
  const { kind, base } = distribution as Partial<{ kind: string; base: Distribution }>;
  if (kind === 'Independent' && base?.eventShape.length === 0) return base;
  throw unsupported(argument, 'to have independent entries', kind ?? 'another distribution');
}

function normalOf(
  argument: string,
  distribution: Distribution,
): { readonly mean: Tensor; readonly std: Tensor } {
  const { kind } = entriesOf(argument, distribution) as Partial<{ kind: string }>;
  const { mean, variance } = distribution;
  if (kind === 'Normal' && mean !== undefined && variance !== undefined) {
    return { mean: mean.call(distribution), std: tf.sqrt(variance.call(distribution)) };
  }
  throw unsupported(argument, 'to be of independent normal distributions', kind ?? 'others');
}

export function unsupported(argument: string, expected: string, actual: string): UnsupportedError {
  return new UnsupportedError({ where: 'bitsBackCodec', argument, expected, actual });
}

/** Whether the programs of levels describe so many latent variables. */
export function isChain(levels: readonly Program[], numLatents: number): boolean {
  const means = levels.map((level) => level.sizeOf('mean'));
  return (
    means.reduce<number>((sum, size) => sum + (size ?? NaN), 0) === numLatents &&
    levels.every((level, at) => level.sizeOf('std') === means[at])
  );
}

/** The programs of a hierarchy whose posterior goes up, z_1 first. */
export interface UpwardsPrograms {
  /** Of q(z_l | z_{l-1}), and of q(z_1 | x): from `below` to `mean` and `std`. */
  readonly up: readonly Program[];
  /** Of p(z_l | z_{l+1}), without the top level: from `above` to `mean` and `std`. */
  readonly down: readonly Program[];
}

/** The names of the programs of a hierarchy whose posterior goes up: of q(z_l | z_{l-1}), and of p(z_l | z_{l+1}). */
const upProgram = (level: number): string => `up/${level}`;
const downProgram = (level: number): string => `down/${level}`;

/** The programs of q(z_l | z_{l-1}) and p(z_l | z_{l+1}), z_1 first; none for a model whose posterior does not go up. */
export function upwardsPrograms(programs: Readonly<Record<string, Program>>): UpwardsPrograms {
  const list = (nameOf: (level: number) => string): readonly Program[] => {
    const found: Program[] = [];
    while (programs[nameOf(found.length)] !== undefined) found.push(programs[nameOf(found.length)]!);
    return found;
  };
  return { up: list(upProgram), down: list(downProgram) };
}

/** Whether such programs describe so many latent variables. */
export function areUpwards({ up, down }: UpwardsPrograms, numLatents: number): boolean {
  return (
    isChain(up, numLatents) &&
    down.length === up.length - 1 &&
    down.every((program, level) =>
      ['mean', 'std'].every((output) => program.sizeOf(output) === up[level]!.sizeOf(output)),
    )
  );
}

/** How many draws of the prior say where the variables of a level lie. */
const DRAWS = 4096;
/** How much wider than the prior's draws a level's bins are laid, for posteriors that the prior does not cover. */
const WIDENING = 2;

/** The normal distribution of each variable of a level whose bins it is coded by. */
interface Reference {
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/** Where the variables of each level lie: the top level by its prior, which its bins then have equal mass under, others by draws. */
function referencesOf(model: LatentModel, sizes: readonly number[]): readonly Reference[] {
  const arrayOf = (tensor: Tensor): Float32Array => tensor.dataSync<'float32'>().slice();
  return tf.tidy(() => {
    const prior = asChain(model.prior())!;
    const draws = tf.split(prior.sample(Key.of(0), [DRAWS]), [...sizes], -1);
    return sizes.map((size, level) => {
      if (level === sizes.length - 1) {
        const { mean, std } = normalOf('the prior', prior.factor(level, []));
        return { mean: arrayOf(tf.add(mean, tf.zeros([size]))), std: arrayOf(tf.add(std, tf.zeros([size]))) };
      }
      const { mean, variance } = tf.moments(draws[level]!, 0);
      return { mean: arrayOf(mean), std: arrayOf(tf.mul(WIDENING, tf.sqrt(tf.add(variance, 1e-12)))) };
    });
  });
}

/**
 * The programs of a hierarchy whose posterior goes up and whose prior comes down, each level by its neighbour alone: each is in
 * units of the references of its levels.
 * @throws UnsupportedError where a level or x depends on others than its neighbour
 */
function tracedUpwards(model: LatentModel, { sizes }: Chain): Readonly<Record<string, Program>> {
  const references = referencesOf(model, sizes);
  const tensors = (level: number) => {
    const { mean, std } = references[level]!;
    return { mean: tf.tensor2d(mean, [1, mean.length]), std: tf.tensor2d(std, [1, std.length]) };
  };
  const inputOf = (level: number): string => (level < 0 ? 'x' : `z${level}`);
  const specs = Object.fromEntries([
    ['x', { shape: [1, ...model.eventShape] }],
    ...sizes.map((size, level) => [inputOf(level), { shape: [1, size] }] as const),
  ]);
  const levelsOf = (given: Readonly<Record<string, Tensor>>): Tensor[] =>
    sizes.map((_, level) => {
      const { mean, std } = tensors(level);
      return tf.add(mean, tf.mul(std, given[inputOf(level)]!));
    });
  const inUnits = (argument: string, factor: Distribution, level: number) => {
    const [own, { mean, std }] = [normalOf(argument, factor), tensors(level)];
    return { mean: tf.div(tf.sub(own.mean, mean), std), std: tf.div(own.std, std) };
  };
  const up = sizes.map((_, level) => {
    const program = traceProgram((given) => {
      const posterior = asChain(model.encode(given['x']!))!;
      return inUnits('the posterior', posterior.factor(level, levelsOf(given)), level);
    }, specs);
    return [upProgram(level), reading(program, inputOf(level - 1), 'below')] as const;
  });
  const down = sizes.slice(1).map((_, level) => {
    const program = traceProgram((given) => {
      return inUnits('the prior', asChain(model.prior())!.factor(level, levelsOf(given)), level);
    }, specs);
    return [downProgram(level), reading(program, inputOf(level + 1), 'above')] as const;
  });
  // The decoder is given all levels in one vector: those that it does not look at may have any value.
  const decodeWith = (others: number): Program =>
    traceProgram(
      ({ z }) => {
        const levels = sizes.map((size, level) => (level === 0 ? z! : tf.fill([1, size], others)));
        const given = Object.fromEntries(levels.map((value, level) => [inputOf(level), value]));
        return likelihoodOf(model, tf.concat(levelsOf(given), -1));
      },
      { z: { shape: [1, sizes[0]!] } },
    );
  const { logProb } = decodeWith(NaN).run({ z: new Float64Array(sizes[0]!) });
  if (logProb!.some(Number.isNaN)) {
    throw unsupported('x', 'to depend on z_1 alone', 'one that depends on levels above');
  }
  return { ...Object.fromEntries([...up, ...down]), decode: decodeWith(0) };
}

/**
 * A program with one of its inputs, under a new name.
 * @throws UnsupportedError if it reads another
 */
function reading({ parts }: Program, input: string, name: string): Program {
  const read = new Set(parts.instructions.flatMap(({ inputs }) => inputs));
  for (const [other, value] of Object.entries(parts.inputs)) {
    if (other === input || !read.has(value)) continue;
    throw unsupported('each level', 'to depend on its neighbour alone', `one that depends on ${other}`);
  }
  return new Program({ ...parts, inputs: { [name]: parts.inputs[input]! } });
}
