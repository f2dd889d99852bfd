import * as tf from '@tensorflow/tfjs-core';
import { topologicalOrder } from '../../src/graph/graph';
import type { Node } from '../../src/graph/graph';
import { constantKernels } from '../../src/kernels/create';
import { kernels } from '../../src/kernels/table';
import type { OnnxBuilder } from '../../src/kernels/onnx-builder';
import { cases } from '../kernels.cases';
import { captureCase, inputsOf } from './kernel-case';

/** The table of kernels in `docs/kernels.md`: each kernel of TensorFlow.js with the ONNX operators that its cases become. */
export function kernelTable(): string {
  const rows = Object.keys(cases)
    .sort()
    .map((kernel) => [kernel, onnxForm(kernel), kernels[kernel]?.note ?? '']);
  return [
    '# Kernels',
    '',
    'What `@dgm/compile` captures and what it becomes. Written by `scripts/kernel-table.ts` from the cases that the tests',
    'run; do not edit. An op that is made of these kernels can be captured too.',
    '',
    ...aligned([['TensorFlow.js', 'ONNX', 'note'], ...rows]),
    '',
  ].join('\n');
}

/** Columns as wide as their widest cell, the way that the formatter of this repository wants them. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
}

function onnxForm(kernel: string): string {
  if (kernel in constantKernels) return 'a constant';
  const forms = cases[kernel]!.flatMap((the) => {
    const tensors = inputsOf(the);
    const graph = captureCase(the, tensors);
    tf.dispose(tensors);
    return topologicalOrder(graph.outputs.values())
      .filter((node) => node.kernel === kernel)
      .map(operators);
  });
  return [...new Set(forms)].join(', or ');
}

/** The operators that one node becomes, those for layout aside. */
function operators(node: Node): string {
  const written: string[] = [];
  const add = (operator: string, outputs = 1): string[] => {
    written.push(operator);
    return Array.from({ length: outputs }, () => '');
  };
  const recorder: OnnxBuilder = {
    node: (operator) => add(operator)[0]!,
    nodes: (operator, _, outputs) => add(operator, outputs),
    int64: () => '',
    vector: () => '',
    scalar: () => '',
    nameOf: () => '',
    cast: () => add('Cast')[0]!,
    reshape: () => add('Reshape')[0]!,
  };
  kernels[node.kernel]!.lower({ ...node, onnx: recorder, names: node.inputs.map(() => '') });
  if (written.length === 0) return 'nothing';
  return [...new Set(written)].join(' ');
}
