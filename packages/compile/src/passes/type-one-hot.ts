import { createNode, producer } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** Makes one-hot rows in the type that they are cast to: a comparison, instead of a choice between integers and a cast. */
export const typeOneHot: Rule = (node) => {
  const [y] = node.outputs;
  const source = node.kernel === 'Cast' ? producer(node.inputs[0]!) : undefined;
  if (y === undefined || source?.kernel !== 'OneHot') return undefined;
  const { onValue, offValue } = source.attributes;
  if (onValue !== 1 || offValue !== 0) return undefined;
  return createNode('OneHot', source.inputs, { ...source.attributes, dtype: y.dtype }, [y]).outputs;
};
