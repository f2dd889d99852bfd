import protobuf from 'protobufjs/light.js';
import { kernels } from '../kernels/table';
import { dataOf, topologicalOrder } from '../graph/graph';
import type { Data, DType, Graph, Value } from '../graph/graph';
import type { OnnxAttribute, OnnxBuilder } from './onnx-builder';
import { attributeTypes, dataTypes, onnxSchema } from './schema';

/** The operator set of ONNX that every lowering is written for. */
export const OPSET = 18;
const IR_VERSION = 8;

/** Writes a graph as the bytes of an `.onnx` file. */
export function writeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const writer = new ModelWriter();
  for (const [name, value] of graph.inputs) writer.input(name, value);
  for (const node of topologicalOrder(graph.outputs.values())) {
    const { lower } = kernels[node.kernel]!;
    const names = node.inputs.map((value) => writer.nameOf(value));
    const results = lower({ ...node, onnx: writer, names });
    node.outputs.forEach((value, index) => writer.define(value, results[index]!));
  }
  for (const [name, value] of graph.outputs) writer.output(name, value);
  return writer.finish(metadata);
}

class ModelWriter implements OnnxBuilder {
  readonly #nodes: object[] = [];
  readonly #inputs: object[] = [];
  readonly #outputs: object[] = [];
  readonly #initializers = new Map<string, object>();
  readonly #names = new Map<Value, string>();
  readonly #written = new Map<string, string[]>();
  #count = 0;

  input(name: string, value: Value): void {
    this.#names.set(value, name);
    this.#inputs.push(valueInfo(name, value));
  }

  /** Outputs get their names through an Identity, because a value may be an input or serve two outputs. */
  output(name: string, value: Value): void {
    const outputName = `out/${name}`;
    this.#nodes.push({ opType: 'Identity', input: [this.nameOf(value)], output: [outputName] });
    this.#outputs.push(valueInfo(outputName, value));
  }

  define(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (value.source.kind !== 'constant')
      throw new Error(`The graph uses the ${value.source.kind} before it is there.`);
    const name = this.#initializer(value.source.data, value.shape, value.dtype);
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
    const ModelProto = protobuf.Root.fromJSON(onnxSchema).lookupType('onnx.ModelProto');
    const model = {
      irVersion: IR_VERSION,
      producerName: '@dgm/compile',
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: 'dgm',
        node: this.#nodes,
        initializer: [...this.#initializers.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    };
    return ModelProto.encode(ModelProto.fromObject(model)).finish();
  }

  /** Equal small constants are stored once. */
  #initializer(data: Data | BigInt64Array, shape: readonly number[], dtype: keyof typeof dataTypes): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key =
      bytes.length <= 64 ? `${dtype} ${shape.join('x')} ${bytes.join(',')}` : `large ${this.#count}`;
    const known = this.#initializers.get(key) as { name: string } | undefined;
    if (known !== undefined) return known.name;
    const name = `c${this.#count++}`;
    this.#initializers.set(key, { name, dims: shape, dataType: dataTypes[dtype], rawData: bytes });
    return name;
  }
}

function valueInfo(name: string, { shape, dtype }: Value): object {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: dataTypes[dtype], shape: { dim } } } };
}

function encodeAttribute(value: OnnxAttribute): object {
  if (typeof value === 'number') return { type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  return { type: attributeTypes.ints, ints: value };
}
