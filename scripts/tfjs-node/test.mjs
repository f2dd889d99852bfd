// Runs suites and the benchmark on TensorFlow's native backend: `npm run test:tensorflow [-- --all] [-- --required]`, and
// after all other tests with `npm test -- --tensorflow`.
//
// By default the contract suites, which a change is checked with; `--all` runs every suite of every package and the quick
// benchmark. Where the backend cannot be built it says so and passes, unless `--required`.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildTfjsNode, Unavailable, withTfjsNode } from './build.mjs';

/** What a change is checked with: each kernel that is mended is used by one of them. */
const CONTRACTS = {
  core: [
    'src/engine',
    'src/nn/convolution.test.ts',
    'src/train',
    'test/nn.',
    'test/bijectors.',
    'test/distributions.',
  ],
  arm: ['test/contract.test.ts'],
  flows: ['test/extremes.test.ts', 'src/autoregressive'],
  priors: ['test/contract.test.ts'],
  compile: ['test/backends.test.ts'],
};

/** A run that takes longer hangs: it is ended, and counts as failed. */
const LIMIT_MINUTES = { contracts: 15, all: 100 };

/**
 * @returns {Promise<{ folder: string, numPassedTests: number, numFailedTests: number, testResults: object[] }[]>} what each
 *   suite reported, and the benchmark as one test; nothing where the backend cannot be had
 */
export async function testOnTensorflow(root, { all = false, required = false } = {}) {
  const started = Date.now();
  let home;
  try {
    home = buildTfjsNode();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`SKIPPED on TensorFlow's native backend: ${error.message}.`);
    return required ? [oneTest("TensorFlow's native backend", false)] : [];
  }
  const built = Date.now();
  const deadline = started + 60_000 * (all ? LIMIT_MINUTES.all : LIMIT_MINUTES.contracts);
  const results = await withTfjsNode(root, home, async () => {
    const suites = [];
    for (const [name, files] of all ? everySuite(root) : Object.entries(CONTRACTS))
      suites.push(await runSuite(path.join(root, 'packages', name), files, deadline));
    if (all) suites.push(oneTest('the benchmark on tensorflow', await trainsEveryModel(root, deadline)));
    return suites;
  });
  const total = (count) => results.reduce((sum, result) => sum + result[count], 0);
  const seconds = (from, to) => `${Math.round((to - from) / 1000)} s`;
  console.log(
    `TensorFlow's native backend: ${total('numPassedTests')} passed, ${total('numFailedTests')} failed, ` +
      `${seconds(started, built)} to build it, ${seconds(built, Date.now())} to run them`,
  );
  return results;
}

function everySuite(root) {
  return readdirSync(path.join(root, 'packages'))
    .filter((name) => existsSync(path.join(root, 'packages', name, 'vitest.config.ts')))
    .map((name) => [name, []]);
}

/** Trains every model of the benchmark for a moment, op by op. */
async function trainsEveryModel(root, deadline) {
  const command = [
    'bench',
    '--engine',
    'eager',
    '--device',
    'tensorflow',
    '--quick',
    '--models',
    'all',
    '--out',
    'out/tensorflow',
  ];
  return (await run(process.execPath, ['scripts/run.mjs', ...command], { cwd: root, deadline })) === 0;
}

async function runSuite(folder, files, deadline) {
  const report = path.join(folder, '.test-results', 'tensorflow.json');
  rmSync(report, { force: true });
  const env = { ...process.env, DGM_BACKEND: 'tensorflow', DGM_TEST_RESULTS: 'tensorflow' };
  const options = ['--reporter=dot', '--reporter=json', '--testTimeout=120000', '--hookTimeout=120000'];
  const status = await run('vitest', ['run', ...options, ...files], { cwd: folder, env, deadline });
  if (!existsSync(report)) return oneTest(folder, false);
  const result = { folder, ...JSON.parse(readFileSync(report, 'utf8')) };
  // An error outside of the tests fails the run and none of them.
  if (status !== 0 && result.numFailedTests === 0) result.numFailedTests = 1;
  return result;
}

const oneTest = (folder, passed) => ({
  folder,
  numPassedTests: passed ? 1 : 0,
  numFailedTests: passed ? 0 : 1,
  testResults: [],
});

/** Runs a command in the foreground; gives its exit status, or 1 if it had to be ended with all that it started. */
function run(command, args, { cwd, env = process.env, deadline }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit', detached: true });
    const end = () => process.kill(-child.pid, 'SIGKILL');
    const timer = setTimeout(
      () => {
        console.log(`Ended ${command} in ${cwd}: it took too long.`);
        end();
      },
      Math.max(0, deadline - Date.now()),
    );
    const interrupt = () => {
      end();
      reject(new Error(`${command} was interrupted in ${cwd}`));
    };
    process.once('SIGINT', interrupt);
    child.on('error', reject);
    child.on('exit', (status) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      resolve(status ?? 1);
    });
  });
}
