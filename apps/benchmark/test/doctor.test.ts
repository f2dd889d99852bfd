import { describe, expect, it } from 'vitest';
import { setup } from '@dgm/core';
import { describeChecks } from '../src/doctor/check';
import { examine } from '../src/doctor/doctor';
import { checkGpu, timeProduct } from '../src/doctor/gpu';

describe('dgm-bench doctor', () => {
  it('tries every engine and device, and has a remedy for what is missing', async () => {
    const checks = await examine();
    expect(checks.map(({ name }) => name)).toEqual([
      'eager on tensorflow with a GPU',
      'eager on tensorflow',
      'eager on wasm',
      'eager on cpu',
      'compiled on cpu',
      'compiled on webgpu',
      'compiled on cuda',
      'PyTorch, for compare',
      'Chromium, for tests',
    ]);
    const works = new Map(checks.map((finding) => [finding.name, finding.works]));
    // What comes with npm works everywhere.
    expect(['eager on wasm', 'eager on cpu', 'compiled on cpu'].map((name) => works.get(name))).toEqual([
      true,
      true,
      true,
    ]);
    for (const finding of checks) {
      expect(finding.detail, finding.name).not.toBe('');
      if (/^(eager|compiled) on/.test(finding.name)) expect(finding.purpose, finding.name).toMatch(/\w/);
      if (!finding.works) expect(finding.remedy, finding.name).toMatch(/install|DGM_PYTHON|CHROMIUM/);
    }
  }, 60_000);

  it('says on lines of their own what something is for, and what adds it', () => {
    const text = describeChecks([
      { name: 'one', works: true, detail: 'fine', purpose: 'much' },
      { name: 'another', works: false, detail: 'absent', remedy: 'npm install another' },
    ]);
    expect(text.split('\n')).toEqual([
      '✓ one      fine',
      '           for much',
      '✗ another  absent',
      '           to add it: npm install another',
    ]);
  });

  it('says with --gpu why no GPU is used, and how to use one', async () => {
    const check = await checkGpu(8);
    // On a machine with CUDA it works, and says what it measured.
    if (check.works) expect(check.detail).toMatch(/ ms, on one core/);
    else
      expect(check).toMatchObject({
        detail: expect.stringMatching(/not installed|not resolve|on the CPU/),
        remedy: expect.stringContaining('build.mjs'),
      });
  });

  it('times a product and checks its result', async () => {
    await setup({ backend: 'cpu' });
    expect(timeProduct(16)).toBeGreaterThan(0);
  });
});
