import { beforeAll, describe, expect, it } from 'vitest';
import { bundleForBrowser } from '../src/bundle';
import { write } from '../src/consumer';
import { copiesOf, installedMegabytes } from '../src/installed';
import { importsOf, readmeExample, toJavaScript } from '../src/program';
import { libraries, releasedVersion, strangersProject } from '../src/release';
import { node, npmInstall, pnpm } from '../src/run';
import { recordedSizes, recordSize } from '../src/sizes';
import { moduleResolutions, typeCheck } from '../src/type-check';

// Its postinstall fetches CUDA's libraries from another registry; what runs on a CPU is in the package.
process.env['ONNXRUNTIME_NODE_INSTALL'] = 'skip';

/** How much larger than recorded a package may get before somebody has to look at it and say `--record`. */
const GROWTH = 1.05;

describe.each(libraries)('$name, installed alone', ({ name, folder }) => {
  const byNpm = strangersProject();
  const everything = `import * as all from '${name}';\nconsole.log(Object.keys(all).length);`;

  beforeAll(() => {
    npmInstall(byNpm, name);
  });

  it('is the version of this release', () => {
    const program = `console.log(require('${name}/package.json').version)`;
    expect(node(byNpm, '-e', program).trim()).toBe(releasedVersion(folder));
  });

  it('loads as an ES module and as a CommonJS module, with the same exports', () => {
    write(byNpm, 'all.mjs', everything);
    write(byNpm, 'all.cjs', `console.log(Object.keys(require('${name}')).length);`);
    const count = node(byNpm, 'all.mjs');
    expect(Number(count)).toBeGreaterThan(0);
    expect(node(byNpm, 'all.cjs')).toBe(count);
  });

  it.each(moduleResolutions)('has types, moduleResolution %s', (moduleResolution) => {
    const program = `import * as all from '${name}';\nexport const names: string[] = Object.keys(all);`;
    expect(typeCheck(byNpm, moduleResolution, program)).toBe('');
  });

  it('brings one copy of tfjs-core and of @dgm/core', () => {
    expect(copiesOf('@tensorflow/tfjs-core', byNpm)).toHaveLength(1);
    expect(copiesOf('@dgm/core', byNpm)).toHaveLength(1);
  });

  it('is not larger than recorded', async () => {
    const { gzippedKilobytes } = await bundleForBrowser(byNpm, everything);
    const size = {
      installedMegabytes: Math.ceil(installedMegabytes(byNpm)),
      gzippedKilobytes: Math.ceil(gzippedKilobytes),
    };
    console.log(`${name}: ${size.installedMegabytes} MB installed, ${size.gzippedKilobytes} kB as a bundle`);
    if (process.env['DGM_RECORD_SIZES'] === '1') recordSize(name, size);
    const recorded = recordedSizes()[name];
    if (recorded === undefined) throw new Error(`${name} has no size yet: npm run release:dry -- --record`);
    expect(size.installedMegabytes).toBeLessThanOrEqual(recorded.installedMegabytes * GROWTH);
    expect(size.gzippedKilobytes).toBeLessThanOrEqual(recorded.gzippedKilobytes * GROWTH);
  });

  it('loads when pnpm has installed it', () => {
    const byPnpm = strangersProject();
    pnpm(byPnpm, 'add', '--prefer-offline', '--ignore-workspace', name);
    write(byPnpm, 'all.mjs', everything);
    expect(node(byPnpm, 'all.mjs')).toBe(node(byNpm, 'all.mjs'));
    expect(copiesOf('@tensorflow/tfjs-core', byPnpm)).toHaveLength(1);
  });

  it('runs the example of its README, when what it imports is installed', async () => {
    const example = readmeExample(folder);
    const project = strangersProject();
    npmInstall(
      project,
      ...importsOf(example),
      ...(importsOf(example).includes('@dgm/compile') ? ['onnxruntime-node'] : []),
    );
    write(project, 'example.mjs', await toJavaScript(example, 'esm'));
    expect(node(project, 'example.mjs')).not.toBe('');
  });
});
