import { sizeOf } from '@dgm/core';
import { createNode, producer, topologicalOrder } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';
import { matrixOf, reshaped, rowsOf } from './narrow-rows';

/** So many rows are there for each column of the layer's result, for passes over the rows to cost more than those over the weights. */
const ROWS_PER_COLUMN = 4;

/** $\gamma n + \beta$ of standardized rows n, as layer normalization ends. */
interface Affine {
  readonly normal: Value;
  readonly scale: Value;
  readonly shift: Value;
}

/** $dz\, W^\top$: the gradient of what entered a dense layer. */
interface BackProduct {
  readonly dz: Value;
  readonly weights: Value;
}

/** What reads a value. */
type Readers = (value: Value) => readonly (Node | 'output')[];

/** How a node is computed once the scale and the shift are part of the weights. */
type Role = 'forward' | 'ofWeights' | 'ofNormal' | 'ofNormalCentred' | 'centred' | 'ofScale' | 'ofShift';

/**
 * Takes the scale and the shift of layer normalization into the dense layer that follows:
 *
 * $$z = (\gamma n + \beta) W + b = n\, (\gamma W) + (\beta W + b)$$
 *
 * With $P = n^\top dz$ and $s = \sum_{rows} dz$ the gradients are $dn = dz\, (\gamma W)^\top$, $dW = \gamma P + \beta s^\top$,
 * $d\gamma = \sum_{columns} W P$ and $d\beta = W s$. Standardized vectors n pass on of dn only what is left without its mean: that is
 * $dz\, (\gamma W - \overline{\gamma W})^\top$. Eight passes over the rows become passes over the weights, of which there are a sixteenth in a
 * transformer.
 */
export function absorbAffine(graph: Graph): Graph {
  const roles = rolesIn(graph);
  if (roles.size === 0) return graph;
  return rewrite(graph, (node, original) => {
    const role = roles.get(original);
    return role && [rewriters[role](node)];
  });
}

/** What becomes of each node around a dense layer that can absorb what is before it. */
function rolesIn(graph: Graph): ReadonlyMap<Node, Role> {
  const readers = readersIn(graph);
  const roles = new Map<Node, Role>();
  for (const forward of topologicalOrder(graph.outputs.values())) {
    const found = rolesAround(forward, (value) => readers.get(value) ?? []);
    found?.forEach((role, node) => roles.set(node, role));
  }
  return roles;
}

/** Nothing where the node is no such layer, or where something else reads what would not be computed any more. */
function rolesAround(forward: Node, readersOf: Readers): ReadonlyMap<Node, Role> | undefined {
  const [rows, weights, bias] = forward.inputs as [Value, Value, Value?];
  const isForward = isProduct(forward, { transposeA: false, transposeB: false });
  const affine = isForward && (bias === undefined || bias.shape.length === 1) ? affineOf(rows) : undefined;
  if (affine === undefined || rows.shape[0]! < ROWS_PER_COLUMN * weights.shape[1]!) return undefined;
  const roles = new Map<Node, Role>([[forward, 'forward']]);
  for (const reader of readersOf(rows)) {
    if (reader === forward) continue;
    if (reader === 'output' || reader.inputs[0] !== rows || reader.inputs.length > 2) return undefined;
    if (!isProduct(reader, { transposeA: true, transposeB: false })) return undefined;
    roles.set(reader, 'ofWeights');
    const dz = reader.inputs[1]!;
    const back = readersOf(dz).find(
      (other): other is Node =>
        other !== 'output' &&
        isProduct(other, { transposeA: false, transposeB: true }) &&
        other.inputs.length === 2 &&
        other.inputs[0] === dz &&
        other.inputs[1] === weights,
    );
    const gradients = back && gradientRoles(back.outputs[0]!, affine, readersOf);
    if (back !== undefined && gradients === undefined) return undefined;
    gradients?.forEach((role, node) => roles.set(node, role));
  }
  // Each value on the way is read by the next one alone.
  for (let value = rows; value !== affine.normal;) {
    const node = producer(value)!;
    if (value !== rows && readersOf(value).length > 1) return undefined;
    value = node.inputs.find((input) => input !== affine.scale && input !== affine.shift)!;
  }
  return roles;
}

/** The roles of all that reads the gradient dy of $\gamma n + \beta$, directly or in another shape. */
function gradientRoles(dy: Value, affine: Affine, readersOf: Readers): ReadonlyMap<Node, Role> | undefined {
  const roles = new Map<Node, Role>();
  for (const reader of readersOf(dy)) {
    if (reader === 'output') return undefined;
    if (reader.kernel === 'Reshape') {
      const further = gradientRoles(reader.outputs[0]!, affine, readersOf);
      if (further === undefined) return undefined;
      further.forEach((role, node) => roles.set(node, role));
    } else if (sumsRows(reader)) {
      roles.set(reader, 'ofShift');
    } else if (reader.kernel === 'Multiply' && reader.inputs.includes(affine.scale)) {
      const difference = centredBy(reader, affine, readersOf);
      roles.set(reader, difference === undefined ? 'ofNormal' : 'ofNormalCentred');
      if (difference !== undefined) roles.set(difference, 'centred');
    } else if (reader.kernel === 'Multiply' && reader.inputs.includes(affine.normal)) {
      for (const sum of readersOf(reader.outputs[0]!)) {
        if (sum === 'output' || !sumsRows(sum)) return undefined;
        roles.set(sum, 'ofScale');
      }
    } else return undefined;
  }
  return roles;
}

/**
 * For the gradient dn of standardized vectors: the node that takes its mean from it. As these have the mean 0, the mean of $dn \cdot n$ is the
 * same without dn's own.
 */
function centredBy(dn: Node, { normal }: Affine, readersOf: Readers): Node | undefined {
  const [value] = dn.outputs as [Value];
  let difference: Node | undefined;
  for (const reader of readersOf(value)) {
    if (reader === 'output') return undefined;
    const [product] = reader.outputs as [Value];
    const readBy = readersOf(product);
    if (reader.kernel === 'Sub') difference = reader;
    else if (isMeanOfVectors(reader)) {
      if (!readBy.every((next) => next !== 'output' && next.kernel === 'Sub' && next.inputs[0] === value))
        return undefined;
    } else {
      const isProduct = reader.kernel === 'Multiply' && reader.inputs.includes(normal);
      if (!isProduct || !readBy.every((next) => next !== 'output' && isMeanOfVectors(next))) return undefined;
    }
  }
  const mean = difference?.inputs[0] === value ? producer(difference.inputs[1]!) : undefined;
  return mean?.inputs[0] === value && isMeanOfVectors(mean) ? difference : undefined;
}

function isMeanOfVectors({ kernel, inputs: [x], attributes }: Node): boolean {
  const axes = [attributes['axis']].flat();
  return (
    kernel === 'Mean' &&
    attributes['keepDims'] === true &&
    axes.length === 1 &&
    (axes[0] === -1 || axes[0] === x!.shape.length - 1)
  );
}

const rewriters: Readonly<Record<Role, (node: Node) => Value>> = {
  forward: ({ inputs: [rows, weights, bias], outputs }) => {
    const { normal, scale, shift } = affineOf(rows!)!;
    const row = multiplied(reshaped(shift, [1, shift.shape[0]!]), weights!);
    const moved = reshaped(row, [weights!.shape[1]!]);
    const total = bias === undefined ? moved : createNode('Add', [bias, moved], {}, [moved]).outputs[0]!;
    const inputs = [matrixOf(normal), scaled(weights!, scale), total];
    return createNode('BatchMatMul', inputs, { transposeA: false, transposeB: false }, outputs).outputs[0]!;
  },
  ofWeights: ({ inputs: [rows, dz], outputs }) => {
    const { normal, scale, shift } = affineOf(rows!)!;
    const column = reshaped(shift, [shift.shape[0]!, 1]);
    const sums = reshaped(sumOfRows(dz!), [1, dz!.shape[1]!]);
    const inputs = [column, sums, scaled(correlation(normal, dz!), scale)];
    return createNode('BatchMatMul', inputs, { transposeA: false, transposeB: false }, outputs).outputs[0]!;
  },
  ofNormal: (node) => gradientOfNormal(node, (weights) => weights),
  ofNormalCentred: (node) => gradientOfNormal(node, withoutMean),
  centred: ({ inputs: [dn] }) => dn!,
  ofScale: ({ inputs: [terms], outputs }) => {
    const [a, b] = producer(terms!)!.inputs as [Value, Value];
    const back = backProductOf(a);
    const { dz, weights } = back ?? backProductOf(b)!;
    const products = createNode('Multiply', [weights, correlation(back === undefined ? a : b, dz)], {}, [
      weights,
    ]);
    return createNode('Sum', products.outputs, { axis: [1], keepDims: false }, outputs).outputs[0]!;
  },
  ofShift: ({ inputs: [dy], outputs: [y] }) => {
    const { dz, weights } = backProductOf(dy!)!;
    return reshaped(multiplied(weights, reshaped(sumOfRows(dz), [dz.shape[1]!, 1])), y!.shape);
  },
};

function gradientOfNormal({ inputs: [a, b], outputs: [y] }: Node, change: (weights: Value) => Value): Value {
  const back = backProductOf(a!);
  const { dz, weights } = back ?? backProductOf(b!)!;
  const scale = back === undefined ? a! : b!;
  return reshaped(multiplied(dz, change(scaled(weights, scale)), { transposeB: true }), y!.shape);
}

/** The matrix without the mean of each column. */
function withoutMean(matrix: Value): Value {
  const spec = { shape: [1, matrix.shape[1]!], dtype: matrix.dtype };
  const means = createNode('Mean', [matrix], { axis: [0], keepDims: true }, [spec]).outputs;
  return createNode('Sub', [matrix, ...means], {}, [matrix]).outputs[0]!;
}

/** The parts of $\gamma n + \beta$, also in another shape. */
function affineOf(value: Value): Affine | undefined {
  const node = producer(value);
  if (node?.kernel === 'Reshape') {
    const [before] = node.inputs as [Value];
    return before.shape.at(-1) === value.shape.at(-1) ? affineOf(before) : undefined;
  }
  const sum = withVector('Add', value);
  const product = sum && withVector('Multiply', sum.rows);
  if (product === undefined || producer(product.rows)?.kernel !== 'Standardize') return undefined;
  return { normal: product.rows, scale: product.vector, shift: sum!.vector };
}

/** For rows and a vector that each of them meets: both. */
function withVector(
  kernel: string,
  value: Value,
): { readonly rows: Value; readonly vector: Value } | undefined {
  const node = producer(value);
  if (node?.kernel !== kernel || value.shape.length < 2) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const [rows, vector] = a.shape.length === 1 ? [b, a] : [a, b];
  const isVector = vector.shape.length === 1 && vector.shape[0] === value.shape.at(-1);
  return isVector && sizeOf(rows.shape) === sizeOf(value.shape) ? { rows, vector } : undefined;
}

function backProductOf(value: Value): BackProduct | undefined {
  const node = producer(value);
  if (node?.kernel === 'Reshape') return backProductOf(node.inputs[0]!);
  if (node === undefined || !isProduct(node, { transposeA: false, transposeB: true })) return undefined;
  const [dz, weights] = node.inputs as [Value, Value];
  return { dz, weights };
}

/** Whether a node is the product of two matrices, transposed or not; it may have a bias. */
function isProduct(
  { kernel, inputs, attributes }: Node,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): boolean {
  return (
    kernel === 'BatchMatMul' &&
    (attributes['transposeA'] === true) === transposeA &&
    (attributes['transposeB'] === true) === transposeB &&
    inputs[0]!.shape.length === 2 &&
    inputs[1]!.shape.length === 2
  );
}

/** Whether a node adds up all rows. */
function sumsRows({ kernel, inputs: [x], outputs: [y], attributes }: Node): boolean {
  if (kernel !== 'Sum' || y!.shape.length !== 1) return false;
  const axes = [attributes['axis']].flat();
  return (
    axes.length === x!.shape.length - 1 &&
    axes.every((axis) => Number(axis) >= 0 && Number(axis) < axes.length)
  );
}

function sumOfRows(matrix: Value): Value {
  const spec = { shape: matrix.shape.slice(1), dtype: matrix.dtype };
  return createNode('Sum', [matrix], { axis: [0], keepDims: false }, [spec]).outputs[0]!;
}

/** The matrix with its rows multiplied by the numbers of a vector. */
function scaled(matrix: Value, vector: Value): Value {
  return createNode('Multiply', [matrix, reshaped(vector, [vector.shape[0]!, 1])], {}, [matrix]).outputs[0]!;
}

/** $n^\top dz$ */
function correlation(normal: Value, dz: Value): Value {
  return multiplied(matrixOf(normal), dz, { transposeA: true });
}

function multiplied(
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Value {
  const shape = [transposeA ? a.shape[1]! : rowsOf(a), transposeB ? b.shape[0]! : b.shape[1]!];
  return createNode('BatchMatMul', [a, b], { transposeA, transposeB }, [{ shape, dtype: 'float32' }])
    .outputs[0]!;
}

/** What reads each value. */
function readersIn(graph: Graph): ReadonlyMap<Value, readonly (Node | 'output')[]> {
  const readers = new Map<Value, (Node | 'output')[]>();
  const add = (value: Value, reader: Node | 'output') => {
    const known = readers.get(value);
    if (known === undefined) readers.set(value, [reader]);
    else known.push(reader);
  };
  for (const node of topologicalOrder(graph.outputs.values()))
    new Set(node.inputs).forEach((input) => add(input, node));
  for (const value of graph.outputs.values()) add(value, 'output');
  return readers;
}
