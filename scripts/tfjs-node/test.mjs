// Runs suites and the benchmark on TensorFlow's native backend: `npm run test:tensorflow [-- --all] [-- --required]`.
//
// By default the contract suites, which a change is checked with; `--all` runs every suite of every package and the quick
// benchmark. Where the backend cannot be built it says so and passes, unless `--required`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { buildTfjsNode, Unavailable } from './build.mjs';

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
  flows: ['test/normalization.test.ts', 'test/extremes.test.ts', 'src/autoregressive'],
};

export function testOnTensorflow(root, { all, required }) {
  const started = Date.now();
  let home;
  try {
    home = buildTfjsNode();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`SKIPPED on TensorFlow's native backend: ${error.message}.`);
    return required ? 1 : 0;
  }
  const failed = linked(root, home, () => {
    const suites = all ? everySuite(root) : Object.entries(CONTRACTS);
    const failures = suites.filter(([name, files]) => !passes(path.join(root, 'packages', name), files));
    return [...failures.map(([name]) => name), ...(all && !trainsEveryModel(root) ? ['the benchmark'] : [])];
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(
    `TensorFlow's native backend: ${failed.length === 0 ? 'passed' : `FAILED in ${failed.join(', ')}`}, ${seconds} s`,
  );
  return failed.length === 0 ? 0 : 1;
}

/** `@dgm/compile` tests the compiled engine against the eager one, on the cpu backend that its captures need. */
function everySuite(root) {
  return readdirSync(path.join(root, 'packages'))
    .filter((name) => name !== 'compile' && existsSync(path.join(root, 'packages', name, 'vitest.config.ts')))
    .map((name) => [name, []]);
}

/** The package is beside core, which loads it, only while `action` runs: `setup()` would prefer it in all other suites. */
function linked(root, home, action) {
  const link = path.join(root, 'packages', 'core', 'node_modules', '@tensorflow', path.basename(home));
  if (existsSync(link)) return action();
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(home, link, 'dir');
  try {
    return action();
  } finally {
    rmSync(link);
  }
}

/** Trains every model of the benchmark for a moment, op by op. */
function trainsEveryModel(root) {
  const command = [
    'bench',
    '--engine',
    'eager',
    '--device',
    'tensorflow',
    '--quick',
    '--out',
    'out/tensorflow',
  ];
  const { status } = spawnSync(process.execPath, ['scripts/run.mjs', ...command], {
    cwd: root,
    stdio: 'inherit',
  });
  return status === 0;
}

function passes(cwd, files) {
  const env = { ...process.env, DGM_BACKEND: 'tensorflow' };
  return (
    spawnSync('vitest', ['run', '--reporter=dot', ...files], { cwd, env, stdio: 'inherit' }).status === 0
  );
}
