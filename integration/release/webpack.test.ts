import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { write } from '../src/consumer';
import { chromium, openPage } from '../src/page';
import { asPage, importsOf, readmeExample, toJavaScript } from '../src/program';
import { strangersProject } from '../src/release';
import { node, npmInstall } from '../src/run';

it.skipIf(chromium === undefined)(
  'a page built by webpack trains a VAE on wasm (wants chromium)',
  async () => {
    const example = readmeExample('packages/vae');
    const project = strangersProject();
    npmInstall(project, 'webpack@5', ...importsOf(example));
    const page = path.join(project, 'page');
    mkdirSync(page);
    const program = asPage(project, example).replace("wasmPaths: '/'", `wasmPaths: { ${urls} }`);
    write(project, 'main.js', await toJavaScript(program, 'esm'));
    const prelude = readFileSync(path.join(project, 'prelude.ts'), 'utf8');
    write(project, 'prelude.js', await toJavaScript(prelude, 'esm'));
    write(project, 'build.cjs', BUILD);
    node(project, 'build.cjs');
    write(page, 'index.html', '<!doctype html><script defer src="/main.js"></script>');
    expect(await openPage(page, chromium!)).toContain('lower-bound importance-sampled true');
  },
);

/** As core's README has it: webpack emits what such a URL names. */
const urls = ['', '-simd', '-threaded-simd']
  .map((kind) => `tfjs-backend-wasm${kind}.wasm`)
  .map((file) => `'${file}': new URL('@tensorflow/tfjs-backend-wasm/dist/${file}', import.meta.url).href`)
  .join(', ');

/** What `webpack --mode production` does, without its command line. */
const BUILD = `
require('webpack')(
  {
    mode: 'production',
    entry: './main.js',
    output: { path: __dirname + '/page', filename: 'main.js' },
  },
  (error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString({ all: false, errors: true }));
  },
);`;
