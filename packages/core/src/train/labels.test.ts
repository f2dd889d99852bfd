import { classContext, hideLabels, Key, UNKNOWN_LABEL, type Examples } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const key = Key.of(0);
const examples: Examples = {
  count: 6,
  shape: [2],
  values: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1),
  labels: Int32Array.of(0, 1, 1, 0, 0, 1),
};
const labelled = (...labels: number[]): Examples => ({ ...examples, labels: Int32Array.from(labels) });
const contextOf = (
  make: ReturnType<typeof classContext>,
  set: Examples,
  rows: readonly number[],
  training = false,
) => {
  const { x, context } = make(set, Int32Array.from(rows), { key, training });
  const values = context.arraySync();
  tf.dispose([x, context]);
  return values as number[][];
};

describe('classContext', () => {
  test('makes rows with the one-hot labels of their classes', () => {
    const make = classContext({ classes: 3 });
    expect(contextOf(make, labelled(0, 1, 2, 0, 1, 2), [5, 0])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expectNoLeaks(() => contextOf(make, examples, [1, 2]));
    const { x, context } = make(examples, Int32Array.of(3, 1), { key, training: true });
    expect(x.arraySync()).toEqual([
      [1, 1],
      [0, 1],
    ]);
    tf.dispose([x, context]);
  });

  test.each([
    [
      'a label above the classes',
      labelled(0, 7, 0, 0, 0, 0),
      'label of row 1 to be an integer from 0 to 1, got 7',
    ],
    ['a negative label', labelled(0, -2, 0, 0, 0, 0), 'got -2'],
    ['an unknown label', labelled(0, -1, 0, 0, 0, 0), 'got -1, which means unknown'],
    ['no labels', { count: 6, shape: [2], values: examples.values }, 'which means unknown'],
  ])('refuses %s', (_, set, message) => {
    const make = classContext({ classes: 2 });
    expectNoLeaks(() => expect(() => contextOf(make, set, [1])).toThrow(message));
  });

  test('has zeros for an unknown label where that is asked for, and still refuses other labels', () => {
    const make = classContext({ classes: 2, unknown: 'zeros' });
    expect(contextOf(make, labelled(-1, 1, 0, 0, 0, 0), [0, 1])).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(() => contextOf(make, labelled(2, 0, 0, 0, 0, 0), [0])).toThrow('from 0 to 1, got 2');
  });

  test('hides the given share of the labels in training, and none outside of it', () => {
    const make = classContext({ classes: 2, dropout: 0.25 });
    const rows = Array.from({ length: 4000 }, (_, index) => index % 6);
    const known = (training: boolean) =>
      contextOf(make, examples, rows, training).filter((row) => row.includes(1)).length / rows.length;
    expect(known(false)).toBe(1);
    expect(Math.abs(known(true) - 0.75)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000));
  });

  test('refuses options that are not its own', () => {
    expect(() => classContext({ classes: 0 })).toThrow('classes to be an integer of at least 1');
    expect(() => classContext({ classes: 2, dropout: 1 })).toThrow('dropout');
    expect(() => classContext({ classes: 2, unknown: 'zero' as 'zeros' })).toThrow('did you mean "zeros"');
    expect(() => classContext({ clases: 2 } as never)).toThrow('did you mean "classes"');
  });
});

describe('hideLabels', () => {
  test('keeps as many of each class, chosen by the key', () => {
    const hide = (seed: number) => [...hideLabels(examples, { labelled: 4, key: Key.of(seed) }).labels!];
    const kept = hide(0).filter((label) => label >= 0);
    expect(kept.sort()).toEqual([0, 0, 1, 1]);
    hide(0).forEach((label, row) => expect([UNKNOWN_LABEL, examples.labels![row]]).toContain(label));
    expect(hide(0)).toEqual(hide(0));
    expect([1, 2, 3, 4].map(hide)).not.toEqual([0, 0, 0, 0].map(hide));
  });

  test('refuses shares that cannot be had', () => {
    expect(() => hideLabels(examples, { labelled: 3, key })).toThrow(
      'a multiple of the number of classes, 2',
    );
    expect(() => hideLabels(examples, { labelled: 8, key })).toThrow('3 of class');
    expect(() => hideLabels(examples, { labelled: 2 } as never)).toThrow('key');
  });
});
