import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { bundleForBrowser } from '../src/bundle';
import type { Bundle } from '../src/bundle';
import { installedProject, write } from '../src/consumer';
import { copiesOf } from '../src/installed';
import { chromium, openPage } from '../src/page';
import { asPage, insideMain, readmeExample, shortened, toJavaScript } from '../src/program';
import { node } from '../src/run';
import { moduleResolutions, typeCheck } from '../src/type-check';

const project = installedProject();
const example = readmeExample();
/** The root's example writes a file; that of a package also runs in a page. */
const pageExample = readmeExample('packages/vae');

describe('the packed packages, installed by npm', () => {
  it('bring one copy of tfjs-core and of @dgm/core', () => {
    expect(copiesOf('@tensorflow/tfjs-core', inject('installed'))).toHaveLength(1);
    expect(copiesOf('@dgm/core', inject('installed'))).toHaveLength(1);
  });

  it('run the example of the README as an ES module', async () => {
    write(project, 'example.mjs', await toJavaScript(example, 'esm'));
    const nats = Number(/^[\d.]+/.exec(node(project, 'example.mjs'))?.[0]);
    expect(nats).toBeLessThan(98); // independent pixels: 106.5
    const png = readFileSync(path.join(project, 'samples.png'));
    expect([...png.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  });

  it('run the example of the README as a CommonJS module', async () => {
    write(project, 'example.cjs', await toJavaScript(insideMain(shortened(example)), 'cjs'));
    expect(node(project, 'example.cjs')).toMatch(/-?\d+\.\d/);
  });

  it('have the entry @dgm/core/node in both module systems', () => {
    const entry = '@dgm/core/node';
    write(
      project,
      'entry.mjs',
      `import * as entry from '${entry}'; console.log(Object.keys(entry).length > 0);`,
    );
    write(project, 'entry.cjs', `console.log(Object.keys(require('${entry}')).length > 0);`);
    expect([node(project, 'entry.mjs'), node(project, 'entry.cjs')]).toEqual(['true\n', 'true\n']);
  });

  it.each(moduleResolutions)('resolve their types, moduleResolution %s', (moduleResolution) => {
    expect(typeCheck(project, moduleResolution, insideMain(pageExample))).toBe('');
  });
});

describe('the packed packages, bundled for the browser', () => {
  let bundle: Bundle;

  beforeAll(async () => {
    bundle = await bundleForBrowser(project, asPage(project, shortened(pageExample)));
  });

  it('hold one copy of tfjs-core and stay small', () => {
    expect(bundle.tfjsCores).toHaveLength(1);
    const size = bundle.gzippedKilobytes;
    console.log(`a VAE for the browser: ${size.toFixed(0)} kB of JavaScript, minified and gzipped`);
    expect(size).toBeLessThan(300);
  });

  it.skipIf(chromium === undefined)('train in a page on wasm (wants chromium)', async () => {
    expect(await openPage(bundle.folder, chromium!)).toContain('lower-bound importance-sampled true');
  });
});
