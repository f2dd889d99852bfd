import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { emptyProject, write } from '../src/consumer';
import { copiesOf, installedMegabytes } from '../src/installed';
import { node, npmInstall } from '../src/run';

const project = emptyProject();

beforeAll(() => {
  npmInstall(project, inject('tarballs').core);
});

const program = `
  import { Dense, Key, setup } from '@dgm/core';
  import * as tf from '@tensorflow/tfjs-core';
  const { backend } = await setup();
  const layer = new Dense({ inputs: 2, outputs: 1, key: Key.of(0) });
  const x = Key.of(1).normal([64, 2]);
  const y = tf.matMul(x, tf.tensor2d([[2], [-1]]));
  const loss = () => tf.mean(tf.square(tf.sub(layer.apply(x), y)));
  const optimizer = tf.train.sgd(0.1);
  for (let step = 0; step < 200; step++) optimizer.minimize(loss);
  console.log(JSON.stringify({ backend, loss: loss().dataSync()[0] }));`;

describe('@dgm/core alone', () => {
  it('brings an engine that trains', () => {
    write(project, 'train.mjs', program);
    const { backend, loss } = JSON.parse(node(project, 'train.mjs')) as { backend: string; loss: number };
    expect(backend).toBe('wasm');
    expect(loss).toBeLessThan(1e-6);
  });

  it('names whose gradients it holds', () => {
    const notice = readFileSync(path.join(project, 'node_modules/@dgm/core/NOTICE'), 'utf8');
    expect(notice).toContain('Copyright Google LLC');
    expect(existsSync(path.join(project, 'node_modules/@dgm/core/LICENSE-APACHE-2.0.txt'))).toBe(true);
  });

  it('brings one copy of tfjs-core, and what an engine must take on disk', () => {
    expect(copiesOf('@tensorflow/tfjs-core', project)).toHaveLength(1);
    const megabytes = installedMegabytes(project);
    console.log(`@dgm/core with everything that it brings: ${megabytes.toFixed(0)} MB`);
    expect(megabytes).toBeLessThan(80);
  });
});
