import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { emptyProject, write } from '../src/consumer';
import { readmeExample, shortened } from '../src/program';
import { npmInstall, repository, run } from '../src/run';

/** Versions that are tested besides the one that runs the tests; 20.19 is the oldest that `engines` allows. */
const majors = ['22', '24', '26'] as const;
const binaries = `node-${process.platform}-${process.arch}`;

const { engines } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  engines: { node: string };
};

const project = emptyProject();

beforeAll(() => {
  const versions = majors.map((major) => `node-${major}@npm:${binaries}@${major}`);
  npmInstall(project, ...versions, ...Object.values(inject('tarballs')));
});

describe.each(majors)('Node %s', (major) => {
  const binary = path.join(project, 'node_modules', `node-${major}`, 'bin', 'node');
  const node = (...args: string[]): string => run(project, binary, ...args);

  beforeAll(() => {
    expect(node('--version')).toMatch(new RegExp(`^v${major}\\.`));
  });

  it(`runs the README's TypeScript without tools (engines: ${engines.node})`, () => {
    write(project, 'first.mts', shortened(readmeExample()));
    expect(node('first.mts')).toMatch(/^\d+\.\d ± \d\.\d nats/);
  });

  it('trains a model of the benchmark', () => {
    const program = path.join(repository, 'apps', 'benchmark', 'dist', 'cli.js');
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
