import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Key } from '../random/key';
import { GruCell, LstmCell } from './recurrent';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The gates of a cell of one input and one unit, computed on the host: input part and hidden part of each. */
function gates(
  cell: GruCell | LstmCell,
  x: number,
  hidden: number,
): { fromInput: number[]; fromHidden: number[] } {
  const [inputKernel, hiddenKernel] = [cell.inputKernel.dataSync(), cell.hiddenKernel.dataSync()];
  const [inputBias, hiddenBias] = [cell.inputBias.dataSync(), cell.hiddenBias.dataSync()];
  return {
    fromInput: Array.from(inputKernel, (weight, gate) => weight * x + inputBias[gate]!),
    fromHidden: Array.from(hiddenKernel, (weight, gate) => weight * hidden + hiddenBias[gate]!),
  };
}

describe('GruCell', () => {
  it('advances by the equations of a gated recurrent unit', () => {
    expectNoLeaks(() => {
      const cell = new GruCell({ inputs: 1, hidden: 1, key: Key.of(0) });
      const { fromInput: a, fromHidden: b } = gates(cell, 0.7, -0.4);
      const [reset, update] = [sigmoid(a[0]! + b[0]!), sigmoid(a[1]! + b[1]!)];
      const candidate = Math.tanh(a[2]! + reset * b[2]!);
      tf.tidy(() => {
        const weights = cell.gates();
        const projected = cell.project(tf.tensor2d([[0.7]]), weights);
        const next = cell.advance(projected, { hidden: tf.tensor2d([[-0.4]]) }, weights);
        expect(next.hidden.dataSync()).toBeCloseToArray([(1 - update) * candidate + update * -0.4]);
        expect(cell.initialState(3).hidden.shape).toEqual([3, 1]);
      });
      cell.dispose();
    });
  });
});

describe('LstmCell', () => {
  it('advances by the equations of a long short-term memory', () => {
    expectNoLeaks(() => {
      const cell = new LstmCell({ inputs: 1, hidden: 1, key: Key.of(0) });
      const { fromInput, fromHidden } = gates(cell, 0.7, -0.4);
      const [input, forget, candidate, output] = fromInput.map((value, gate) => value + fromHidden[gate]!);
      const memory = sigmoid(forget!) * 0.3 + sigmoid(input!) * Math.tanh(candidate!);
      tf.tidy(() => {
        const state = { ...cell.initialState(1), hidden: tf.tensor2d([[-0.4]]), cell: tf.tensor2d([[0.3]]) };
        const weights = cell.gates();
        const next = cell.advance(cell.project(tf.tensor2d([[0.7]]), weights), state, weights);
        expect(next.hidden.dataSync()).toBeCloseToArray([sigmoid(output!) * Math.tanh(memory)]);
        expect(next.cell.dataSync()).toBeCloseToArray([memory]);
      });
      cell.dispose();
    });
  });
});
