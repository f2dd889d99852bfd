import type { Generator } from './generator';

/** Fills an array with independent draws. Each kind has a loop of its own: one loop for all would call, not inline, the draw. */
export type Fill = (values: Float32Array, generator: Generator) => void;

/** Uniform on [`min`, `max`). */
export function fillUniform(min: number, max: number): Fill {
  const span = max - min;
  const largest = float32Below(max);
  return (values, generator) => {
    generator.fillUniform(values);
    if (min === 0 && max === 1) return;
    for (let index = 0; index < values.length; index++) {
      values[index] = Math.min(largest, min + span * values[index]!);
    }
  };
}

/**
 * A value with the given probability, else 0. One byte decides, unless it ties with the probability's own first byte: then a number
 * of 24 bits does.
 */
export function fillBernoulli(probability: number, value: number): Fill {
  const bitsOfValue = new Int32Array(Float32Array.of(value).buffer)[0]!;
  const threshold = Math.floor(256 * probability);
  const rest = 256 * probability - threshold;
  return (values, generator) => {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    for (let start = 0; start < bits.length; start += 4 * CHUNK) {
      const entries = bits.subarray(start, start + 4 * CHUNK);
      const written = generator.choose(entries, threshold, bitsOfValue, ties);
      for (let tie = 0; tie < written; tie += 2) {
        for (let byte = 0; byte < 4; byte++) {
          const index = ties[tie]! + byte;
          if (((ties[tie + 1]! >>> (8 * byte)) & 255) !== threshold || index >= entries.length) continue;
          if (generator.uniform() < rest) entries[index] = bitsOfValue;
        }
      }
    }
  };
}

/** As many integers as stay close to the processor. */
const CHUNK = 4096;
/** Integers with bytes that tie, each after its place. */
const ties = new Int32Array(2 * CHUNK);

export const fillNormal: Fill = (values, generator) => generator.fillNormal(values);

export const fillExponential: Fill = (values, generator) => {
  for (let index = 0; index < values.length; index++) values[index] = generator.exponential();
};

export const fillLogistic: Fill = (values, generator) => {
  for (let index = 0; index < values.length; index++) values[index] = generator.logistic();
};

export const fillGumbel: Fill = (values, generator) => {
  for (let index = 0; index < values.length; index++) values[index] = generator.gumbel();
};

/** The largest float32 below a number: what is rounded to float32 must not reach the open end of an interval. */
function float32Below(bound: number): number {
  const value = new Float32Array([bound]);
  if (value[0]! < bound) return value[0]!;
  if (value[0] === 0) return -(2 ** -149);
  new Int32Array(value.buffer)[0]! -= Math.sign(value[0]!);
  return value[0]!;
}
