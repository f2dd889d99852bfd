import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlainNodeOptions } from '../../test/plain-node';
import { runInPlainNode } from '../../test/plain-node';
import type { EngineReport } from './report';
import { requireEngine } from './require-engine';
import { setup } from './setup';
import { suiteBackend } from '../../test/support/suite-backend';

const report =
  "import { setup } from '@dgm/core';\nsetup().then((report) => console.log(JSON.stringify(report)));";
const program = async (source: string, options: PlainNodeOptions = {}): Promise<EngineReport> =>
  JSON.parse(await runInPlainNode(source, options)) as EngineReport;

afterAll(async () => void (await setup({ backend: suiteBackend })));

describe('setup', () => {
  it('does nothing when the backend is there already', async () => {
    const first = await setup({ backend: 'wasm' });
    const engine = tf.backend();
    const reports: EngineReport[] = [];
    const again = await Promise.all(
      [1, 2].map(() => setup({ backend: 'wasm', onReport: (one) => reports.push(one) })),
    );
    expect(again).toEqual([first, first]);
    expect(reports).toEqual(again);
    expect(tf.backend()).toBe(engine);
  });

  it('comes back to a backend that something else has replaced', async () => {
    await setup({ backend: 'cpu' });
    await tf.setBackend('wasm');
    await setup({ backend: 'cpu' });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('wants the backends of browsers to be imported by the application', async () => {
    await expect(setup({ backend: 'webgl' })).rejects.toMatchObject({
      code: 'engine',
      actual: '@tensorflow/tfjs-backend-webgl: not imported by the application',
    });
  });

  it('refuses a name that is none', async () => {
    const backend = 'cuda' as 'cpu';
    await expect(setup({ backend })).rejects.toMatchObject({ code: 'argument', actual: '"cuda"' });
  });
});

describe('setup in plain Node', () => {
  it.each(['esm', 'cjs'] as const)(
    'takes the embedded engine where no native one is installed, %s',
    async (format) => {
      const { backend, device, skipped, description } = await program(report, { format });
      expect({ backend, device }).toEqual({ backend: 'wasm', device: 'cpu' });
      expect(skipped).toEqual([
        { backend: 'tensorflow', source: '@tensorflow/tfjs-node-gpu', reason: 'not installed' },
        { backend: 'tensorflow', source: '@tensorflow/tfjs-node', reason: 'not installed' },
      ]);
      expect(description).toBe(
        `TensorFlow.js ${tf.version_core} on wasm (@tensorflow/tfjs-backend-wasm, cpu); ` +
          'skipped @tensorflow/tfjs-node-gpu: not installed; @tensorflow/tfjs-node: not installed',
      );
    },
  );

  it('survives a native package that is there but broken', async () => {
    const broken = "throw new Error('The native addon can not be found at path: x\\nsecond line')";
    const { backend, skipped } = await program(report, { packages: { '@tensorflow/tfjs-node-gpu': broken } });
    expect(backend).toBe('wasm');
    expect(skipped[0]!.reason).toBe('The native addon can not be found at path: x');
  });

  it('says what is missing when a native package lacks a dependency of its own', async () => {
    const { skipped } = await program(report, { packages: { '@tensorflow/tfjs-node': "require('lost')" } });
    expect(skipped[1]!.reason).toContain("Cannot find module 'lost'");
  });

  const working = `
    const tf = require('@tensorflow/tfjs-core');
    const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
    if (!require('util').isNullOrUndefined(null) || !require('util').isArray([])) throw new Error('no');
    tf.registerBackend('tensorflow', () => Object.assign(new MathBackendCPU(), { isUsingGpuDevice: true }));`;

  it('takes a native package that works', async () => {
    const { source, device } = await program(report, { packages: { '@tensorflow/tfjs-node': working } });
    expect({ source, device }).toEqual({ source: '@tensorflow/tfjs-node', device: 'gpu' });
  });

  it('gives tfjs-node back the functions that Node 23 has removed', async () => {
    const removed = "import util from 'node:util';\ndelete util.isArray; delete util.isNullOrUndefined;\n";
    const { backend } = await program(removed + report, { packages: { '@tensorflow/tfjs-node': working } });
    expect(backend).toBe('tensorflow');
    const without = `${removed}import { setup } from '@dgm/core';\nsetup().then(() => console.log('isArray' in util));`;
    expect(await runInPlainNode(without)).toBe('false\n');
  });

  it('names what it has tried when a named backend cannot be had', async () => {
    const wanting =
      "import { setup } from '@dgm/core';\nsetup({ backend: 'tensorflow' }).catch((e) => console.log(e.code, e.message));";
    expect(await runInPlainNode(wanting)).toMatch(
      /^engine setup: expected backend "tensorflow" to start, got @tensorflow\/tfjs-node-gpu: not installed; .*tfjs-node: not installed;/,
    );
  });

  it('prints nothing, trains, and leaves no handler behind', async () => {
    const quiet = `
      import { setup } from '@dgm/core';
      import * as tf from '@tensorflow/tfjs-core';
      async function main() {
        for (const backend of ['cpu', 'wasm']) {
          await setup({ backend });
          const gradient = tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]));
          console.log(backend, gradient.dataSync().join(), process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection'));
        }
      }
      main();`;
    expect(await runInPlainNode(quiet)).toBe('cpu 2,4 0 0\nwasm 2,4 0 0\n');
  });
});

describe('requireEngine', () => {
  it('passes when everything is set up', async () => {
    await setup({ backend: 'cpu' });
    expect(() => requireEngine('fit')).not.toThrow();
  });

  it('says what to call when nothing is, as `fit` and `evaluate` do', async () => {
    const bare = `
      import { evaluate, fit, Key, requireEngine, sgd } from '@dgm/core';
      const model = { eventShape: [1], likelihoodKind: 'exact', logProb() {}, parameters: () => new Map() };
      const train = { count: 1, shape: [1], values: new Float32Array(1) };
      const options = { key: Key.of(0), optimizer: sgd(), batchSize: 1, epochs: 1 };
      const say = ({ code, message }) => console.log(code, message);
      const main = async () => {
        try { requireEngine('here'); } catch (error) { say(error); }
        await fit(model, { train }, options).catch(say);
        await evaluate(model, train, { key: Key.of(0) }).catch(say);
      };
      main();`;
    const expected = 'expected a TensorFlow.js backend with its gradients, got no backend';
    expect((await runInPlainNode(bare)).split('\n')).toEqual([
      `engine here: ${expected} and no gradients; call \`await setup()\` first`,
      `engine fit: ${expected}; call \`await setup()\` first`,
      `engine evaluate: ${expected}; call \`await setup()\` first`,
      '',
    ]);
  });
});
