import { UnsupportedError } from '@dgm/core';
import { capture, topologicalOrder } from '@dgm/compile';
import type { GraphValue, InputSpec } from '@dgm/compile';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConstantData, Instruction, ValueSpec } from './instruction';
import { lowerNode, specOf } from './lower';
import type { Assembler } from './lower';
import { Program } from './program';

/** Named tensors to named tensors. */
export type TracedFunction = (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;

/**
 * Turns a function of tensors into a {@link Program}: captures its graph, and writes each kernel as instructions whose
 * results are equal to the bit wherever they run. Variables become constants with their present values.
 *
 * @param fn - made of tfjs ops that read no value, assign no variable and draw nothing
 * @param specs - shape and type of each input
 * @throws UnsupportedError where the function reads a value, assigns a variable or draws
 * @throws EngineError where it uses a kernel that has no such form
 *
 * @example
 * ```ts
 * const program = traceProgram(({ x }) => ({ y: tf.tanh(x!) }), { x: { shape: [2] } });
 * program.run({ x: [0, 1] }); // { y: Float64Array [0, 0.76...] }
 * ```
 */
export function traceProgram(fn: TracedFunction, specs: Readonly<Record<string, InputSpec>>): Program {
  const { graph, state, draws } = capture(({ tensors }) => fn(tensors), specs);
  if (draws.size > 0) throw refused('to draw nothing', 'one that draws from a key');
  const assigned = [...state.keys()].find((name) => graph.outputs.has(name));
  if (assigned !== undefined) throw refused('to assign no variable', 'one that does');

  const values: ValueSpec[] = [];
  const instructions: Instruction[] = [];
  const constants = new Map<number, ConstantData>();
  const scalars = new Map<number, number>();
  const numbers = new Map<GraphValue, number>();
  const add = (spec: ValueSpec): number => values.push(spec) - 1;
  const constant = (data: ConstantData, spec: ValueSpec): number => {
    const value = add(spec);
    constants.set(value, data);
    return value;
  };
  const assembler: Assembler = {
    emit: (operation, inputs, spec) => {
      const output = add({ shape: [...spec.shape], type: spec.type });
      instructions.push({ operation, inputs: [...inputs], output });
      return output;
    },
    scalar: (number) => {
      const known = scalars.get(number) ?? constant(Float32Array.of(number), { shape: [], type: 'float32' });
      scalars.set(number, known);
      return known;
    },
    spec: (value) => values[value]!,
  };
  /** Many equal numbers are stored as one. */
  const constantOf = (data: ConstantData, spec: ValueSpec): number => {
    const [first] = data;
    if (data.length < 2 || !data.every((element) => Object.is(element, first))) return constant(data, spec);
    const one = constant(data.slice(0, 1), { shape: [], type: spec.type });
    return assembler.emit({ op: 'view', offset: 0, strides: spec.shape.map(() => 0) }, [one], spec);
  };
  const inputs: Record<string, number> = {};
  for (const name of Object.keys(specs)) {
    const value = graph.inputs.get(name)!;
    numbers.set(value, (inputs[name] = add(specOf(value))));
  }
  for (const [name, variable] of state) {
    const value = graph.inputs.get(name)!;
    numbers.set(value, constant((variable.dataSync() as ConstantData).slice(), specOf(value)));
  }
  const numberOf = (value: GraphValue): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    if (value.source.kind !== 'constant') throw new Error('a value that nothing makes');
    const made = constantOf(value.source.data, specOf(value));
    numbers.set(value, made);
    return made;
  };
  for (const node of topologicalOrder(graph.outputs.values())) {
    const results = lowerNode(node, node.inputs.map(numberOf), assembler);
    node.outputs.forEach((output, index) => numbers.set(output, results[index]!));
  }
  const outputs = Object.fromEntries([...graph.outputs].map(([name, value]) => [name, numberOf(value)]));
  return new Program({ values, instructions, inputs, outputs, constants });
}

function refused(expected: string, actual: string): UnsupportedError {
  return new UnsupportedError({ where: 'traceProgram', argument: 'the function', expected, actual });
}
