// Spends a few minutes on comparisons, those that are worth most first, each with at most half of the time that is left. What a step has
// measured stays when its time ends in the middle of it: `compare` writes its file after each model and batch size.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync, createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '8' },
    out: { type: 'string', default: 'results' },
    software: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const ends = Date.now() + 60_000 * Number(options.minutes);
const out = path.resolve(options.out);
mkdirSync(out, { recursive: true });

const vulkan = path.join(here, 'vulkan');
const software = { VK_DRIVER_FILES: path.join(vulkan, 'vk_swiftshader_icd.json') };
const env = {
  ...process.env,
  ...(options.software ? software : nvidiaDriver()),
  // The loader that is carried; of drivers it finds those of the system.
  ...(existsSync(vulkan)
    ? { LD_LIBRARY_PATH: [vulkan, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') }
    : {}),
  DGM_DATA_DIR: path.join(here, 'data'),
  TORCHINDUCTOR_CACHE_DIR: path.join(out, 'inductor'),
};

/** In containers the driver's libraries are often there without the file that tells a Vulkan loader of them. */
function nvidiaDriver() {
  const named = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].some((each) =>
    existsSync(path.join(each, 'nvidia_icd.json')),
  );
  if (named || process.env.VK_DRIVER_FILES !== undefined) return {};
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/local/nvidia/lib64'];
  const libraries = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];
  const library = folders
    .flatMap((folder) => libraries.map((name) => path.join(folder, name)))
    .find(existsSync);
  if (library === undefined) return {};
  const file = path.join(out, 'nvidia_icd.json');
  const ICD = { library_path: library, api_version: '1.3.0' };
  writeFileSync(file, JSON.stringify({ file_format_version: '1.0.0', ICD }));
  return { VK_DRIVER_FILES: file };
}

// An adapter in software takes minutes for a step of a large batch.
const batch = options.software ? '64' : '1024';
const threads = [...new Set([1, availableParallelism()])].join();
const quick = options.quick ? ['--quick'] : [];
const onDevices = [
  '--engines',
  'compiled,compiled:webgpu',
  '--peers',
  'pytorch,pytorch-compile',
  '--threads',
  threads,
];
const timed = ['--seconds', options.quick ? '1' : '3', '--max-seconds', '0', '--resume', ...quick];
const steps = [
  ['doctor', 'doctor'],
  // A result after a minute, whatever becomes of the rest: PyTorch alone takes a minute to compile each of its programs.
  [
    'first',
    '--models',
    'vae',
    '--batches',
    batch,
    '--engines',
    'compiled:webgpu',
    '--peers',
    'pytorch',
    '--threads',
    '1',
  ],
  ['vae', '--models', 'vae', ...onDevices, ...(options.quick ? [] : ['--sweep'])],
  // The model takes few levels: bits. The smallest batch comes first, so that it is there if the time ends, and nothing waits for
  // PyTorch's compiler.
  [
    'unet',
    '--models',
    'vdm-unet',
    '--dataset',
    'binarized-mnist-10k',
    '--batches',
    options.software ? '16' : '16,64,256',
    '--engines',
    'compiled:webgpu',
    '--peers',
    'pytorch,pytorch-fused',
    '--threads',
    '1',
  ],
  ['images', '--models', 'glow,idf-image', '--dataset', 'mnist-10k', '--batches', '64,256', ...onDevices],
  ['flagships', '--models', 'flagships', ...onDevices],
];
const argumentsOf = (name, args) =>
  name === 'doctor'
    ? args
    : ['compare', '--dataset', 'digits', ...args, ...timed, '--out', path.join(out, name)];

/** Runs a command until it ends or its time does; its output goes to a file as well. */
function run(name, args, until) {
  const log = createWriteStream(path.join(out, `${name}.log`));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(here, 'app', 'dist', 'cli.js'), ...args], {
      env,
      cwd: out,
      detached: true,
    });
    // The whole group, for it has started programs of its own.
    const stop = setTimeout(() => process.kill(-child.pid, 'SIGTERM'), Math.max(0, until - Date.now()));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        process.stdout.write(text);
        log.write(text);
      });
    }
    child.on('close', (status) => {
      clearTimeout(stop);
      log.end();
      resolve(status);
    });
  });
}

const summary = [];
for (const [index, [name, ...args]] of steps.entries()) {
  if (Date.now() > ends) {
    summary.push(`${name}: no time left`);
    continue;
  }
  const began = Date.now();
  // Half of what is left, so that each of the steps has its turn.
  const until = index === steps.length - 1 ? ends : (began + ends) / 2;
  const status = await run(name, argumentsOf(name, args), until);
  const ended = Date.now() >= until ? 'stopped when its time ended' : `exit status ${status}`;
  summary.push(`${name}: ${ended}, ${Math.round((Date.now() - began) / 1000)} s`);
  writeFileSync(path.join(out, 'summary.txt'), `${summary.join('\n')}\n`);
}
writeFileSync(path.join(out, 'summary.txt'), `${summary.join('\n')}\n`);
console.log(readFileSync(path.join(out, 'summary.txt'), 'utf8'));
