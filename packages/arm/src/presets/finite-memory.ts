import { ActivationLayer, mlp } from '@dgm/core';
import type { Activation } from '@dgm/core';
import { CausalConv1d } from '../layers/causal-conv1d';
import { CausalStack } from '../layers/causal-stack';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { anything, count, counts, makeArm, optional } from './options';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface FiniteMemoryOptions extends OrderedArmOptions {
  /** How many variables back a conditional sees. */
  readonly memory: number;
  /**
   * Units of each hidden layer.
   * @defaultValue [128]
   */
  readonly hidden?: readonly [number, ...number[]];
  /** @defaultValue 'relu' */
  readonly activation?: Activation;
}

/**
 * One MLP for all conditionals, $p(x_d | x_{d-1}, \dots, x_{d-k})$, which sees the last k values and zeros before the
 * start. Its first layer slides along the sequence: a causal convolution.
 * @see DGM §2.2.1, Eq. 2.5-2.6
 *
 * @example
 * ```ts
 * const model = finiteMemory({ shape: [64], likelihood: categoricalHead({ shape: [], levels: 17 }), memory: 8, hidden: [64], key });
 * ```
 */
export function finiteMemory(options: FiniteMemoryOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'finiteMemory',
    ordered: true,
    own: { memory: count, hidden: optional(counts), activation: anything },
    build,
  });
}

function build({
  memory,
  hidden = [128],
  activation = 'relu',
  ...options
}: FiniteMemoryOptions): AutoregressiveModel {
  return sequenceModel(options, ({ inputs, outputs }) => {
    const first = { inputs, outputs: hidden[0], kernelSize: memory, key: options.key.fold('window') };
    return new CausalStack([
      new CausalConv1d(first),
      new ActivationLayer(activation),
      mlp([...hidden, outputs], { key: options.key.fold('mlp'), activation }),
    ]);
  });
}
