// Makes one archive that runs the comparison on a machine without a network: Node, the benchmark with all packages, ONNX Runtime,
// a Vulkan loader, data and a program that spends a few minutes on what is worth most. The machine brings a python3 with PyTorch.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from './program.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const app = path.resolve(here, '../..');
const root = path.resolve(app, '../..');
/** The archive has to pass through what takes attachments of this size. */
const MOST_MIB = 60;

/** Packages that are copied, as they load files beside them; all others are bundled. */
const COPIED = [
  ['@tensorflow/tfjs-core', 'packages/core'],
  ['@tensorflow/tfjs-backend-cpu', 'packages/core'],
  ['@tensorflow/tfjs-backend-wasm', 'packages/core'],
  ['onnxruntime-node', 'apps/benchmark'],
];
/** What they need themselves. */
const OF_COPIED = [
  ['long', '@tensorflow/tfjs-core'],
  ['seedrandom', '@tensorflow/tfjs-core'],
  ['node-fetch', '@tensorflow/tfjs-core'],
  ['whatwg-url', 'node-fetch'],
  ['tr46', 'whatwg-url'],
  ['webidl-conversions', 'whatwg-url'],
  ['onnxruntime-common', 'onnxruntime-node'],
];
/** Debian's chromium brings a loader and an adapter in software, for machines without a GPU. */
const VULKAN = ['libvulkan.so.1', 'libvk_swiftshader.so', 'vk_swiftshader_icd.json'];
const VULKAN_FOLDERS = [process.env.DGM_SWIFTSHADER, '/usr/lib/chromium', '/usr/lib/chromium-browser'];

/**
 * @param {string[]} argv - the archive's path
 * @returns the exit status
 */
export async function bundle([out = path.join(root, 'dgm-bench.tar.xz')]) {
  const stage = mkdtempSync(path.join(tmpdir(), 'dgm-bundle-'));
  try {
    await writeBundle(path.join(stage, 'dgm-bench'));
    execFileSync('tar', ['-C', stage, '-cJf', out, 'dgm-bench'], {
      env: { ...process.env, XZ_OPT: '-6 -T0' },
    });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  const mib = statSync(out).size / 2 ** 20;
  console.log(
    `${out}: ${mib.toFixed(1)} MiB. On the other machine: tar xJf ${path.basename(out)} && dgm-bench/run.sh`,
  );
  if (mib <= MOST_MIB) return 0;
  console.error(`That is more than ${MOST_MIB} MiB.`);
  return 1;
}

/** Writes what the archive holds as a folder. */
export async function writeBundle(folder) {
  await writeApplication(path.join(folder, 'app'));
  copyPackages(path.join(folder, 'app', 'node_modules'));
  cpSync(process.execPath, path.join(folder, 'node'));
  copyVulkan(path.join(folder, 'vulkan'));
  copyData(path.join(folder, 'data'));
  for (const file of ['run.sh', 'run.mjs']) cpSync(path.join(here, file), path.join(folder, file));
}

/** As the build of the application does, with every @dgm package inside. */
async function writeApplication(folder) {
  await bundleProgram(path.join(folder, 'dist'), {
    external: COPIED.map(([name]) => name),
    banner: {
      js: "import { createRequire as dgmCreateRequire } from 'node:module'; const require = dgmCreateRequire(import.meta.url);",
    },
  });
  cpSync(path.join(app, 'package.json'), path.join(folder, 'package.json'));
  cpSync(path.join(app, 'peers'), path.join(folder, 'peers'), {
    recursive: true,
    filter: (file) => !file.includes('__pycache__'),
  });
  // Families say which version of their package they are of.
  for (const name of Object.keys(JSON.parse(readFileSync(path.join(app, 'package.json'))).dependencies)) {
    if (!name.startsWith('@dgm/')) continue;
    const manifest = realpathSync(path.join(app, 'node_modules', name, 'package.json'));
    mkdirSync(path.join(folder, 'node_modules', name), { recursive: true });
    cpSync(manifest, path.join(folder, 'node_modules', name, 'package.json'));
  }
}

function copyPackages(folder) {
  const places = new Map();
  const copy = (name, from) => {
    const place = packageFolder(name, from);
    places.set(name, place);
    cpSync(place, path.join(folder, name), {
      recursive: true,
      filter: (file) => isNeeded(path.relative(place, file)),
    });
  };
  for (const [name, user] of COPIED) copy(name, path.join(root, user));
  for (const [name, user] of OF_COPIED) copy(name, places.get(user));
}

/** The folder of a package as another one finds it. */
function packageFolder(name, from) {
  const paths = createRequire(path.join(from, 'package.json')).resolve.paths(name);
  const found = paths
    .map((each) => path.join(each, name))
    .find((each) => existsSync(path.join(each, 'package.json')));
  if (found === undefined) throw new Error(`${name} is not installed for ${from}.`);
  return realpathSync(found);
}

/** Neither types, nor sources, nor other builds, nor other platforms. */
function isNeeded(file) {
  if (
    /\.(map|d\.ts|d\.cts|d\.mts|md)$|\.min\.js$|\.(fesm|es2017)\.|^(src|script|node_modules|lib)(\/|$)/.test(
      file,
    )
  ) {
    return file.startsWith('lib') && !file.includes('onnx');
  }
  const platform = /^bin\/napi-v\d+\/(\w+)(?:\/(\w+))?/.exec(file);
  if (platform === null) return true;
  const [, system, architecture = process.arch] = platform;
  return system === process.platform && architecture === process.arch;
}

function copyVulkan(folder) {
  const from = VULKAN_FOLDERS.find(
    (each) => each !== undefined && VULKAN.every((file) => existsSync(path.join(each, file))),
  );
  if (from === undefined) {
    console.warn(
      `Without a Vulkan loader: no ${VULKAN.join(', ')} in /usr/lib/chromium; DGM_SWIFTSHADER names their folder.`,
    );
    return;
  }
  mkdirSync(folder);
  for (const file of VULKAN) cpSync(realpathSync(path.join(from, file)), path.join(folder, file));
}

/** The digits, and MNIST where somebody has put it. */
function copyData(folder) {
  mkdirSync(folder);
  const from = process.env.DGM_DATA_DIR;
  for (const name of ['digits.csv.gz', 'mnist10k']) {
    if (from !== undefined && existsSync(path.join(from, name))) {
      cpSync(path.join(from, name), path.join(folder, name), { recursive: true });
    } else console.warn(`Without ${name}: DGM_DATA_DIR names its folder.`);
  }
}
