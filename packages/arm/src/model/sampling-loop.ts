import { sameShape } from '@dgm/core';
import type {
  CallOptions,
  ConditionalLoop,
  Key,
  LoopTensors,
  SamplingLoop,
  Shape,
  StateOptions,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isStepNetwork } from './network';
import type { AutoregressiveNetwork } from './network';
import type { Draw } from './sampling';

/** What ancestral sampling works on. */
export interface LoopTask {
  readonly network: AutoregressiveNetwork;
  /** How the network remembers, where each variable takes a step of it; without, each takes a pass of the whole (DGM Listing 2.2). */
  readonly cache?: StateOptions | undefined;
  readonly n: number;
  readonly numVariables: number;
  /** The shape of one variable: `[]`, or `[channels]` for a pixel. */
  readonly variable: Shape;
  readonly draw: Draw;
  /** `context`, where there is one, and `given`: values `[n, ...shape]` of which some are kept. */
  readonly inputs: LoopTensors;
  /** For each variable whether it is given. */
  readonly isKnown?: readonly boolean[];
  /** `[n, ...shape]` to `[n, D, ...variable]` */
  readonly toSequence: (x: Tensor) => Tensor;
  readonly fromSequence: (sequence: Tensor) => Tensor;
}

/** The names of the network's own state within the loop's. */
const NETWORK = 'network/';

/** Ancestral sampling: step d draws variable d, with the step's own key. */
export function ancestralLoop(task: LoopTask): SamplingLoop {
  const { n, numVariables, variable } = task;
  return {
    steps: numVariables - 1,
    inputs: task.inputs,
    start: (inputs, key) =>
      tf.tidy(() => {
        const state = {
          samples: tf.zeros([n, numVariables, ...variable]),
          index: tf.tensor1d([0], 'int32'),
          ...cacheBefore(task, inputs),
        };
        return drawVariable(task, { state, inputs, key, previous: undefined });
      }),
    next: ({ previous, ...state }, inputs, key) =>
      tf.tidy(() => {
        const index = tf.add(state['index']!, tf.scalar(1, 'int32'));
        return drawVariable(task, { state: { ...state, index }, inputs, key, previous });
      }),
    finish: ({ samples }) => tf.tidy(() => task.fromSequence(samples!)),
  };
}

/** What the conditionals of a model are computed from. */
export interface ConditionalTask extends Pick<
  LoopTask,
  'network' | 'cache' | 'n' | 'numVariables' | 'inputs'
> {
  readonly order: readonly number[];
  readonly levels: number;
  /** Parameters `[n, numParameters]` to log-probabilities `[n, levels]`. */
  readonly logProbs: (parameters: Tensor) => Tensor;
}

/** The conditionals of single variables, one after the other, with the variables before them given. */
export function conditionalLoop(task: ConditionalTask): ConditionalLoop {
  const { network, cache, n, numVariables, order, levels, inputs, logProbs } = task;
  const isCached = cache !== undefined && isStepNetwork(network);
  const step = (state: LoopTensors, given: LoopTensors, previous: Tensor | undefined): LoopTensors => {
    const { parameters, cache: remembered } = conditional(task, state, given, previous);
    return { ...(isCached ? remembered : state), logProb: logProbs(parameters) };
  };
  return {
    order,
    levels,
    inputs,
    start: (given) =>
      tf.tidy(() => {
        if (isCached) return step(cacheBefore(task, given), given, undefined);
        const samples = tf.zeros([n, numVariables]);
        return step({ samples, index: tf.tensor1d([0], 'int32') }, given, undefined);
      }),
    next: (state, value, given) =>
      tf.tidy(() => {
        if (isCached) return step(state, given, value);
        const { samples, index } = state as { readonly samples: Tensor; readonly index: Tensor };
        const isHere = tf.equal(tf.range(0, numVariables, 1, 'int32'), index);
        const after = tf.where(tf.expandDims(isHere, 0), tf.expandDims(value, 1), samples);
        return step({ samples: after, index: tf.add(index, tf.scalar(1, 'int32')) }, given, undefined);
      }),
  };
}

/**
 * Whether a network can take one variable at a time with a state that keeps its shapes, which a step that is captured once
 * has to.
 */
export function hasFixedState(network: AutoregressiveNetwork, capacity: number): boolean {
  if (!isStepNetwork(network)) return false;
  return tf.tidy(() => {
    const call = network.contextSize === 0 ? {} : { context: tf.zeros([1, network.contextSize]) };
    const before = network.initialState(1, { ...call, capacity });
    const { state: after } = network.step({ n: 1 }, before, call);
    return Object.entries(before).every(([name, { shape }]) => sameShape(shape, after[name]!.shape));
  });
}

interface DrawOfVariable {
  /** With the index of the variable. */
  readonly state: LoopTensors;
  readonly inputs: LoopTensors;
  readonly key: Key;
  /** The variable before it, for networks that remember; undefined at the first. */
  readonly previous: Tensor | undefined;
}

function drawVariable(task: LoopTask, { state, inputs, key, previous }: DrawOfVariable): LoopTensors {
  const { samples, index } = state as LoopTensors & { readonly samples: Tensor; readonly index: Tensor };
  const { parameters, cache } = conditional(task, state, inputs, previous);
  const value = keepKnown(task, task.draw(parameters, key), inputs, index);
  const isHere = tf.equal(tf.range(0, task.numVariables, 1, 'int32'), index);
  const mask = tf.reshape(isHere, [1, task.numVariables, ...task.variable.map(() => 1)]);
  const next = { samples: tf.where(mask, tf.expandDims(value, 1), samples), index, ...cache };
  return task.cache === undefined ? next : { ...next, previous: value };
}

/** The parameters of the variable at the state's index, and what the network remembers after it. */
function conditional(
  { network, cache, n }: Pick<LoopTask, 'network' | 'cache' | 'n'>,
  state: LoopTensors,
  inputs: LoopTensors,
  previous: Tensor | undefined,
): { readonly parameters: Tensor; readonly cache: LoopTensors } {
  const call = callOf(inputs);
  if (cache === undefined || !isStepNetwork(network)) {
    return { parameters: entryAt(network.conditionals(state['samples']!, call), state['index']!), cache: {} };
  }
  const own = Object.entries(state).filter(([name]) => name.startsWith(NETWORK));
  const before = Object.fromEntries(own.map(([name, tensor]) => [name.slice(NETWORK.length), tensor]));
  const { output, state: after } = network.step({ n, previous }, before, call);
  return { parameters: output, cache: prefixed(after) };
}

function cacheBefore(
  { network, cache, n }: Pick<LoopTask, 'network' | 'cache' | 'n'>,
  inputs: LoopTensors,
): LoopTensors {
  if (cache === undefined || !isStepNetwork(network)) return {};
  return prefixed(network.initialState(n, { ...callOf(inputs), ...cache }));
}

/** The given value where the variable at an index is known, else what was drawn. */
function keepKnown(
  { variable, toSequence, isKnown }: LoopTask,
  drawn: Tensor,
  { given }: LoopTensors,
  index: Tensor,
): Tensor {
  if (isKnown === undefined || given === undefined) return drawn;
  const known = tf.gather(tf.tensor1d(isKnown.map(Number), 'int32'), index);
  const mask = tf.reshape(tf.cast(known, 'bool'), [1, ...variable.map(() => 1)]);
  return tf.where(mask, entryAt(toSequence(given), index), drawn);
}

function callOf({ context }: LoopTensors): CallOptions {
  return context === undefined ? {} : { context };
}

/** `[n, D, ...]` to `[n, ...]` at an index `[1]`. */
function entryAt(sequence: Tensor, index: Tensor): Tensor {
  return tf.squeeze(tf.gather(sequence, index, 1), [1]);
}

function prefixed(state: LoopTensors): LoopTensors {
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`${NETWORK}${name}`, tensor]));
}
