import { describe, expect, it } from 'vitest';
import { describePeers } from './peers';
import { isOld, releasedOn } from './releases';

describe('the age of a peer', () => {
  it.each([
    ['PyTorch', '1.13.0a0', '2022-10-28'],
    ['PyTorch', '1.9.1', '2022-10-28'],
    ['PyTorch', '2.9.1+cpu', '2025-10-15'],
    ['PyTorch', '2.15.0', '2026-10-28'],
    ['PyTorch', '2.16.0', undefined],
    ['PyTorch', '3.0.0', undefined],
    ['JAX', '0.12.0.1', '2026-10-19'],
  ] as const)('is that of the minor version: %s %s', (library, version, date) => {
    expect(releasedOn(library, version)).toBe(date);
  });

  it('is too much after a year', () => {
    expect(isOld('2025-10-15', new Date('2026-11-01'))).toBe(true);
    expect(isOld('2026-01-21', new Date('2026-11-01'))).toBe(false);
    expect(isOld(undefined, new Date('2026-11-01'))).toBe(false);
  });

  it('is told once for each library that is installed', () => {
    const torch = { python: 'python3', version: '1.13.0', language: 'Python 3.11.2' };
    const peers = describePeers(
      [
        { name: 'pytorch', interpreter: torch },
        { name: 'pytorch-fused', interpreter: torch },
        { name: 'jax', interpreter: { missing: 'nowhere', remedy: 'install it' } },
      ],
      new Date('2026-11-01'),
    );
    expect(peers).toEqual([
      {
        library: 'PyTorch',
        version: '1.13.0',
        language: 'Python 3.11.2',
        released: '2022-10-28',
        isOld: true,
      },
    ]);
  });
});
