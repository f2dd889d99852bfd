import { waveNet } from '@dgm/arm';
import { categoricalHead, DgmError, Key, mlp, normalHead } from '@dgm/core';
import type { Module } from '@dgm/core';
import { idf, realNvp } from '@dgm/flows';
import { vae } from '@dgm/vae';
import { expect, it } from 'vitest';
import { factorized } from '../../test/compressors.cases';
import { codecOf } from './codec-of';
import { readAnyCodec } from './read-codec';

const key = Key.of(0);
const likelihood = categoricalHead({ shape: [], levels: 3 });

it.each<[string, boolean, () => Module]>([
  ['autoregressive', true, () => waveNet({ shape: [4], likelihood, hidden: 2, dilations: [1], key })],
  ['integer-flow', true, () => idf({ dims: 4, couplings: 1, hidden: [2], key })],
  ['neural', false, () => factorized(key)],
  [
    'bits-back',
    true,
    () =>
      vae({
        encoder: mlp([4, 2], { key }),
        decoder: mlp([1, 12], { key }),
        posterior: normalHead({ shape: [1] }),
        likelihood: categoricalHead({ shape: [4], levels: 3 }),
      }),
  ],
])('finds the codec %s', (method, isLossless, make) => {
  const model = make();
  const codec = codecOf(model);
  expect([codec.method, codec.isLossless]).toEqual([method, isLossless]);
  const again = readAnyCodec(codec.toBytes());
  expect([again.method, again.modelHash]).toEqual([method, codec.modelHash]);
  model.dispose();
});

it('refuses models that have none', () => {
  for (const model of [realNvp({ dims: 4, couplings: 2, hidden: [2], key }), mlp([2, 2], { key })]) {
    let code: unknown;
    try {
      codecOf(model);
    } catch (error) {
      code = DgmError.is(error) && error.code;
    }
    expect(code).toBe('unsupported');
    model.dispose();
  }
});
