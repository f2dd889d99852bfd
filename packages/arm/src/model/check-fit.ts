import { ArgumentError, formatShape, sizeOf } from '@dgm/core';
import type { DistributionHead, Shape } from '@dgm/core';
import type { AutoregressiveNetwork } from './network';

/** How many variables an event has; a pixel with its channels is one where the likelihood is over them. */
export function numVariablesOf(shape: Shape, { eventShape }: DistributionHead): number {
  return sizeOf(shape) / sizeOf(eventShape);
}

interface Parts {
  readonly eventShape: Shape;
  readonly numVariables: number;
  readonly network: AutoregressiveNetwork;
  readonly likelihood: DistributionHead;
}

/**
 * Checks that the parts of a model fit together.
 * @throws ArgumentError naming the part that does not
 */
export function checkFit({ eventShape, numVariables, network, likelihood }: Parts): void {
  const variable = likelihood.eventShape;
  const isPixel = variable.length === 1 && eventShape.length > 1 && variable[0] === eventShape.at(-1);
  const refuse = (argument: string, expected: string, actual: string): never => {
    throw new ArgumentError({ where: 'AutoregressiveModel', argument, expected, actual });
  };
  if (variable.length > 0 && !isPixel) {
    refuse(
      'likelihood',
      'to be over one variable, shape: [], or over the channels of a pixel',
      formatShape(variable),
    );
  }
  if (likelihood.numParameters !== network.numParameters) {
    const expected = `to put out ${likelihood.numParameters} numbers a variable`;
    refuse('network', expected, String(network.numParameters));
  }
  if (network.numVariables !== undefined && network.numVariables !== numVariables) {
    refuse('network', `to be for ${numVariables} variables`, String(network.numVariables));
  }
}
