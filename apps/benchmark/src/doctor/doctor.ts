import type { RuntimeReport } from '@dgm/compile';
import { DgmError, setup, type BackendName } from '@dgm/core';
import { WorkerProcess } from '../compare/programs/worker-process';
import { findTorch } from '../compare/programs/python';
import { workerArguments } from '../program-files';
import { CommandLine } from '../command-line/command-line';
import { findChromium } from './chromium';
import { describeChecks, type Check } from './check';
import { checkGpu, gpuRemedy } from './gpu';

interface Backend {
  readonly name: BackendName;
  readonly device?: 'gpu';
  readonly purpose: string;
  readonly remedy?: string;
}

const backends: readonly Backend[] = [
  {
    name: 'tensorflow',
    device: 'gpu',
    purpose: 'large layers in eager training',
    remedy: gpuRemedy,
  },
  {
    name: 'tensorflow',
    purpose: 'large layers in eager training; a step of a small VAE takes about 6 times as long as compiled',
    remedy:
      'npm install @tensorflow/tfjs-node; where its download fails, node scripts/tfjs-node/build.mjs FOLDER',
  },
  {
    name: 'wasm',
    purpose: 'eager training without installing anything; about 8 times as long as compiled',
  },
  { name: 'cpu', purpose: 'exact references, and nothing that has to be fast' },
];

const devices: Readonly<Record<string, { readonly purpose: string; readonly remedy: string }>> = {
  cpu: { purpose: 'training and evaluation: the fastest on a CPU', remedy: 'npm install onnxruntime-node' },
  webgpu: {
    purpose: 'large layers on any GPU',
    remedy: 'a GPU with its driver; for Vulkan on Debian apt-get install libvulkan1 mesa-vulkan-drivers',
  },
  cuda: {
    purpose: 'large layers on an NVIDIA GPU',
    remedy:
      'an NVIDIA GPU, CUDA 12 and cuDNN 9; npm rebuild onnxruntime-node where its install script was not run',
  },
};

export const doctorCommand = new CommandLine({
  name: 'doctor',
  summary:
    'Says what of everything that this program can use works on this machine, and what makes the rest work.',
  usage: 'doctor [--gpu]',
  options: {
    gpu: {
      type: 'boolean',
      help: 'only checks that eager training runs on an NVIDIA GPU, and times a product there and on the CPU; exits with 1 if not',
    },
  },
  notes: 'The exit status is 0, because what is missing is optional; with --gpu it is 1 if no GPU is used.',
});

/**
 * `dgm-bench doctor`: says what of everything that this program can use works here, and what makes the rest work.
 * @returns 0, because what is missing is optional; with `--gpu` 1 if no GPU is used
 */
export async function doctor(argv: readonly string[] = []): Promise<number> {
  const { values } = doctorCommand.parse(argv);
  if (values.help) {
    console.log(doctorCommand.help);
    return 0;
  }
  const checks = values.gpu === true ? [await checkGpu()] : await examine();
  console.log(describeChecks(checks));
  return values.gpu === true && !checks[0]!.works ? 1 : 0;
}

/** Tries everything. */
export async function examine(): Promise<readonly Check[]> {
  const checks: Check[] = [];
  // One after another: tfjs has one backend at a time.
  for (const backend of backends) checks.push(await tryBackend(backend));
  return [...checks, ...(await tryDevices()), await tryTorch(), tryChromium()];
}

async function tryBackend({ name, device, purpose, remedy }: Backend): Promise<Check> {
  const title = `eager on ${name}${device === undefined ? '' : ' with a GPU'}`;
  const missing = (detail: string): Check => ({
    name: title,
    works: false,
    detail,
    purpose,
    ...(remedy === undefined ? {} : { remedy }),
  });
  try {
    const found = await setup({ backend: name });
    return device === undefined || found.device === device
      ? { name: title, works: true, detail: found.description, purpose }
      : missing(`it computes on the ${found.device}: ${found.description}`);
  } catch (error) {
    if (!DgmError.is(error, 'engine')) throw error;
    return missing(error.actual ?? error.message);
  }
}

/** In a process of its own: the runtime's libraries print what they miss, and a broken driver may end the process. */
async function tryDevices(): Promise<readonly Check[]> {
  const worker = new WorkerProcess({ command: process.execPath, args: workerArguments });
  const report = await worker
    .ask('devices', {})
    .catch((error: unknown) => ({ devices: [], description: String(error) }) as RuntimeReport);
  await worker.close();
  return Object.entries(devices).map(([device, { purpose, remedy }]) => {
    const { works, reason } = report.devices.find((found) => found.device === device) ?? {
      works: false,
      reason: report.description,
    };
    const name = `compiled on ${device}`;
    return works
      ? { name, works, detail: `${report.runtime} ${report.version}`, purpose }
      : { name, works, detail: reason ?? 'no reason given', purpose, remedy };
  });
}

async function tryTorch(): Promise<Check> {
  const name = 'PyTorch, for compare';
  const torch = await findTorch();
  return 'missing' in torch
    ? { name, works: false, detail: torch.missing, remedy: torch.remedy }
    : { name, works: true, detail: `PyTorch ${torch.version}, ${torch.language}, ${torch.python}` };
}

function tryChromium(): Check {
  const name = 'Chromium, for tests';
  const found = findChromium();
  return found === undefined
    ? {
        name,
        works: false,
        detail: 'not on the path',
        remedy: 'apt-get install chromium; CHROMIUM names another',
      }
    : { name, works: true, detail: found };
}
