import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { copyWasm } from '../src/bundle';
import { write } from '../src/consumer';
import { chromium, openPage } from '../src/page';
import { asPage, importsOf, readmeExample } from '../src/program';
import { strangersProject } from '../src/release';
import { node, npmInstall } from '../src/run';

it.skipIf(chromium === undefined)('a page built by Vite trains a VAE on wasm (wants chromium)', async () => {
  const example = readmeExample('packages/vae');
  const project = strangersProject();
  npmInstall(project, 'vite@8', ...importsOf(example));
  mkdirSync(path.join(project, 'public'));
  copyWasm(project, path.join(project, 'public'));
  write(project, 'main.ts', asPage(project, example));
  write(project, 'index.html', '<!doctype html><script type="module" src="/main.ts"></script>');
  node(project, path.join(project, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel=error');
  expect(await openPage(path.join(project, 'dist'), chromium!)).toContain(
    'lower-bound importance-sampled true',
  );
});
