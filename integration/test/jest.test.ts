import path from 'node:path';
import { expect, inject, it } from 'vitest';
import { installedProject, write } from '../src/consumer';
import { node } from '../src/run';

it('runs under Jest with its default, CommonJS', () => {
  const project = installedProject({ type: 'commonjs' });
  write(
    project,
    'dgm.test.js',
    `const { parseCsv } = require('@dgm/data');
     const { Key, setup } = require('@dgm/core');
     test('reads data', () => expect(parseCsv('1,2').count).toBe(1));
     test('starts an engine', async () => {
       await setup();
       expect(Key.of(0).normal([3]).dataSync()).toHaveLength(3);
     });`,
  );
  // A test that fails is an exit status, and then an error here.
  const jest = path.join(inject('tools'), 'jest', 'bin', 'jest.js');
  const report = JSON.parse(node(project, jest, '--json', '--runInBand')) as {
    readonly numPassedTests: number;
    readonly testResults: readonly { readonly name: string }[];
  };
  expect(report.numPassedTests).toBe(2);
  expect(report.testResults.map(({ name }) => path.basename(name))).toEqual(['dgm.test.js']);
});
