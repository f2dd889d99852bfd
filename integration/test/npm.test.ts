import { beforeAll, describe, expect, inject, it } from 'vitest';
import { bundleForBrowser } from '../src/bundle';
import type { Bundle } from '../src/bundle';
import { emptyProject, write } from '../src/consumer';
import { copiesOf } from '../src/installed';
import { chromium, openPage } from '../src/page';
import { insideMain, readmeExample, toJavaScript } from '../src/program';
import { node, npmInstall, tsc } from '../src/run';

const project = emptyProject();
const example = readmeExample();

beforeAll(() => {
  npmInstall(project, ...Object.values(inject('tarballs')));
});

describe('the packed packages, installed by npm', () => {
  it('bring one copy of tfjs-core and of @dgm/core', () => {
    expect(copiesOf('@tensorflow/tfjs-core', project)).toHaveLength(1);
    expect(copiesOf('@dgm/core', project)).toHaveLength(1);
  });

  it('run the example of the README as an ES module', async () => {
    write(project, 'example.mjs', await toJavaScript(example, 'esm'));
    expect(node(project, 'example.mjs')).toMatch(/-?\d+\.\d/);
  });

  it('run the example of the README as a CommonJS module', async () => {
    write(project, 'example.cjs', await toJavaScript(insideMain(example), 'cjs'));
    expect(node(project, 'example.cjs')).toMatch(/-?\d+\.\d/);
  });

  it.each(['@dgm/core/node', '@dgm/vae/benchmark'])('have the entry %s in both module systems', (entry) => {
    write(
      project,
      'entry.mjs',
      `import * as entry from '${entry}'; console.log(Object.keys(entry).length > 0);`,
    );
    write(project, 'entry.cjs', `console.log(Object.keys(require('${entry}')).length > 0);`);
    expect([node(project, 'entry.mjs'), node(project, 'entry.cjs')]).toEqual(['true\n', 'true\n']);
  });

  it.each(['nodenext', 'bundler'])('resolve their types, moduleResolution %s', (moduleResolution) => {
    const files = moduleResolution === 'nodenext' ? ['types.mts', 'types.cts'] : ['types.ts'];
    for (const file of files) write(project, file, insideMain(example));
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      types: [],
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext',
      moduleResolution,
    };
    write(project, `tsconfig.${moduleResolution}.json`, JSON.stringify({ compilerOptions, files }));
    expect(tsc(project, '-p', `tsconfig.${moduleResolution}.json`)).toBe('');
  });
});

describe('the packed packages, bundled for the browser', () => {
  let bundle: Bundle;

  // The page has no console that we read: it posts what it would print, or how it fails.
  const page = `
    const lines = [];
    console.log = (...words) => lines.push(words.join(' '));
    const post = (body) => fetch('/result', { method: 'POST', body });
    addEventListener('error', ({ message }) => post('failed: ' + message));
    addEventListener('unhandledrejection', ({ reason }) => post('failed: ' + (reason?.stack ?? reason)));`;

  beforeAll(async () => {
    const program = example.replace(
      /await setup\([^)]*\)/,
      "await setup({ backend: 'wasm', wasmPaths: '/' })",
    );
    expect(program).toContain('wasmPaths');
    write(
      project,
      'prelude.ts',
      `${page}\nObject.assign(globalThis, { report: () => post(lines.join('\\n')) });`,
    );
    bundle = await bundleForBrowser(
      project,
      `import './prelude';\n${program}\n(globalThis as any).report();`,
    );
  });

  it('hold one copy of tfjs-core and stay small', () => {
    expect(bundle.tfjsCores).toHaveLength(1);
    const size = bundle.gzippedKilobytes;
    console.log(`a VAE for the browser: ${size.toFixed(0)} kB of JavaScript, minified and gzipped`);
    expect(size).toBeLessThan(300);
  });

  it.skipIf(chromium === undefined)('train in a page on wasm (wants chromium)', async () => {
    expect(await openPage(bundle.folder, chromium!)).toMatch(/^(?!failed)[^]*-?\d+\.\d/);
  });
});
