import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PeerLibrary } from '../../results/comparison';

/** An interpreter that has a library, or what to do where there is none. */
export type Interpreter =
  | {
      readonly python: string;
      readonly version: string;
      readonly language: string;
      /** Whether the library computes on an NVIDIA GPU here; undefined where that was not asked. */
      readonly hasCuda?: boolean;
    }
  | { readonly missing: string; readonly remedy: string };

/** What models are compared with: steps of training, and other kinds of models. */
type Library = PeerLibrary | 'scikit-learn';

const MODULES: Readonly<Record<Library, string>> = {
  PyTorch: 'torch',
  JAX: 'jax',
  'scikit-learn': 'sklearn',
};

/** Prints whether a library has CUDA. All but PyTorch are compared on processors only. */
const CUDA: Readonly<Record<Library, string>> = {
  PyTorch: 'torch.cuda.is_available()',
  JAX: 'False',
  'scikit-learn': 'False',
};

const REMEDIES: Readonly<Record<Library, string>> = {
  PyTorch: 'pip install torch; DGM_PYTHON names another interpreter',
  JAX: 'pip install jax; DGM_PYTHON names another interpreter',
  'scikit-learn': 'pip install scikit-learn; DGM_PYTHON names another interpreter',
};

/** Importing a library takes long on a busy machine. */
const MOST_SECONDS = 180;

/** The first Python with a library: `DGM_PYTHON`, else every `python3` on the path in its order. */
export async function findLibrary(library: Library): Promise<Interpreter> {
  const named = process.env['DGM_PYTHON'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = named ? [named] : folders.map((folder) => path.join(folder, 'python3'));
  const name = MODULES[library];
  const probe = `import platform, ${name}; print(${name}.__version__, platform.python_version(), ${CUDA[library]})`;
  const reasons = new Set<string>();
  for (const python of new Set(candidates)) {
    try {
      const { stdout } = await promisify(execFile)(python, ['-c', probe], { timeout: 1000 * MOST_SECONDS });
      const [version, language, cuda] = stdout.trim().split(' ') as [string, string, string];
      return { python, version, language: `Python ${language}`, hasCuda: cuda === 'True' };
    } catch (error) {
      const {
        code,
        killed,
        stderr = '',
      } = error as {
        readonly code?: unknown;
        readonly killed?: boolean;
        readonly stderr?: string;
      };
      const last = stderr.trim().split('\n').at(-1) ?? '';
      if (killed) reasons.add(`importing ${name} took more than ${MOST_SECONDS} s`);
      else if (code !== 'ENOENT') reasons.add(last);
    }
  }
  const missing = [...reasons].filter((reason) => reason !== '').join('; ') || 'no python3 on the path';
  return { missing, remedy: REMEDIES[library] };
}

/** Finds PyTorch. */
export const findTorch = (): Promise<Interpreter> => findLibrary('PyTorch');
