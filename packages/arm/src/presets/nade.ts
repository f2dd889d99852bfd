import { AutoregressiveModel } from '../model/autoregressive-model';
import { numVariablesOf } from '../model/check-fit';
import { NadeNetwork } from '../networks/nade-network';
import { valueEncoding } from '../networks/value-encoding';
import { count, makeArm } from './options';
import type { OrderedArmOptions } from './options';

export interface NadeOptions extends OrderedArmOptions {
  /** The number of hidden units. */
  readonly hidden: number;
}

/**
 * A restricted Boltzmann machine's mean field, turned into an autoregressive model: one hidden layer per conditional, with
 * weights in common.
 * @see The Neural Autoregressive Distribution Estimator (Larochelle and Murray, 2011), Eq. 9-10
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = nade({ shape: [64], likelihood, hidden: 64, key });
 * ```
 */
export function nade(options: NadeOptions): AutoregressiveModel {
  return makeArm(options, { name: 'nade', ordered: true, own: { hidden: count }, build });
}

function build({ shape, likelihood, encoding, order, ...options }: NadeOptions): AutoregressiveModel {
  const network = new NadeNetwork({
    ...{ numVariables: numVariablesOf(shape, likelihood), numParameters: likelihood.numParameters },
    encoding: valueEncoding(likelihood, encoding),
    ...options,
  });
  return new AutoregressiveModel({ shape, network, likelihood, ...(order && { order }) });
}
