import type { Activation } from '@dgm/core';
import { AutoregressiveModel } from '../model/autoregressive-model';
import { numVariablesOf } from '../model/check-fit';
import { MadeNetwork } from '../networks/made-network';
import { valueEncoding } from '../networks/value-encoding';
import { anything, counts, makeArm } from './options';
import type { OrderedArmOptions } from './options';

export interface MadeOptions extends OrderedArmOptions {
  /** Units of each hidden layer; with fewer than there are variables, some conditionals see less than they could. */
  readonly hidden: readonly [number, ...number[]];
  /** @defaultValue 'relu' */
  readonly activation?: Activation;
}

/**
 * One dense network for all conditionals, with masks that keep each from seeing its own variable and those after it.
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), Eq. 8-13
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = made({ shape: [64], likelihood, hidden: [128], key });
 * ```
 */
export function made(options: MadeOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'made',
    ordered: true,
    own: { hidden: counts, activation: anything },
    build,
  });
}

function build({
  shape,
  likelihood,
  encoding,
  order,
  activation = 'relu',
  ...options
}: MadeOptions): AutoregressiveModel {
  const network = new MadeNetwork({
    ...{
      numVariables: numVariablesOf(shape, likelihood),
      numParameters: likelihood.numParameters,
      activation,
    },
    encoding: valueEncoding(likelihood, encoding),
    ...options,
  });
  return new AutoregressiveModel({ shape, network, likelihood, ...(order && { order }) });
}
