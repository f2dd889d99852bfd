import { formatShape } from '@dgm/core';
import { topologicalOrder, type Attributes, type Graph, type Value } from './graph';

/**
 * A graph as a program: one line for each node, with the types of what it makes. Inputs keep their names, results are numbered
 * in the order in which they are computed, and constants of one value are written out.
 *
 * @example
 * ```
 * (x: float32[2, 3], state/0: float32[3, 1]) => {
 *   %0 = MatMul(x, state/0)  // float32[2, 1]
 *   %1 = Relu(%0)  // float32[2, 1]
 *   return { y: %1 }
 * }
 * ```
 */
export function printGraph({ inputs, outputs }: Graph): string {
  const names = new Map<Value, string>();
  let results = 0;
  const nameOf = (value: Value): string => {
    const { source } = value;
    if (source.kind === 'input') return source.name;
    if (source.kind === 'constant') return constantText(source.data, value);
    const known = names.get(value) ?? `%${results++}`;
    names.set(value, known);
    return known;
  };
  const lines = topologicalOrder(outputs.values()).map((node) => {
    const call = [...node.inputs.map(nameOf), ...attributeTexts(node.attributes)].join(', ');
    const made = node.outputs.map(nameOf).join(', ');
    return `  ${made} = ${node.kernel}(${call})  // ${node.outputs.map(typeText).join(', ')}`;
  });
  const parameters = [...inputs].map(([name, value]) => `${name}: ${typeText(value)}`).join(', ');
  const returned = [...outputs].map(([name, value]) => `${name}: ${nameOf(value)}`).join(', ');
  return [`(${parameters}) => {`, ...lines, `  return { ${returned} }`, '}'].join('\n');
}

function typeText({ dtype, shape }: Value): string {
  return `${dtype}${formatShape(shape)}`;
}

function constantText(data: ArrayLike<number>, value: Value): string {
  const first = data[0];
  const isUniform = first !== undefined && Array.from(data).every((element) => Object.is(element, first));
  if (isUniform) return value.shape.length === 0 ? String(first) : `${first}${formatShape(value.shape)}`;
  return `constant ${typeText(value)}`;
}

/** The attributes that say something: undefined ones are left out. */
function attributeTexts(attributes: Attributes): string[] {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}
