// Builds @tensorflow/tfjs-node without its own download: `node scripts/tfjs-node/build.mjs [--gpu] [FOLDER]`.
//
// Its install script fetches TensorFlow 2.9 from a storage bucket, which fails behind a firewall and, for want of a
// prebuilt addon, on Node 23 and later. Here its C++ addon, which needs nothing but Node-API, is compiled against the C
// API inside the TensorFlow wheel from PyPI. Needs Linux on x64, python3 with pip, and g++; about a minute and 1.2 GB.
//
// Prints the folder of the package on success. Exits with 3 and one line that says why where it cannot be had.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.22.0';
const TENSORFLOW = '2.21.0';

export class Unavailable extends Error {}

/**
 * @param {{ gpu?: boolean, folder?: string }} options - `folder` is a cache outside of the clone by default
 * @returns {string} the folder of the package, which can be linked into any `node_modules/@tensorflow`
 * @throws Unavailable - where the machine lacks what the build needs
 */
export function buildTfjsNode({ gpu = false, folder = cacheFolder(gpu) } = {}) {
  const name = gpu ? 'tfjs-node-gpu' : 'tfjs-node';
  const home = path.join(folder, 'node_modules', '@tensorflow', name);
  if (existsSync(path.join(home, 'lib', 'napi-v8', 'tfjs_binding.node'))) return home;
  checkTools();

  // Built beside its place and moved there whole: an interrupted build leaves nothing that looks finished.
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    installSources(work, name);
    unpackTensorflow(work, gpu);
    const built = path.join(work, 'node_modules', '@tensorflow', name);
    compile(built, work);
    if (!gpu) checkRuns(built);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return home;
}

/**
 * Runs an action with the package for GPUs where the machine has an NVIDIA GPU: a clone has nothing else that installs it.
 * @param {string} root - of a checkout of this repository
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 * @template T
 */
export async function withGpuPackage(root, action) {
  if (!runs('nvidia-smi', [])) return action();
  let home;
  try {
    home = buildTfjsNode({ gpu: true });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`@tensorflow/tfjs-node-gpu was not built: ${error.message}.`);
    return action();
  }
  return withTfjsNode(root, home, action);
}

/**
 * Runs an action while the package is beside core, which loads it. Only then: `setup()` would prefer it everywhere else.
 * @param {string} root - of a checkout of this repository
 * @param {string} home - the folder of the package
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 * @template T
 */
export async function withTfjsNode(root, home, action) {
  const link = path.join(root, 'packages', 'core', 'node_modules', '@tensorflow', path.basename(home));
  if (existsSync(link)) return action();
  mkdirSync(path.dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(home, link, 'dir');
  try {
    return await action();
  } finally {
    rmSync(link);
  }
}

function cacheFolder(gpu) {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(cache, 'dgm', `tfjs-node${gpu ? '-gpu' : ''}-${VERSION}-tensorflow-${TENSORFLOW}`);
}

function checkTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Unavailable(`needs Linux on x64, not ${process.platform} on ${process.arch}`);
  }
  for (const [command, ...args] of [
    ['g++', '--version'],
    ['python3', '-m', 'pip', '--version'],
  ]) {
    if (!runs(command, args))
      throw new Unavailable(`needs ${command === 'g++' ? command : 'python3 with pip'}`);
  }
}

function runs(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The package's JavaScript and C++, and the headers of Node-API, which not every Node brings along. */
function installSources(work, name) {
  writeFileSync(path.join(work, 'package.json'), JSON.stringify({ private: true }));
  const packages = [`@tensorflow/${name}@${VERSION}`, 'node-api-headers@1.5.0'];
  attempt(
    'download it',
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...packages],
    work,
  );
}

/** libtensorflow and the headers of its C API. The wheel of `tensorflow` has the kernels for CUDA 12, that of `tensorflow-cpu` none. */
function unpackTensorflow(work, gpu) {
  const wheel = [`${gpu ? 'tensorflow' : 'tensorflow-cpu'}==${TENSORFLOW}`, '--no-deps', '--dest', 'wheel'];
  const target = [
    '--only-binary',
    ':all:',
    '--python-version',
    '3.12',
    '--platform',
    'manylinux_2_27_x86_64',
  ];
  attempt('download TensorFlow', 'python3', ['-m', 'pip', 'download', '--quiet', ...wheel, ...target], work);
  const unpack = `
import glob, os, zipfile
file = glob.glob('wheel/*.whl')[0]
archive = zipfile.ZipFile(file)
wanted = ('tensorflow/libtensorflow', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/', 'tensorflow/include/tsl/platform/', 'tensorflow/include/xla/tsl/c/')
archive.extractall('wheel', [name for name in archive.namelist() if name.startswith(wanted)])
os.remove(file)`;
  attempt('unpack TensorFlow', 'python3', ['-c', unpack], work);
}

function compile(home, work) {
  mkdirSync(path.join(home, 'deps', 'lib'), { recursive: true });
  mkdirSync(path.join(home, 'lib', 'napi-v8'), { recursive: true });
  const wheel = path.join(work, 'wheel', 'tensorflow');
  for (const library of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    const link = path.join(home, 'deps', 'lib', library);
    symlinkSync(path.relative(path.dirname(link), path.join(wheel, library)), link);
  }
  const includes = [
    '..',
    path.join(wheel, 'include'),
    path.join(work, 'node_modules', 'node-api-headers', 'include'),
  ];
  const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
  const linked = ['-Ldeps/lib', '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  attempt(
    'compile it',
    'g++',
    [
      ...[
        '-std=c++17',
        '-O2',
        '-fPIC',
        '-shared',
        '-DNAPI_VERSION=8',
        ...includes.map((folder) => `-I${folder}`),
      ],
      ...[...sources, '-o', 'lib/napi-v8/tfjs_binding.node', ...linked, '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ],
    home,
  );
}

/** What fails for lack of a network, a compiler or a processor that it suits is a reason to skip, not a fault of the build. */
function attempt(what, command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: 5 * 60_000 });
  } catch (error) {
    const lines = String(error.stderr || error.message)
      .trim()
      .split('\n');
    const line = lines.find((each) => /error/i.test(each)) ?? lines.at(-1);
    throw new Unavailable(`${path.basename(command)} could not ${what}: ${line}`);
  }
}

function checkRuns(home) {
  const program = `
    const tf = require(${JSON.stringify(home)});
    const sum = tf.sum(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).dataSync()[0];
    if (tf.getBackend() !== 'tensorflow' || sum !== 12) throw new Error('expected 12 on tensorflow, got ' + sum + ' on ' + tf.getBackend());`;
  attempt('run it', process.execPath, ['-e', program], home);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const [folder] = args.filter((arg) => arg !== '--gpu');
  try {
    console.log(
      buildTfjsNode({ gpu: args.includes('--gpu'), ...(folder && { folder: path.resolve(folder) }) }),
    );
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.error(`Skipped: ${error.message}.`);
    process.exitCode = 3;
  }
}
