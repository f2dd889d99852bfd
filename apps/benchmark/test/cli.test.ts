import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliArguments } from '../src/program-files';
import { timelessResults } from './timeless';

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [...cliArguments, ...args]);
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

async function end(child: ChildProcess): Promise<End> {
  let [output, errors] = ['', ''];
  child.stdout!.on('data', (text) => (output += text));
  child.stderr!.on('data', (text) => (errors += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('dgm-bench', () => {
  it('explains itself', async () => {
    const { code, output } = await end(start('--help'));
    expect(code).toBe(0);
    expect(output).toContain('--data-dir DIR');
  });

  it('says in one line what is wrong with a command', async () => {
    const { code, errors } = await end(start('run', '--models', 'vea', '--out', path.join(root, 'none')));
    expect(code).toBe(2);
    expect(errors).toMatch(/^dgm-bench run: expected --models to be .*, got "vea"; did you mean "vae"\n$/);
  });
});

describe('dgm-bench run, stopped by signals', () => {
  const training = ['--models', 'vae', '--device', 'wasm', '--quick', '--epochs', '20'];
  const checkpointsOf = (out: string) => path.join(out, 'checkpoints', 'vae');

  async function newestCheckpoint(out: string): Promise<string> {
    return (
      (await readdir(checkpointsOf(out)).catch(() => []))
        .filter((name) => !name.startsWith('.'))
        .sort()
        .at(-1) ?? ''
    );
  }

  /** Lets the program train until it has written a checkpoint, then sends it a signal. */
  async function stop(signal: NodeJS.Signals, out: string, args: readonly string[]): Promise<End> {
    const before = await newestCheckpoint(out);
    const child = start(...args, '--out', out);
    const ended = end(child);
    while ((await newestCheckpoint(out)) === before) await wait(5);
    child.kill(signal);
    return ended;
  }

  /** Weights and optimizer state, without the header that also tells the time that training took. */
  async function lastState(out: string): Promise<Buffer> {
    const file = await readFile(path.join(checkpointsOf(out), await newestCheckpoint(out)));
    return file.subarray(8 + Number(file.readBigUInt64LE(0)));
  }

  it('goes on to the very bits of an uninterrupted run', async () => {
    const [straight, broken] = [path.join(root, 'straight'), path.join(root, 'broken')];
    expect((await end(start(...training, '--out', straight))).code).toBe(0);

    const interrupted = await stop('SIGINT', broken, training);
    expect(interrupted.code).toBe(130);
    expect(interrupted.output).toContain(`--resume --out ${broken}`);
    expect((await stop('SIGKILL', broken, ['--resume'])).signal).toBe('SIGKILL');
    expect((await end(start('--resume', '--out', broken))).code).toBe(0);

    expect(await timelessResults(broken)).toBe(await timelessResults(straight));
    expect((await lastState(broken)).equals(await lastState(straight))).toBe(true);
    const samples = (out: string) => readFile(path.join(out, 'vae-samples.png'));
    expect((await samples(broken)).equals(await samples(straight))).toBe(true);
  }, 240_000);
});
