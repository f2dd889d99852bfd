import { Dense, Key } from '@dgm/core';
import type { LayerTable } from '@dgm/testing';
import {
  CausalConv1d,
  CausalResidual,
  CausalStack,
  GatedResidualStack,
  LearnedPositions,
  MaskedConv2d,
  ShiftedConv2d,
} from '../src/index';

const sequence = () => Key.of(1).normal([2, 5, 2]);
const image = () => Key.of(1).normal([2, 4, 4, 2]);
const wrongSequences = [[2, 5, 3], [2, 2]]; // prettier-ignore
const wrongImages = [[2, 4, 4, 3]];

export const layers: LayerTable = {
  CausalConv1d: () => ({
    make: (key) => new CausalConv1d({ inputs: 2, outputs: 3, kernelSize: 3, dilation: 2, key }),
    input: sequence,
    outputShape: [2, 5, 3],
    wrongShapes: wrongSequences,
  }),
  'CausalConv1d (option A, no bias)': () => ({
    make: (key) => new CausalConv1d({ inputs: 2, outputs: 3, kernelSize: 2, option: 'A', bias: false, key }),
    input: sequence,
    outputShape: [2, 5, 3],
  }),
  CausalStack: () => ({
    make: (key) =>
      new CausalStack([
        new CausalConv1d({ inputs: 2, outputs: 3, kernelSize: 2, key }),
        new Dense({ inputs: 3, outputs: 4, key }),
      ]),
    input: sequence,
    outputShape: [2, 5, 4],
    wrongShapes: wrongSequences,
  }),
  CausalResidual: () => ({
    make: (key) => new CausalResidual([new CausalConv1d({ inputs: 2, outputs: 2, kernelSize: 2, key })]),
    input: sequence,
    outputShape: [2, 5, 2],
    wrongShapes: wrongSequences,
  }),
  GatedResidualStack: () => ({
    make: (key) =>
      new GatedResidualStack({ inputs: 2, outputs: 3, hidden: 4, kernelSize: 2, dilations: [1, 2], key }),
    // Far enough from the kinks of relu for differences.
    input: () => Key.of(3).normal([1, 4, 2]),
    outputShape: [1, 4, 3],
    wrongShapes: wrongSequences,
  }),
  LearnedPositions: () => ({
    make: (key) => new LearnedPositions({ length: 6, features: 2, key }),
    input: sequence,
    outputShape: [2, 5, 2],
    wrongShapes: [[2, 7, 2], ...wrongSequences],
  }),
  MaskedConv2d: () => ({
    make: (key) => new MaskedConv2d({ inputs: 2, outputs: 3, kernelSize: 3, option: 'A', key }),
    input: image,
    outputShape: [2, 4, 4, 3],
    wrongShapes: wrongImages,
  }),
  ShiftedConv2d: () => ({
    make: (key) =>
      new ShiftedConv2d({ inputs: 2, outputs: 3, direction: 'down', reach: 2, option: 'A', key }),
    input: image,
    outputShape: [2, 4, 4, 3],
    wrongShapes: wrongImages,
  }),
  'ShiftedConv2d (right, option B)': () => ({
    make: (key) =>
      new ShiftedConv2d({ inputs: 2, outputs: 3, direction: 'right', reach: 3, option: 'B', key }),
    input: image,
    outputShape: [2, 4, 4, 3],
    wrongShapes: wrongImages,
  }),
};
