import { sameShape } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { fusedKernels } from '../kernels/fused';
import { kernels } from '../kernels/table';
import { dataOf, depthsOf, inputValue, topologicalOrder } from '../graph/graph';
import type { Data, DType, Graph, Node, Value } from '../graph/graph';
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
  /**
   * Whether there is one output more, {@link NO_COPIES}, before the others.
   * @defaultValue false
   */
  readonly withoutCopies?: boolean;
}

/** An output that is a sequence, which a binding that knows tensors alone cannot hand out. */
export const NO_COPIES = 'no copies';

/** Writes a graph as the bytes of an `.onnx` file. */
export function writeModel(
  graph: Graph,
  { metadata = {}, outputPrefix = 'out/', names = new Map(), withoutCopies = false }: WriteOptions = {},
): Uint8Array {
  const outputs = [...graph.outputs.keys()].map((name) => `${outputPrefix}${name}`);
  const writer = new ModelWriter({ names, taken: [...graph.inputs.keys(), ...outputs] });
  for (const [name, value] of graph.inputs) writer.input(name, value);
  for (const node of topologicalOrder(deepestFirst(graph))) writer.lower(node);
  if (withoutCopies) writer.emptySequence(NO_COPIES);
  for (const [name, value] of graph.outputs) writer.output(`${outputPrefix}${name}`, value);
  return writer.finish(metadata);
}

/**
 * The outputs of a graph, sorted by how many nodes come before them, most first. The runtime starts from the last output and computes what
 * it needs, then goes on to the one before. In this order it computes the gradient of a layer's weights while its factors are still in a
 * cache, instead of after the gradients of the inputs of all layers.
 */
function deepestFirst(graph: Graph): readonly Value[] {
  const depths = depthsOf(graph);
  const depthOf = (value: Value) => depths.get(value) ?? 0;
  return [...graph.outputs.values()].sort((a, b) => depthOf(b) - depthOf(a));
}

/** An input of {@link writeLoop} with one element for each step: it says how many there are. */
export const STEPS = 'steps';

/**
 * Writes a graph that is applied many times in one run, each output becoming the input of its name in the next step. What does
 * not change from step to step is computed once.
 *
 * Inputs are the state before the first step, by the names of the outputs; what changes from step to step, stacked along a
 * first axis; {@link STEPS}; and the graph's other inputs. Outputs have the prefix `out/`.
 *
 * @param changing - the names of the inputs that have a value for each step
 */
export function writeLoop(graph: Graph, changing: ReadonlySet<string>): Uint8Array {
  const after = (name: string): string => `out/${name}`;
  const outer = new ModelWriter({
    taken: [STEPS, ...graph.inputs.keys(), ...[...graph.outputs.keys()].map(after)],
  });
  const number = inputValue(STEPS, { shape: [], dtype: 'float32' });
  const stacked = new Map([...[...graph.inputs].filter(([name]) => changing.has(name)), [STEPS, number]]);
  for (const name of graph.outputs.keys()) outer.input(name, graph.inputs.get(name)!);
  for (const [name, value] of stacked) outer.input(name, value, STEPS);
  for (const [name, value] of graph.inputs)
    if (!changing.has(name) && !graph.outputs.has(name)) outer.input(name, value);
  writeSteps(outer, graph, { stacked, before: (name) => name, after });
  for (const [name, value] of graph.outputs) outer.declareOutput(after(name), value);
  return outer.finish();
}

/** The functions of a sampler, whose states have the same names in all of them. */
export interface SamplerGraphs {
  /** The first step: to the state. */
  readonly start: Graph;
  /** Each further step: from the state and its inputs to the state. */
  readonly next: Graph;
  /** From the state to the samples. */
  readonly finish: Graph;
}

/** How a sampler is written. */
export interface WriteSamplerOptions {
  /** The inputs of `next` that have a value for each step. */
  readonly changing: ReadonlySet<string>;
  /** How many steps there are after the first; {@link STEPS} if what changes from step to step says so. */
  readonly steps: number | typeof STEPS;
  /** The name of the only output, which is that of `finish`. */
  readonly output: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: ReadonlyMap<Value, string>;
}

/** Writes a sampler whose further steps are one `Scan`, which stacks what changes from step to step along a first axis. */
export function writeSampler(
  { start, next, finish }: SamplerGraphs,
  { changing, steps, output, metadata, names }: WriteSamplerOptions,
): Uint8Array {
  const state = new Set(start.outputs.keys());
  const after = (name: string): string => `last/${name}`;
  const inputs = [start, next, finish].flatMap((graph) => [...graph.inputs.keys()]);
  const outer = new ModelWriter({ names, taken: [output, ...inputs, ...[...state].map(after)] });
  const entered = new Set<string>();
  const enter = (name: string, value: Value): void => {
    if (entered.has(name)) outer.define(value, name);
    else outer.input(name, value, changing.has(name) ? steps : undefined);
    entered.add(name);
  };
  const lowerAll = (graph: Graph): void =>
    topologicalOrder(graph.outputs.values()).forEach((node) => outer.lower(node));

  for (const [name, value] of start.inputs) enter(name, value);
  for (const [name, value] of next.inputs) if (!state.has(name)) enter(name, value);
  lowerAll(start);
  const stacked = new Map([...next.inputs].filter(([name]) => changing.has(name)));
  if (stacked.size === 0) {
    // A scan needs something to go along.
    const zeros = outer.vector(new Array<number>(Number(steps)).fill(0), 'float32');
    stacked.set(zeros, inputValue(zeros, { shape: [], dtype: 'float32' }));
  }
  writeSteps(outer, next, { stacked, before: (name) => outer.nameOf(start.outputs.get(name)!), after });
  for (const [name, value] of finish.inputs)
    if (state.has(name)) outer.define(value, after(name));
    else enter(name, value);
  lowerAll(finish);
  for (const value of finish.outputs.values()) outer.copy(output, value);
  return outer.finish(metadata);
}

/** How the steps of a loop are part of a graph. */
interface Steps {
  /** What changes from step to step, by the names of the stacks. */
  readonly stacked: ReadonlyMap<string, Value>;
  /** What a part of the state is called before the first step, and after the last. */
  readonly before: (name: string) => string;
  readonly after: (name: string) => string;
}

/** Writes a graph that is applied once for each element of some stacks. What does not change from step to step comes before. */
function writeSteps(outer: ModelWriter, graph: Graph, { stacked, before, after }: Steps): void {
  const body = new ModelWriter({ outer, prefix: 'step/' });
  const inside = (name: string): string => `${body.prefix}${name}`;
  const names = [...graph.outputs.keys()];
  const entering = [...names.map((name) => [name, graph.inputs.get(name)!] as const), ...stacked];
  const varying = new Set(entering.map(([, value]) => value));
  for (const [name, value] of entering) body.input(inside(`in/${name}`), value);
  for (const node of topologicalOrder(graph.outputs.values())) {
    const changes = node.inputs.some((value) => varying.has(value));
    if (changes) node.outputs.forEach((value) => varying.add(value));
    (changes ? body : outer).lower(node);
  }
  for (const [name, value] of graph.outputs) body.output(inside(`out/${name}`), value);
  outer.scan([...names.map(before), ...stacked.keys()], {
    ...{ body, stacked: stacked.size },
    outputs: names.map(after),
  });
}

interface OnnxNode {
  readonly opType: string;
  readonly domain?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Message[];
}

interface WriterOptions {
  /** Names of constants. */
  readonly names?: ReadonlyMap<Value, string>;
  /** The writer of the graph that this one is inside, whose values it may use. */
  readonly outer?: ModelWriter;
  /** Comes before the names of results and constants, after as many `_` as it takes to be free. */
  readonly prefix?: string;
  /** The names of inputs and outputs, which results and constants may not have. */
  readonly taken?: readonly string[];
}

interface Scan {
  readonly body: ModelWriter;
  /** How many of the inputs, from the last, have an element for each step. */
  readonly stacked: number;
  /** The names of the state after the last step. */
  readonly outputs: readonly string[];
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
  readonly #outer: ModelWriter | undefined;
  readonly prefix: string;
  readonly #taken: readonly string[];
  readonly #written = new Map<string, string[]>();
  /** The shapes of names, where they are known. */
  readonly #shapes = new Map<string, Shape>();
  /** What was reshaped to the results of Reshapes. */
  readonly #reshaped = new Map<string, string>();
  /** Reshapes that nothing has read yet, by the names of their results. */
  readonly #unread = new Map<string, OnnxNode>();
  #count = 0;

  constructor({ names = new Map(), outer, prefix = '', taken = [] }: WriterOptions) {
    this.#constantNames = names;
    this.#outer = outer;
    this.#taken = [...taken, ...names.values(), ...(outer ? outer.#taken : [])];
    this.prefix = freePrefix(prefix, this.#taken);
  }

  /** With `stack`, there is a first axis of that size, or of an unknown size of that name. */
  input(name: string, value: Value, stack?: string | number): void {
    this.#names.set(value, name);
    if (stack === undefined) this.#shapes.set(name, value.shape);
    this.#inputs.push(valueInfo(name, value, stack));
  }

  lower(node: Node): void {
    const { lower } = (kernels[node.kernel] ?? fusedKernels[node.kernel])!;
    const results = lower({ ...node, onnx: this, names: node.inputs.map((value) => this.nameOf(value)) });
    node.outputs.forEach((value, index) => this.define(value, results[index]!));
  }

  /** Writes the Reshape whose result has a name, if nothing has read it before. */
  read(name: string): void {
    const node = this.#unread.get(name);
    if (node === undefined) return this.#outer?.read(name);
    this.#unread.delete(name);
    this.#nodes.push(node);
  }

  /** A node's result takes the output's name; what has a name already, an input or another output, is copied. */
  output(name: string, value: Value): void {
    const own = this.nameOf(value);
    if (!this.#results.has(own) || this.#outputNames.has(own)) return this.copy(name, value);
    this.read(own);
    this.#outputNames.set(own, name);
    this.declareOutput(name, value);
  }

  /** An output that leaves the name of a value to graphs inside this one, which may use it. */
  copy(name: string, value: Value): void {
    const own = this.nameOf(value);
    this.read(own);
    this.#nodes.push({ opType: 'Identity', input: [own], output: [name], attribute: [] });
    this.declareOutput(name, value);
  }

  /** Says that what has a name already is an output. */
  declareOutput(name: string, value: Value): void {
    this.#outputs.push(valueInfo(name, value));
  }

  /** An output that is a sequence of no tensors. */
  emptySequence(name: string): void {
    this.#nodes.push({ opType: 'SequenceEmpty', input: [], output: [name], attribute: [] });
    const elemType = { tensorType: { elemType: dataTypes.float32 } };
    this.#outputs.push({ name, type: { sequenceType: { elemType } } });
  }

  define(value: Value, name: string): void {
    this.#names.set(value, name);
    this.#shapes.set(name, value.shape);
  }

  nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const isOuter = value.source.kind !== 'constant' || this.#outer?.hasNameFor(value);
    if (isOuter && this.#outer !== undefined) return this.#outer.nameOf(value);
    if (value.source.kind !== 'constant')
      throw new Error(`The graph uses the ${value.source.kind} before it is there.`);
    const wanted = this.#constantNames.get(value);
    const name = this.#initializer(value.source.data, value.shape, value.dtype, wanted);
    this.#names.set(value, name);
    return name;
  }

  /** Whether a constant is to have a name of its own. */
  hasNameFor(value: Value): boolean {
    return this.#constantNames.has(value);
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
    const output = Array.from({ length: outputs }, () => `${this.prefix}v${this.#count++}`);
    this.#written.set(key, output);
    output.forEach((result) => this.#results.add(result));
    const attribute = Object.entries(attributes).map(([name, value]) => ({
      name,
      ...encodeAttribute(value),
    }));
    inputs.forEach((input) => this.read(input));
    this.#nodes.push({ ...operator(op), input: inputs, output, attribute });
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

  reshape(name: string, shape: Shape, from?: Shape): string {
    // To a Reshape, a size of 0 is that of its input.
    if (shape.includes(0)) return this.node('Reshape', [name, this.int64(shape)]);
    if (from !== undefined) this.#shapes.set(name, from);
    const source = this.#reshaped.get(name) ?? name;
    const own = this.#shapes.get(source);
    if (own !== undefined && sameShape(own, shape)) return source;
    const result = this.node('Reshape', [source, this.int64(shape)]);
    if (this.#nodes.at(-1)?.output[0] === result) this.#unread.set(result, this.#nodes.pop()!);
    this.#reshaped.set(result, source);
    return result;
  }

  /** Steps of a graph, with its inputs and then as many that are stacked. */
  scan(inputs: readonly string[], { body, stacked, outputs }: Scan): void {
    const attribute = [
      { name: 'body', type: attributeTypes.graph, g: body.#graph() },
      { name: 'num_scan_inputs', ...encodeAttribute(stacked) },
    ];
    inputs.forEach((input) => this.read(input));
    this.#nodes.push({ opType: 'Scan', input: inputs, output: outputs, attribute });
  }

  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return encode(Model, {
      irVersion: IR_VERSION,
      producerName: '@dgm/compile',
      opsetImport: this.#operatorSets(),
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: this.#graph(),
    });
  }

  /** ONNX's own operators, and those of each other domain that a node names. */
  #operatorSets(): Message[] {
    const others = new Set(this.#nodes.flatMap(({ domain }) => domain ?? []));
    return [{ domain: '', version: OPSET }, ...[...others].map((domain) => ({ domain, version: 1 }))];
  }

  #graph(): Message {
    const final = (name: string) => this.#outputNames.get(name) ?? name;
    return {
      name: 'dgm',
      node: this.#nodes.map((node) => ({
        ...node,
        input: node.input.map(final),
        output: node.output.map(final),
      })),
      initializer: [...this.#initializers.values()],
      input: this.#inputs,
      output: this.#outputs,
    };
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
    const name = wanted ?? `${this.prefix}c${number}`;
    this.#initializers.set(key, { name, dims: shape, dataType: dataTypes[dtype], rawData: bytes });
    return name;
  }
}

/** An operator by its name, which follows that of its domain unless it is one of ONNX's own. */
function operator(name: string): Pick<OnnxNode, 'domain' | 'opType'> {
  const end = name.lastIndexOf('.');
  return end < 0 ? { opType: name } : { domain: name.slice(0, end), opType: name.slice(end + 1) };
}

/** A prefix of generated names, such as `v0` and `c1`, that makes none of them one of the names that are taken. */
function freePrefix(wanted: string, taken: readonly string[]): string {
  const clashes = (name: string): boolean =>
    wanted === '' ? /^[vc]\d+$/.test(name) : name.startsWith(wanted);
  return taken.some(clashes) ? freePrefix(`_${wanted}`, taken) : wanted;
}

function valueInfo(name: string, { shape, dtype }: Value, stack?: string | number): Message {
  const first =
    stack === undefined ? [] : [typeof stack === 'number' ? { dimValue: stack } : { dimParam: stack }];
  const dim = [...first, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: dataTypes[dtype], shape: { dim } } } };
}

function encodeAttribute(value: OnnxAttribute): Message {
  if (typeof value === 'number') return { type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  return { type: attributeTypes.ints, ints: value };
}
