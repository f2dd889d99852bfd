import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { writeDataFiles } from '../compare/programs/data-files';
import { WorkerProcess } from '../compare/programs/worker-process';
import { alternate } from '../compare/measure/windows';
import { repository } from '../program-files';
import { describeError } from '../report/format';
import { median } from '../statistics/statistics';
import type { ClaimContext, Measured } from './claim';

/** The commit that today's eager steps are compared with. */
const BASELINE = '7d214de';

export type EagerBackend = 'wasm' | 'tensorflow';

/** What `scripts/tfjs-node/build.mjs` exports. */
interface TfjsNode {
  buildTfjsNode(): string;
  withTfjsNode<T>(root: string, home: string, action: () => Promise<T>): Promise<T>;
}

/** Of alternating windows. */
const SECONDS = 60;
/** Processor time is counted in hundredths of a second. */
const WINDOW_MS = 1500;

/**
 * Why the steps cannot be compared on this machine; undefined where they can. Makes what the comparison needs: a checkout
 * of the baseline beside other caches, which takes minutes once, and TensorFlow's addon.
 */
export async function whyNoEagerSteps(backend: EagerBackend): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'the processor time of another process is read from /proc';
  try {
    await makeBaseline();
    if (backend === 'tensorflow') (await tfjsNode()).buildTfjsNode();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** How many times as fast as at the baseline a VAE's training step is, op by op, by the medians of processor time. */
export async function eagerStepsRatio(
  backend: EagerBackend,
  { dataset, seeds }: Pick<ClaimContext, 'dataset' | 'seeds'>,
): Promise<Measured> {
  await build(repository);
  const roots = [baselineFolder(), repository];
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-claims-'));
  try {
    const data = await writeDataFiles(await dataset('digits'), folder);
    const request = { model: 'vae', data, seed: seeds[0]!, threads: 1, quick: false };
    const timings = await withBackend(backend, roots, async () => {
      const workers = roots.map((root) => new WorkerProcess(eagerWorker(root, backend)));
      try {
        for (const worker of workers) await worker.ask('build', request);
        const takers = workers.map((worker) => (n: number) => processorMs(worker, n));
        return await alternate(takers, { seconds: SECONDS, windowMs: WINDOW_MS, least: 10 });
      } finally {
        await Promise.all(workers.map((worker) => worker.close()));
      }
    });
    const [before, now] = timings.map(({ windows }) => median(windows));
    return { value: before! / now!, standardError: null };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const workerFile = (root: string) => path.join(root, 'apps/benchmark/dist/worker.js');

const eagerWorker = (root: string, backend: EagerBackend) => ({
  command: process.execPath,
  args: [workerFile(root), 'eager', backend],
});

/** The processor time of `n` steps, on all threads. */
async function processorMs(worker: WorkerProcess, n: number): Promise<number> {
  const before = ticksOf(worker.pid);
  await worker.ask('steps', { n });
  return 10 * (ticksOf(worker.pid) - before);
}

/** The user and system time of a process in hundredths of a second: the 14th and 15th field, after a name in brackets. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function withBackend<T>(
  backend: EagerBackend,
  roots: readonly string[],
  action: () => Promise<T>,
): Promise<T> {
  if (backend !== 'tensorflow') return action();
  return roots.reduce<() => Promise<T>>(
    (inner, root) => async () => {
      const { buildTfjsNode, withTfjsNode } = await tfjsNode();
      return withTfjsNode(root, buildTfjsNode(), inner);
    },
    action,
  )();
}

const tfjsNode = (): Promise<TfjsNode> =>
  import(pathToFileURL(path.join(repository, 'scripts/tfjs-node/build.mjs')).href) as Promise<TfjsNode>;

function baselineFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return path.join(cache, 'dgm', `checkout-${BASELINE}`);
}

/** Checks the baseline out and builds it, beside its place, and moves it there whole. */
async function makeBaseline(): Promise<void> {
  const folder = baselineFolder();
  if (existsSync(workerFile(folder))) return;
  await mkdir(path.dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    await run('git', ['clone', '--quiet', '--no-checkout', repository, work], repository);
    await run('git', ['checkout', '--quiet', BASELINE], work);
    await build(work);
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const build = (root: string) =>
  run('npm', ['run', '--silent', 'build', '--', '--filter=@dgm/benchmark...'], root);

/** @throws Error with the last line that the command has written */
async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(command, [...args], { cwd, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { readonly stderr?: string; readonly stdout?: string };
    const last = (stderr.trim() || stdout.trim() || String(error)).split('\n').at(-1)!;
    throw new Error(`${command} ${args[0]} failed: ${last}`, { cause: error });
  }
}
