import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { DgmError, ShapeError } from '../errors/dgm-error';
import {
  checkArray,
  checkGiven,
  checkInteger,
  checkMethods,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkShape,
  checkSizes,
  checkThat,
  closest,
} from './check';

const isCode = (code: 'argument' | 'shape') => expect.toSatisfy((error) => DgmError.is(error, code));

describe('checkInteger', () => {
  it.each([1, 7])('accepts %d', (value) => expect(() => checkInteger('f', 'n', value)).not.toThrow());
  it.each([0, -1, 1.5, NaN, Infinity, '3', undefined, null, 2 ** 53])('refuses %s', (value) => {
    expect(() => checkInteger('f', 'n', value)).toThrow(isCode('argument'));
  });
  it('says the range and the value', () => {
    expect(() => checkInteger('f', 'n', 9, { min: 0, max: 4 })).toThrow(
      'f: expected n to be an integer from 0 to 4, got 9',
    );
    expect(() => checkInteger('f', 'n', '3')).toThrow(
      'f: expected n to be an integer of at least 1, got "3"',
    );
  });
});

describe('checkNumber', () => {
  it.each([
    [0, { above: 0 }, 'above 0'],
    [1, { min: 0, below: 1 }, 'in [0, 1)'],
    [2, { above: 0, max: 1 }, 'in (0, 1]'],
    [-3, { min: 0 }, 'of at least 0'],
    [3, { max: 2 }, 'of at most 2'],
    [3, { below: 2 }, 'below 2'],
    [NaN, {}, 'to be a number'],
    ['1', {}, 'got "1"'],
    [[1], {}, 'got [1]'],
  ])('refuses %s outside %o', (value, range, words) => {
    expect(() => checkNumber('f', 'x', value, range)).toThrow(words);
  });
  it('accepts the ends that belong to the range', () => {
    expect(() => checkNumber('f', 'x', 0, { min: 0, below: 1 })).not.toThrow();
  });
});

describe('checkSizes', () => {
  it.each([[[]], [[1, 64]]])('accepts %j', (sizes) =>
    expect(() => checkSizes('f', 'shape', sizes)).not.toThrow(),
  );
  it.each([[[0]], [[-1]], [[1.5]], [['3']], [3], ['[3]'], [undefined]])('refuses %j', (sizes) => {
    expect(() => checkSizes('f', 'shape', sizes)).toThrow(
      'f: expected shape to be a list of integers of at least 1, such as [16], got',
    );
  });
  it('takes another range', () => {
    expect(() => checkSizes('f', 'shape', [0], { min: 0 })).not.toThrow();
    expect(() => checkSizes('f', 'shape', [-1], { min: 0 })).toThrow('of at least 0, such as [16], got [-1]');
  });
});

test('checkArray wants an array', () => {
  expect(() => checkArray('f', 'penalties', [], 'to be a list')).not.toThrow();
  expect(() => checkArray('f', 'penalties', { length: 1 }, 'to be a list')).toThrow(
    'f: expected penalties to be a list, got { length }',
  );
});

test('checkMethods names the method that is missing', () => {
  const kind = { methods: ['apply', 'dispose'], expected: 'to be a layer' };
  expect(() => checkMethods('f', 'network', { apply: () => 0, dispose: () => 0 }, kind)).not.toThrow();
  expect(() => checkMethods('f', 'network', { apply: () => 0 }, kind)).toThrow(
    'f: expected network to be a layer, got an object without dispose',
  );
  for (const none of [undefined, null, 3, 'mlp']) {
    expect(() => checkMethods('f', 'network', none, kind)).toThrow(isCode('argument'));
  }
});

test('checkThat throws the given error for what does not hold', () => {
  const details = { expected: 'to be even', actual: '7' };
  expect(() => checkThat('f', 'n', true, details)).not.toThrow();
  expect(() => checkThat('f', 'n', false, details)).toThrow('f: expected n to be even, got 7');
  expect(() => checkThat('f', 'n', false, details)).toThrow(isCode('argument'));
  expect(() => checkThat('f', 'n', 0, { error: ShapeError, ...details, remedy: 'halve it' })).toThrow(
    isCode('shape'),
  );
});

test('checkOneOf suggests the closest name', () => {
  expect(() => checkOneOf('f', 'activation', 'sigmiod', ['relu', 'sigmoid'])).toThrow(
    'did you mean "sigmoid"',
  );
  expect(() => checkOneOf('f', 'activation', 'unrelated', ['relu'])).not.toThrow('did you mean');
  expect(() => checkOneOf('f', 'activation', 'relu', ['relu'])).not.toThrow();
  expect(() => checkOneOf('f', 'activation', 3, ['relu'])).toThrow(isCode('argument'));
});

test('checkOptions finds a misspelt option', () => {
  expect(() => checkOptions('f', { hiden: 3 }, ['hidden', 'depth'])).toThrow('did you mean "hidden"');
  expect(() => checkOptions('f', { hiden: 3 }, [])).toThrow('f: expected options to be empty, got "hiden"');
  expect(() => checkOptions('f', { hidden: 3 }, ['hidden', 'depth'])).not.toThrow();
  expect(() => checkOptions('f', undefined, [])).toThrow(isCode('argument'));
});

test('checkGiven names what is missing', () => {
  expect(() => checkGiven('fit', 'optimizer', undefined, 'to be an optimizer such as adam()')).toThrow(
    'fit: expected optimizer to be an optimizer such as adam(), got undefined',
  );
});

test('checkShape takes names for any size, and any leading axes', () => {
  tf.tidy(() => {
    const x = tf.zeros([2, 3, 4]);
    expect(() => checkShape('f', 'x', x, ['n', 3, 'd'])).not.toThrow();
    expect(() => checkShape('f', 'x', x, ['...', 4])).not.toThrow();
    expect(() => checkShape('f', 'x', x, ['...', 3])).toThrow(isCode('shape'));
    expect(() => checkShape('f', 'x', x, ['n', 3])).toThrow('of shape [n, 3], got [2, 3, 4]');
  });
  expect(() => checkShape('f', 'x', [1] as never, ['n'])).toThrow(isCode('argument'));
});

test('closest counts an exchange of neighbours as one edit', () => {
  expect(closest('vea', ['vae', 'flow'])).toBe('vae');
  expect(closest('zzz', ['vae', 'flow'])).toBeUndefined();
});
