import { sameShape } from '@dgm/core';
import { createNode, readersOf, topologicalOrder, uniformConstant } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import { filled } from './narrow-rows';

/** Fewer products are not worth the copies. */
const MANY = 4;
/** As many numbers are copied in the time that a node takes whatever it does. */
const NODE = 2 ** 14;

/** What is below each other already, by its parts, and matrices of zeros, by their shapes. */
interface Known {
  readonly stackOf: ReadonlyMap<Value, Node>;
  readonly zeros: Map<string, Value>;
}

/** What is added up: products of the same form, and anything else. */
interface Sum {
  readonly products: readonly Node[];
  readonly rest: readonly Value[];
}

/**
 * Makes one product of a sum of them, $\sum_t A_t^T B_t = A^T B$ with the $A_t$ below each other in A, and so in B: the gradient of
 * weights that serve many positions. Each of the many reads and writes the whole sum, and is too small for two threads.
 *
 * Zeros times what is not finite give NaN. What lies below each other is then a factor of another gradient, which is not finite either.
 *
 * Sums of rows, the gradients of biases, are products with ones. They come first: what is put below each other for them serves the
 * weights as well.
 */
export function joinProducts(graph: Graph): Graph {
  return joined(joined(graph, 1), 2);
}

/** Joins products whose left factors have so many axes. */
function joined(graph: Graph, rank: number): Graph {
  const nodes = topologicalOrder(graph.outputs.values());
  const readers = readersOf(graph);
  const isPart = new Set(nodes.flatMap(addendsOf).filter((value) => readers.get(value) === 1));
  const stackOf = new Map<Value, Node>();
  const zeros = new Map<string, Value>();
  const sums = new Map<Value, Sum>();
  const rule = (node: Node, { outputs: [written] }: Node): readonly Value[] | undefined => {
    if (isStack(node)) node.inputs.forEach((part) => stackOf.set(part, node));
    const sum = sumOf(node, rank, sums);
    if (sum === undefined) return undefined;
    const [y] = node.outputs as [Value];
    if (isPart.has(written!)) sums.set(y, sum);
    else if (sum.products.length >= MANY) return [total(sum, y, { stackOf, zeros })];
    return undefined;
  };
  // The stacks come before the sums that could use them.
  const stacks = nodes.filter(isStack).map(({ outputs }, index) => [`stack/${index}`, outputs[0]!] as const);
  const { outputs } = rewrite(
    { inputs: graph.inputs, outputs: new Map([...stacks, ...graph.outputs]) },
    rule,
  );
  return { inputs: graph.inputs, outputs: new Map([...outputs].slice(stacks.length)) };
}

/** Matrices below each other. */
function isStack({ kernel, inputs, attributes }: Node): boolean {
  return (
    kernel === 'Concat' && inputs.length >= MANY && attributes['axis'] === 0 && inputs[0]!.shape.length === 2
  );
}

/** What a node adds up without broadcasting it. */
function addendsOf({ kernel, inputs, outputs: [y] }: Node): readonly Value[] {
  const addends = kernel === 'Add' ? inputs : kernel === 'BatchMatMul' ? inputs.slice(2) : [];
  return addends.filter(({ shape }) => sameShape(shape, y!.shape));
}

/** What a sum or a product adds up, given what its addends do. */
function sumOf(node: Node, rank: number, known: ReadonlyMap<Value, Sum>): Sum | undefined {
  const addends = addendsOf(node);
  const isProduct = canJoin(node, rank) && addends.length === node.inputs.length - 2;
  if (!isProduct && addends.length < 2) return undefined;
  const own = isProduct ? [productOf(node)] : [];
  const parts = addends.map((value) => known.get(value) ?? { products: [], rest: [value] });
  const products = [...own, ...parts.flatMap((part) => part.products)];
  const isAlike = (other: Node) => isSameForm(other, products[0]!);
  return {
    products: products.filter(isAlike),
    rest: [
      ...parts.flatMap(({ rest }) => rest),
      ...products.filter((other) => !isAlike(other)).map(({ outputs }) => outputs[0]!),
    ],
  };
}

/** Whether a node is a product, plus perhaps a third matrix, of which many are better one. */
function canJoin({ kernel, inputs: [a, b], attributes }: Node, rank: number): boolean {
  if (kernel !== 'BatchMatMul' || a!.shape.length !== rank || b!.shape.length !== 2) return false;
  const [rows, columns] = b!.shape as [number, number];
  if (rank === 1) return uniformConstant(a!) === 1 && rows * columns <= NODE;
  if (attributes['transposeA'] !== true || attributes['transposeB'] === true) return false;
  const height = a!.shape[1]!;
  return rows * (height + columns) <= 2 * height * columns + NODE;
}

/** The product of a node without what it adds to it. */
function productOf({ kernel, inputs, attributes, outputs }: Node): Node {
  return createNode(kernel, inputs.slice(0, 2), attributes, outputs);
}

function isSameForm({ inputs }: Node, other: Node): boolean {
  return inputs.every(({ shape }, index) => sameShape(shape, other.inputs[index]!.shape));
}

/** A sum whose products are one. */
function total({ products, rest }: Sum, y: Value, known: Known): Value {
  const { kernel, attributes } = products[0]!;
  const joint = createNode(kernel, factorsOf(products, known), attributes, [y]).outputs[0]!;
  return rest.reduce((sum, value) => createNode('Add', [sum, value], {}, [y]).outputs[0]!, joint);
}

/** Both factors of the one product: the right ones as they lie below each other anyway, with zeros to the left of those of no product. */
function factorsOf(products: readonly Node[], { stackOf, zeros }: Known): readonly [Value, Value] {
  const factors = new Map(products.map(({ inputs: [a, b] }) => [b!, a!]));
  const stack = stackOf.get(products[0]!.inputs[1]!);
  const parts = stack?.inputs ?? [];
  const isWithin = parts.filter((part) => factors.has(part)).length === products.length;
  if (stack === undefined || !isWithin || parts.length > 2 * products.length) {
    return [stacked(products.map(({ inputs: [a] }) => a!)), stacked(products.map(({ inputs: [, b] }) => b!))];
  }
  const { shape } = products[0]!.inputs[0]!;
  const nothing = zeros.get(String(shape)) ?? filled(shape, 0);
  zeros.set(String(shape), nothing);
  return [stacked(parts.map((part) => factors.get(part) ?? nothing)), stack.outputs[0]!];
}

function stacked(parts: readonly Value[]): Value {
  const shape = [parts.reduce((rows, part) => rows + part.shape[0]!, 0), ...parts[0]!.shape.slice(1)];
  if (shape.length === 1) return filled(shape, 1);
  return createNode('Concat', parts, { axis: 0 }, [{ shape, dtype: 'float32' }]).outputs[0]!;
}
