import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as web from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { compiled, describeRuntime } from '../src/index';
import { feedOf, smallStep, tensors, totals } from './support/small-step';
import { softwareGpu } from './support/software-gpu';

describe('a device that is not there', async () => {
  const { devices, description, runtime } = await describeRuntime();
  const missing = devices.filter(({ works }) => !works);

  it('is told from one that is', () => {
    expect(runtime).toBe('onnxruntime-node');
    expect(devices[0]).toEqual({ device: 'cpu', works: true });
    for (const { device, reason } of missing) expect(description).toContain(`no ${device} (${reason})`);
  });

  it.each(missing)('$device: says what there is and what to do', async ({ device }) => {
    const before = tensors();
    const small = await smallStep(compiled({ device }));
    const initial = small.values();
    await expect(small.take(1)).rejects.toMatchObject({
      code: 'engine',
      argument: `device "${device}"`,
      message: expect.stringMatching(
        /got onnxruntime-node \d.* built for cpu, .*; install .*use device "cpu"/,
      ),
    });
    expect(small.values()).toEqual(initial);
    small.dispose();
    expect(tensors()).toBe(before);
  });

  it('is refused at once by a runtime that was not built for it', async () => {
    const small = await smallStep(compiled({ device: 'cuda', runtime: web }));
    await expect(small.take(1)).rejects.toThrow(
      /onnxruntime-web .* built for cpu, webgpu, which says: not built for it/,
    );
    small.dispose();
  });
});

it('refuses what cannot be a device or a number of threads', () => {
  expect(() => compiled({ device: 'gpu' as 'cpu' })).toThrow(
    'compiled: expected device to be one of cpu, webgpu, cuda, got "gpu"',
  );
  expect(() => compiled({ threads: 0 })).toThrow('expected threads to be an integer of at least 1, got 0');
});

describe('a run that fails', () => {
  it('leaves the state of the last good step, and the next step works', async () => {
    const table = tf.variable(tf.tensor1d([1, 2, 3]));
    const program = {
      state: new Map([['model/table', table]]),
      run: ({ batch }: { readonly batch: tf.Tensor }) => {
        const picked = tf.gather(table, tf.cast(batch, 'int32'));
        table.assign(tf.add(table, 1));
        return { 'pick/total': tf.sum<tf.Scalar>(picked) };
      },
    };
    const step = await compiled().prepare(program);
    const run = (...rows: number[]) => {
      const batch = tf.tensor1d(rows);
      return step.run({ ...feedOf(batch, 1), learningRates: {} }).finally(() => batch.dispose());
    };
    await run(0, 1);
    await expect(run(0, 7)).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/a run in onnxruntime-node on cpu to succeed, got .*out of/),
    });
    await step.sync();
    expect([...table.dataSync()]).toEqual([2, 3, 4]);
    await run(2, 2);
    expect(await step.drain()).toEqual([{ 'pick/total': 3 }, { 'pick/total': 8 }]);
    step.dispose();
    table.dispose();
  });
});

describe('a runtime that is given', () => {
  it('trains to the numbers of the other one', async () => {
    web.env.wasm.numThreads = 1;
    const [node, given] = [await smallStep(compiled()), await smallStep(compiled({ runtime: web }))];
    for (const each of [node, given]) {
      await each.take(5);
      await each.step.sync();
    }
    const [expected, actual] = [totals(await node.step.drain()), totals(await given.step.drain())];
    actual.forEach((total, index) => expect(total).toBeCloseTo(expected[index]!, 6));
    node
      .values()
      .flat()
      .forEach((value, index) => expect(given.values().flat()[index]).toBeCloseTo(value, 5));
    node.dispose();
    given.dispose();
  });

  it('is described', async () => {
    const { runtime, devices } = await describeRuntime({ runtime: web });
    expect(runtime).toBe('onnxruntime-web');
    expect(devices[0]).toEqual({ device: 'cpu', works: true });
  });
});

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

describe(`WebGPU in software${softwareGpu.missing === undefined ? '' : `: ${softwareGpu.missing}`}`, () => {
  it.skipIf(softwareGpu.missing !== undefined)(
    'trains with its state on the device, to the numbers of the cpu',
    async () => {
      const { testResults, numPassedTests } = await runSuites(softwareGpu.environment!);
      const failures = testResults.flatMap(({ message, assertionResults }) => [
        ...(message === '' ? [] : [message]),
        ...assertionResults
          .filter(({ status }) => status !== 'passed')
          .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`),
      ]);
      expect(failures).toEqual([]);
      expect(numPassedTests).toBeGreaterThan(0);
    },
    300_000,
  );
});

/** Runs the suites under `webgpu` in a process of their own: a driver is found when a process starts, and may end it. */
async function runSuites(environment: NodeJS.ProcessEnv): Promise<Report> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-webgpu-'));
  const report = path.join(folder, 'report.json');
  const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest')), 'vitest.mjs');
  const root = path.join(import.meta.dirname, '..');
  const config = path.join(root, 'vitest.webgpu.config.ts');
  try {
    const child = spawn(
      process.execPath,
      [vitest, 'run', '--root', root, '--config', config, '--reporter=json', `--outputFile=${report}`],
      { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    await new Promise((closed) => child.once('close', closed));
    return await readFile(report, 'utf8').then(JSON.parse, () => {
      throw new Error(`The suites ended without a report.\n${output}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
