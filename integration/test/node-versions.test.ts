import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installedProject, write } from '../src/consumer';
import { nodeMajors, nodePackage } from '../src/node-majors';
import { readmeExample, shortened } from '../src/program';
import { repository, run } from '../src/run';

const { engines } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  engines: { node: string };
};

const project = installedProject();
/** The benchmark from its source. It finds its data and its libraries from a folder of the application. */
const application = path.join(repository, 'apps', 'benchmark');
const benchmark = mkdtempSync(path.join(application, '.program-'));

beforeAll(async () => {
  const { bundleProgram, librariesOutside } = (await import(
    path.join(application, 'deploy/bundle/program.mjs')
  )) as typeof import('../../apps/benchmark/deploy/bundle/program.mjs');
  await bundleProgram(benchmark, { plugins: [librariesOutside] });
});
afterAll(() => {
  rmSync(benchmark, { recursive: true, force: true });
});

describe.each(nodeMajors)('Node %s', (major) => {
  const binary = path.join(inject('tools'), nodePackage(major), 'bin', 'node');
  const node = (...args: string[]): string => run(project, binary, ...args);

  beforeAll(() => {
    expect(node('--version')).toMatch(new RegExp(`^v${major}\\.`));
  });

  it(`runs the README's TypeScript without tools (engines: ${engines.node})`, () => {
    write(project, 'first.mts', shortened(readmeExample()));
    expect(node('first.mts')).toMatch(/^\d+\.\d ± \d\.\d nats/);
  });

  it('trains a model of the benchmark', () => {
    const program = path.join(benchmark, 'cli.js');
    const options = ['--models', 'vae', '--quick', '--epochs', '1', '--engine', 'eager'];
    expect(node(program, ...options, '--out', `out-${major}`)).toMatch(/^vae .*bound \(ELBO\)/m);
  });

  it('requires the packages as CommonJS', () => {
    write(
      project,
      'entry.cjs',
      `console.log(typeof require('@dgm/core').fit, typeof require('@dgm/vae').vae);`,
    );
    expect(node('entry.cjs')).toBe('function function\n');
  });
});
