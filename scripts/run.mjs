// One door to every task of the repository. Needs Node and npm only, asks nothing, and works on a fresh clone:
// installs what the lockfile says when it has not been installed yet, then lets turbo do what is not cached.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPublished, checkTypes, chosenPackages, lint } from './checks.mjs';
import { newFamily } from './new-family/index.mjs';
import { releaseDry } from './release/dry.mjs';
import { countFailed, reportTests } from './report-tests.mjs';
import { withGpuPackage } from './tfjs-node/build.mjs';
import { testOnTensorflow } from './tfjs-node/test.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
process.env.PATH = path.join(root, 'node_modules', '.bin') + path.delimiter + process.env.PATH;
process.env.TURBO_TELEMETRY_DISABLED ??= '1';
process.env.TURBO_NO_UPDATE_NOTIFIER ??= '1';

// The real digits lie beside the repository where somebody has put them there; tests that want them say when they are absent.
if (existsSync('../shared/data')) process.env.DGM_DATA_DIR ??= path.resolve('../shared/data');

/** Runs a command in the foreground; gives its exit status. An interrupt is the command's to handle. */
function run(command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(signal ? 1 : status));
  });
}
process.on('SIGINT', () => {});

async function mustRun(command, ...args) {
  const status = await run(command, ...args);
  if (status !== 0) process.exit(status);
}

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));

const stamp = 'node_modules/.installed-lockfile';
const lockfile = () => createHash('sha256').update(readFileSync('pnpm-lock.yaml')).digest('hex');

async function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile()) return;
  await mustRun('npx', '--yes', packageManager, 'install', '--frozen-lockfile');
  writeFileSync(stamp, lockfile());
}

// As many tasks at a time as cores: a test that waits for a core is a test that runs into its time limit.
const turbo = (...args) => ['turbo', 'run', ...args, `--concurrency=${Math.max(2, availableParallelism())}`];

/** Lint and types of the packages that turbo's filters among the arguments choose. */
async function checkSources(args) {
  const packages = chosenPackages(args);
  const generated = run(...turbo('generate', '--output-logs=errors-only', ...args));
  const results = await Promise.all([lint(packages), generated.then(() => checkTypes(packages))]);
  return results.flat();
}

const tasks = {
  setup: async () => {},
  build: async (args) => mustRun(...turbo('build', '--output-logs=new-only', ...args)),
  lint: async (args) => {
    const checks = await checkSources(args);
    const status = await run(...turbo('lint:root', 'check:examples', ...args));
    process.exitCode = status || (checks.some(({ failed }) => failed) ? 1 : 0);
  },
  test: async (args) => {
    const started = Date.now();
    const others = args.filter((arg) => arg !== '--tensorflow');
    const sources = await checkSources(others);
    await run(
      ...turbo('lint:root', 'check:examples', 'build', 'test', ...others),
      '--continue=always',
      '--summarize',
    );
    const published = await checkPublished(chosenPackages(others));
    process.exitCode = reportTests(
      started,
      [...sources, ...published],
      args.includes('--tensorflow') ? await testOnTensorflow(root) : [],
    );
  },
  'test:tensorflow': async (args) => {
    await mustRun(...turbo('generate', '--output-logs=errors-only'));
    const results = await testOnTensorflow(root, {
      all: args.includes('--all'),
      required: args.includes('--required'),
    });
    process.exitCode = countFailed(results) === 0 ? 0 : 1;
  },
  bench: async (args) => {
    await mustRun(...turbo('build', '--filter=@dgm/benchmark...'), '--output-logs=errors-only');
    const bench = () => run('node', 'apps/benchmark/dist/cli.js', ...args);
    process.exitCode = await (args.includes('--gpu') ? withGpuPackage(root, bench) : bench());
  },
  'bench:bundle': async (args) => {
    await mustRun(...turbo('generate', '--output-logs=errors-only'));
    const { bundle } = await import('../apps/benchmark/deploy/bundle/build.mjs');
    process.exitCode = await bundle(args);
  },
  'new:family': async ([name = '']) => {
    let files;
    try {
      files = newFamily(root, name);
    } catch (error) {
      console.error(error.message);
      process.exit(2);
    }
    await mustRun('prettier', '--write', '--log-level=warn', ...files);
    await mustRun('pnpm', 'install', '--no-frozen-lockfile', '--prefer-offline');
    writeFileSync(stamp, lockfile());
    console.log(`\nWrote\n${files.map((file) => `  ${file}`).join('\n')}\n`);
    console.log(`Now: npm test; npm run bench -- --models ${name}; CONTRIBUTING.md says how to go on.`);
  },
  docs: async () => {
    await mustRun(...turbo('generate', '--output-logs=errors-only'));
    await mustRun('npm', 'run', '--silent', '--prefix', 'apps/docs', 'site');
  },
  'docs:dev': async () => {
    await mustRun(...turbo('generate', '--output-logs=errors-only'));
    await mustRun('npm', 'run', '--silent', '--prefix', 'apps/docs', 'dev');
  },
  // A version is released together with a file that it has written, which every later version has to read.
  'release:version': async () => {
    await mustRun('changeset', 'version');
    await mustRun('npx', '--yes', packageManager, 'install', '--lockfile-only');
    process.chdir(path.join(root, 'packages', 'core'));
    await mustRun('tsx', 'test/formats/write.ts');
  },
  'release:publish': async () => {
    await mustRun(...turbo('build', '--filter=./packages/*', '--output-logs=errors-only'));
    await mustRun('changeset', 'publish');
  },
  'release:dry': async (args) => {
    process.exitCode = await releaseDry(args);
  },
};

const [name = 'setup', ...args] = process.argv.slice(2);
if (!(name in tasks)) {
  console.error(`Unknown task "${name}". There are: ${Object.keys(tasks).join(', ')}.`);
  process.exit(2);
}
await install();
await tasks[name](args);
