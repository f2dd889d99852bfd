import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** Constants up to this size are compared by their contents; there are few others that are equal. */
const COMPARED = 64;

/** Kernels whose two inputs may be exchanged. */
const SYMMETRIC = new Set([
  'Add',
  'Equal',
  'LogicalAnd',
  'LogicalOr',
  'Maximum',
  'Minimum',
  'Multiply',
  'NotEqual',
]);

/** A rule that gives equal nodes (same kernel, inputs and attributes) one set of outputs. Made anew for each graph. */
export function shareCommon(): Rule {
  const ids = new Map<Value, number>();
  const constants = new Map<string, number>();
  const seen = new Map<string, Node>();
  const idOf = (value: Value): number => {
    const known = ids.get(value);
    if (known !== undefined) return known;
    let id = ids.size + constants.size;
    if (value.source.kind === 'constant' && value.source.data.length <= COMPARED) {
      const key = `${value.dtype} ${value.shape.join('x')} ${value.source.data.join(',')}`;
      id = constants.get(key) ?? id;
      constants.set(key, id);
    }
    ids.set(value, id);
    return id;
  };
  return (node) => {
    const inputs = node.inputs.map(idOf);
    if (SYMMETRIC.has(node.kernel)) inputs.sort((a, b) => a - b);
    const key = `${node.kernel} ${inputs.join(',')} ${JSON.stringify(node.attributes)}`;
    const twin = seen.get(key);
    if (twin !== undefined) return twin.outputs;
    seen.set(key, node);
    return undefined;
  };
}
