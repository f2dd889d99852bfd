import { expect, inject, it } from 'vitest';
import { emptyProject, write } from '../src/consumer';
import { copiesOf } from '../src/installed';
import { readmeExample, shortened, toJavaScript } from '../src/program';
import { node, pnpm } from '../src/run';

const { core, data, vae } = inject('tarballs');
const project = emptyProject({
  dependencies: { '@dgm/core': `file:${core}`, '@dgm/data': `file:${data}`, '@dgm/vae': `file:${vae}` },
  // The packages name each other by version, which no registry has yet.
  pnpm: { overrides: { '@dgm/core': `file:${core}` } },
});

it('run the example of the README when pnpm has installed the packed packages', async () => {
  pnpm(project, 'install', '--prefer-offline', '--ignore-workspace');
  expect(copiesOf('@tensorflow/tfjs-core', project)).toHaveLength(1);
  write(project, 'example.mjs', await toJavaScript(shortened(readmeExample()), 'esm'));
  expect(node(project, 'example.mjs')).toMatch(/-?\d+\.\d/);
});
