import { Key } from '@dgm/core';
import { describe, expect, test } from 'vitest';
import { countProducts, fourierAlgorithm } from './fourier-algorithm';
import type { ConvolutionAxis, Matrix } from './fourier-algorithm';

const axis = (
  inputs: number,
  taps: number,
  [before, after]: readonly [number, number],
  dilation = 1,
): ConvolutionAxis => ({
  ...{ inputs, taps, dilation, before, after },
  outputs: inputs + before + after - (taps - 1) * dilation,
});

const cases: Readonly<Record<string, readonly ConvolutionAxis[]>> = {
  'one axis, no zeros around': [axis(9, 4, [0, 0])],
  'one axis, causal': [axis(8, 5, [4, 0])],
  'one axis, zeros after': [axis(8, 5, [0, 4])],
  'one axis, dilated': [axis(9, 3, [3, 1], 2)],
  'one axis, more zeros than the kernel reaches': [axis(4, 2, [3, 5])],
  'one axis, as many taps as positions': [axis(4, 4, [0, 0])],
  'two axes': [axis(4, 3, [1, 1]), axis(5, 2, [0, 1])],
  'two axes of even length': [axis(4, 3, [2, 0]), axis(5, 2, [0, 1])],
};

const times = (matrix: Matrix, vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index]!, 0));

/** Sum over taps, as the definition has it; positions and taps run over all axes, the last one fastest. */
function convolved(x: readonly number[], w: readonly number[], axes: readonly ConvolutionAxis[]): number[] {
  const [first, ...others] = axes;
  if (first === undefined) return [x[0]! * w[0]!];
  const size = (of: 'inputs' | 'outputs' | 'taps') => others.reduce((product, each) => product * each[of], 1);
  const [inner, innerTaps] = [size('inputs'), size('taps')];
  return Array.from({ length: first.outputs }, (_, output) => {
    const sum = new Array<number>(size('outputs')).fill(0);
    for (let tap = 0; tap < first.taps; tap++) {
      const input = output + tap * first.dilation - first.before;
      if (input < 0 || input >= first.inputs) continue;
      const part = convolved(
        x.slice(input * inner, (input + 1) * inner),
        w.slice(tap * innerTaps, (tap + 1) * innerTaps),
        others,
      );
      part.forEach((value, index) => (sum[index]! += value));
    }
    return sum;
  }).flat();
}

describe('the Fourier algorithm', () => {
  for (const [name, axes] of Object.entries(cases)) {
    test(`convolves: ${name}`, () => {
      const { ofInput, ofFilter, toOutput } = fourierAlgorithm(axes);
      const x = [...Key.of(0).normal([ofInput[0]!.length]).dataSync()];
      const w = [...Key.of(1).normal([ofFilter[0]!.length]).dataSync()];
      const [a, b] = [times(ofInput, x), times(ofFilter, w)];
      const y = times(
        toOutput,
        a.map((value, index) => value * b[index]!),
      );
      const expected = convolved(x, w, axes);
      expect(y).toHaveLength(expected.length);
      y.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 12));
      expect(countProducts(axes)).toBe(ofInput.length);
    });
  }

  test('takes 104 products for a causal kernel of 7 over 64 positions, where the definition has 448', () => {
    expect(countProducts([axis(64, 7, [6, 0])])).toBe(104);
  });
});
