import type { ElementwiseOp, ElementwiseProgram, Step } from './expression';

/**
 * A WebAssembly module with one function, `run(count, ...tensors, ...results, ...scalars)`, that computes an elementwise
 * program four elements at a time. Tensors and results are byte offsets into the imported memory, aligned to 16 bytes and
 * padded to a multiple of four elements; a result may be one of the tensors.
 *
 * @see https://webassembly.github.io/spec/core/binary/index.html
 */
export function assemble(
  program: ElementwiseProgram,
  tensors: number,
  scalars: number,
): Uint8Array<ArrayBuffer> {
  const parameters = [I32, ...pad(tensors, I32), ...pad(program.results.length, I32), ...pad(scalars, F32)];
  const body = code(program, tensors, scalars);
  const type = [FUNCTION, ...vector(parameters.map((parameter) => [parameter])), ...vector([])];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([type])),
    ...section(2, vector([[...name('env'), ...name('memory'), MEMORY, 0x00, ...leb(1)]])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...name('run'), 0x00, 0x00]])),
    ...section(10, vector([[...leb(body.length), ...body]])),
  ]);
}

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const FUNCTION = 0x60;
const MEMORY = 0x02;

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const SIMD = 0xfd;

const OPCODES: Readonly<Record<Exclude<ElementwiseOp, 'Square'>, number>> = {
  Abs: 0xe0,
  Neg: 0xe1,
  Sqrt: 0xe3,
  Add: 0xe4,
  Sub: 0xe5,
  Multiply: 0xe6,
  RealDiv: 0xe7,
  Minimum: 0xea,
  Maximum: 0xeb,
};
const NOT_EQUAL = 0x42;
const OR = 0x50;

/** The instructions of an op, given those that push its operands. */
function apply(op: ElementwiseOp, operands: readonly (readonly number[])[]): number[] {
  const [first, second = []] = operands as [number[], number[]?];
  if (op === 'Square') return apply('Multiply', [first, first]);
  const instructions = [...first, ...second, SIMD, ...leb(OPCODES[op])];
  if (op !== 'Minimum' && op !== 'Maximum') return instructions;
  // The pseudo-minimum and -maximum are one instruction of the processor, the others seven, and give the first operand where
  // either is not a number. A second that is none differs from itself: the mask of all ones is also not a number.
  return [...instructions, ...second, ...second, SIMD, NOT_EQUAL, SIMD, OR];
}

/** Locals and instructions: scalars and constants are spread over vectors once, then a loop runs over the elements. */
function code({ steps, results }: ElementwiseProgram, tensors: number, scalars: number): number[] {
  const firstResult = 1 + tensors;
  const firstScalar = firstResult + results.length;
  const firstStep = firstScalar + scalars;
  const offset = firstStep + steps.length;
  const get = (local: number) => [LOCAL_GET, ...leb(local)];
  const set = (local: number) => [LOCAL_SET, ...leb(local)];
  const address = (parameter: number) => [...get(parameter), ...get(offset), I32_ADD];

  const isFixed = (step: Step) => step.kind === 'scalar' || step.kind === 'constant';
  const compute = (step: Step): number[] => {
    switch (step.kind) {
      case 'tensor':
        return [...address(1 + step.index), SIMD, ...leb(0x00), 4, 0];
      case 'scalar':
        return [...get(firstScalar + step.index), SIMD, ...leb(0x13)];
      case 'constant':
        return [F32_CONST, ...new Uint8Array(Float32Array.of(step.value).buffer), SIMD, ...leb(0x13)];
      case 'op':
        return apply(
          step.op,
          step.operands.map((operand) => get(firstStep + operand)),
        );
    }
  };
  const assign = (wanted: boolean) =>
    steps.flatMap((step, index) =>
      isFixed(step) === wanted ? [...compute(step), ...set(firstStep + index)] : [],
    );
  const store = results.flatMap((step, index) => [
    ...address(firstResult + index),
    ...get(firstStep + step),
    SIMD,
    ...leb(0x0b),
    ...[4, 0],
  ]);
  return [
    ...vector([
      [...leb(steps.length), V128],
      [...leb(1), I32],
    ]),
    ...assign(true),
    ...[LOOP, EMPTY_BLOCK],
    ...assign(false),
    ...store,
    // offset += 16; repeat while offset < 4 * count, both in bytes
    ...[...get(offset), I32_CONST, 16, I32_ADD, 0x22, ...leb(offset)],
    ...[...get(0), I32_CONST, 2, I32_SHL, I32_LT_U, BR_IF, 0],
    END,
    END,
  ];
}

const I32_ADD = 0x6a;
const I32_SHL = 0x74;
const I32_LT_U = 0x49;
const I32_CONST = 0x41;
const F32_CONST = 0x43;
const LOOP = 0x03;
const EMPTY_BLOCK = 0x40;
const BR_IF = 0x0d;
const END = 0x0b;

function pad(count: number, type: number): number[] {
  return Array.from({ length: count }, () => type);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...leb(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
    if (rest === 0) return bytes;
  }
}
