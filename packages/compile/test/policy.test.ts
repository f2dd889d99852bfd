import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

test('compiles and exports where code must not be generated from strings', async () => {
  // Within the package, so that Node finds its dependencies.
  mkdirSync(path.join(root, '.test-results'), { recursive: true });
  const folder = mkdtempSync(path.join(root, '.test-results', 'policy-'));
  try {
    const outfile = path.join(folder, 'program.mjs');
    await build({
      stdin: {
        contents: `
          import '@tensorflow/tfjs-backend-cpu';
          import * as tf from '@tensorflow/tfjs-core';
          import { compile, exportFunction } from './src/index';
          let refused = false;
          try { new Function('return 1'); } catch { refused = true; }
          await tf.setBackend('cpu');
          const double = ({ tensors }) => ({ y: tf.mul(tensors.x, 2) });
          const specs = { x: { shape: [2] } };
          const { y } = await (await compile(double, specs)).run({ x: tf.tensor1d([1, 2]) });
          console.log(refused, [...y.dataSync()].join(), exportFunction(double, specs).length > 0);`,
        resolveDir: root,
        loader: 'ts',
      },
      outfile,
      format: 'esm',
      platform: 'node',
      bundle: true,
      alias: { '@dgm/core': path.join(root, '../core/src/index.ts') },
      external: ['@tensorflow/*', 'onnxruntime-*', 'cli-progress'],
      logLevel: 'error',
    });
    const output = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', outfile], {
      encoding: 'utf8',
    });
    expect(output).toBe('true 2,4 true\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
