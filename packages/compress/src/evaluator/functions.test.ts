import { describe, expect, it } from 'vitest';
import { sha256 } from '@dgm/core';
import * as functions from './functions';
import golden from '../../test/golden/functions.json';

type Name = keyof typeof golden;

describe.each(Object.keys(golden) as Name[])('%s', (name) => {
  const f = functions[name];

  it('agrees with golden values to some units in the last place', () => {
    for (const [x, y] of golden[name] as [number, number][]) {
      const error = Math.abs(f(x) - y);
      // Near zeros of sin and cos, and where erfc is a difference, the absolute error counts.
      const scale = name === 'sin' || name === 'cos' ? 1 : Math.abs(y);
      expect(error, `${name}(${x})`).toBeLessThanOrEqual(2e-14 * scale);
    }
  });
});

it('takes infinities, zeros and NaN', () => {
  const { exp, log, log1p, expm1, tanh, sigmoid, softplus, erf, erfc, sin } = functions;
  expect([exp(Infinity), exp(-Infinity), exp(0), exp(NaN), exp(-740)]).toEqual([
    Infinity,
    0,
    1,
    NaN,
    4.2e-322,
  ]);
  expect([exp(709.78), log(5e-324)].map((y) => Math.round(y * 1e-300) || y)).toEqual([
    Math.round(Math.exp(709.78) * 1e-300),
    -744.4400719213812,
  ]);
  expect([log(0), log(-1), log(Infinity), log(NaN), log(1)]).toEqual([-Infinity, NaN, Infinity, NaN, 0]);
  expect([log1p(-1), log1p(Infinity), log1p(1e-20)]).toEqual([-Infinity, Infinity, 1e-20]);
  expect([expm1(-Infinity), expm1(Infinity), expm1(1e-20)]).toEqual([-1, Infinity, 1e-20]);
  expect([tanh(Infinity), tanh(-Infinity), tanh(NaN), tanh(0)]).toEqual([1, -1, NaN, 0]);
  expect([sigmoid(Infinity), sigmoid(-Infinity), sigmoid(NaN)]).toEqual([1, 0, NaN]);
  expect([softplus(Infinity), softplus(-Infinity), softplus(NaN)]).toEqual([Infinity, 0, NaN]);
  expect([erf(Infinity), erf(-Infinity), erf(NaN), erfc(Infinity), erfc(-Infinity)]).toEqual([
    1,
    -1,
    NaN,
    0,
    2,
  ]);
  expect(sin(Infinity)).toBe(NaN);
});

it('rounds halves to even numbers and takes whole powers exactly', () => {
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6].map(functions.roundHalfToEven)).toEqual([
    -2, -2, 0, 0, 2, 2, 3,
  ]);
  expect([functions.pow(3, 4), functions.pow(-2, 3), functions.pow(2, -2), functions.pow(0, 0)]).toEqual([
    81, -8, 0.25, 1,
  ]);
  expect([functions.pow(9, 0.5), functions.pow(0, 0.5), functions.pow(-1, 0.5)]).toEqual([
    expect.closeTo(3, 12),
    0,
    NaN,
  ]);
});

it('gives the bits that are committed, here as everywhere', () => {
  const values: number[] = [];
  for (const name of Object.keys(golden).sort() as Name[]) {
    for (let i = -400; i <= 400; i++) values.push(functions[name](i / 16 + i * i * 1e-7));
  }
  const bytes = new Uint8Array(8 * values.length);
  values.forEach((value, index) =>
    new DataView(bytes.buffer).setFloat64(8 * index, Number.isNaN(value) ? 0 : value),
  );
  expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(
    'bdaf59bc98d795f8fb5da93338fe03df5d8415c6dfe32abed1be74c7603221d3',
  );
});
