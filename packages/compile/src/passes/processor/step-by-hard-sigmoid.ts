import { createNode } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';

/**
 * Where a number is positive, as the gradient of a rectifier asks, by one kernel of the runtime: $\min(\max(a x, 0), 1)$ with a large a,
 * for which a product and a clip are two passes.
 */
export const stepByHardSigmoid: Rule = (node) => {
  if (node.kernel !== 'Step' || Number(node.attributes['alpha'] ?? 0) !== 0) return undefined;
  return createNode('HardStep', node.inputs, {}, node.outputs).outputs;
};
