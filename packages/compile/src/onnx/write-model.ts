import { fusedKernels } from '../kernels/fused';
import { kernels } from '../kernels/table';
import { dataOf, topologicalOrder } from '../graph/graph';
import type { Data, DType, Graph, Value } from '../graph/graph';
import type { OnnxAttribute, OnnxBuilder } from '../kernels/onnx-builder';
import { encode, type Message } from './protobuf';
import { attributeTypes, dataTypes, Model } from './schema';

/** The operator set of ONNX that every lowering is written for. */
export const OPSET = 18;
const IR_VERSION = 8;
/** Constants up to this size are compared by their contents: the indices of a convolution's patches are shared. */
const SHARED_BYTES = 1 << 16;

export interface WriteOptions {
  /** Key-value pairs that the file carries along. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Comes before the names of outputs, which may also be names of inputs.
   * @defaultValue 'out/'
   */
  readonly outputPrefix?: string;
  /** Names of constants; the others are numbered. */
  readonly names?: ReadonlyMap<Value, string>;
}

/** Writes a graph as the bytes of an `.onnx` file. */
export function writeModel(
  graph: Graph,
  { metadata = {}, outputPrefix = 'out/', names = new Map() }: WriteOptions = {},
): Uint8Array {
  const writer = new ModelWriter(names);
  for (const [name, value] of graph.inputs) writer.input(name, value);
  for (const node of topologicalOrder(graph.outputs.values())) {
    const { lower } = (kernels[node.kernel] ?? fusedKernels[node.kernel])!;
    const inputNames = node.inputs.map((value) => writer.nameOf(value));
    const results = lower({ ...node, onnx: writer, names: inputNames });
    node.outputs.forEach((value, index) => writer.define(value, results[index]!));
  }
  for (const [name, value] of graph.outputs) writer.output(`${outputPrefix}${name}`, value);
  return writer.finish(metadata);
}

interface OnnxNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Message[];
}

class ModelWriter implements OnnxBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #initializers = new Map<string, Message>();
  readonly #names = new Map<Value, string>();
  /** The names of all results of nodes. */
  readonly #results = new Set<string>();
  /** What results are called that are outputs. */
  readonly #outputNames = new Map<string, string>();
  readonly #constantNames: ReadonlyMap<Value, string>;
  readonly #written = new Map<string, string[]>();
  #count = 0;

  constructor(constantNames: ReadonlyMap<Value, string>) {
    this.#constantNames = constantNames;
  }

  input(name: string, value: Value): void {
    this.#names.set(value, name);
    this.#inputs.push(valueInfo(name, value));
  }

  /** A node's result takes the output's name; what has a name already, an input or another output, is copied. */
  output(name: string, value: Value): void {
    const own = this.nameOf(value);
    if (this.#results.has(own) && !this.#outputNames.has(own)) this.#outputNames.set(own, name);
    else this.#nodes.push({ opType: 'Identity', input: [own], output: [name], attribute: [] });
    this.#outputs.push(valueInfo(name, value));
  }

  define(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (value.source.kind !== 'constant')
      throw new Error(`The graph uses the ${value.source.kind} before it is there.`);
    const wanted = this.#constantNames.get(value);
    const name = this.#initializer(value.source.data, value.shape, value.dtype, wanted);
    this.#names.set(value, name);
    return name;
  }

  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.nodes(op, inputs, 1, attributes)[0]!;
  }

  nodes(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string[] {
    // Lowerings are pure: what was written once need not be computed twice.
    const key = JSON.stringify([op, inputs, outputs, attributes]);
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const output = Array.from({ length: outputs }, () => `v${this.#count++}`);
    this.#written.set(key, output);
    output.forEach((result) => this.#results.add(result));
    const attribute = Object.entries(attributes).map(([name, value]) => ({
      name,
      ...encodeAttribute(value),
    }));
    this.#nodes.push({ opType: op, input: inputs, output, attribute });
    return output;
  }

  int64(values: readonly number[]): string {
    return this.#initializer(
      BigInt64Array.from(values, (value) => BigInt(value)),
      [values.length],
      'int64',
    );
  }

  vector(values: readonly number[], dtype: DType): string {
    return this.#initializer(dataOf(values, dtype), [values.length], dtype);
  }

  scalar(value: number, dtype: DType): string {
    return this.#initializer(dataOf([value], dtype), [], dtype);
  }

  cast(name: string, to: DType | 'int64'): string {
    return this.node('Cast', [name], { to: dataTypes[to] });
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.node('Reshape', [name, this.int64(shape)]);
  }

  finish(metadata: Readonly<Record<string, string>>): Uint8Array {
    const final = (name: string) => this.#outputNames.get(name) ?? name;
    return encode(Model, {
      irVersion: IR_VERSION,
      producerName: '@dgm/compile',
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: 'dgm',
        node: this.#nodes.map((node) => ({
          ...node,
          input: node.input.map(final),
          output: node.output.map(final),
        })),
        initializer: [...this.#initializers.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  /** Equal small constants are stored once. */
  #initializer(
    data: Data | BigInt64Array,
    shape: readonly number[],
    dtype: keyof typeof dataTypes,
    wanted?: string,
  ): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const isShared = wanted === undefined && bytes.length <= SHARED_BYTES;
    const key = isShared ? `${dtype} ${shape.join('x')} ${bytes.join(',')}` : `alone ${this.#count}`;
    const known = this.#initializers.get(key) as { readonly name: string } | undefined;
    if (known !== undefined) return known.name;
    const number = this.#count++;
    const name = wanted ?? `c${number}`;
    this.#initializers.set(key, { name, dims: shape, dataType: dataTypes[dtype], rawData: bytes });
    return name;
  }
}

function valueInfo(name: string, { shape, dtype }: Value): Message {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: dataTypes[dtype], shape: { dim } } } };
}

function encodeAttribute(value: OnnxAttribute): Message {
  if (typeof value === 'number') return { type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  return { type: attributeTypes.ints, ints: value };
}
