import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

/** An interpreter that has PyTorch, or what to do where there is none. */
export type Torch =
  | { readonly python: string; readonly version: string; readonly language: string }
  | { readonly missing: string; readonly remedy: string };

const PROBE = 'import platform, torch; print(torch.__version__, platform.python_version())';

/** How to get PyTorch. */
export const TORCH_REMEDY =
  'apt-get install python3-torch libopenblas0, or pip install torch; DGM_PYTHON names another interpreter';

/** The first Python with PyTorch: `DGM_PYTHON`, else every `python3` on the path in its order. */
export async function findTorch(): Promise<Torch> {
  const named = process.env['DGM_PYTHON'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = named ? [named] : folders.map((folder) => path.join(folder, 'python3'));
  const reasons = new Set<string>();
  for (const python of new Set(candidates)) {
    try {
      const { stdout } = await promisify(execFile)(python, ['-c', PROBE], { timeout: 60_000 });
      const [version, language] = stdout.trim().split(' ') as [string, string];
      return { python, version, language: `Python ${language}` };
    } catch (error) {
      const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
      if (code !== 'ENOENT') reasons.add(stderr.trim().split('\n').at(-1) ?? '');
    }
  }
  const missing = [...reasons].filter((reason) => reason !== '').join('; ') || 'no python3 on the path';
  return { missing, remedy: TORCH_REMEDY };
}
