import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard } from '@dgm/core';

/** What the list of the models that the site offers says of a file. */
export interface ListedModel {
  /** Below the folder of the list. Files in `large` are not in the repository. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly card: ModelCard;
}

/**
 * Writes a model file, and puts it into the list in place of what that said of it before.
 * @param name - without the ending; what begins with `large/` is not kept in the repository
 */
export function listModel(folder: string, name: string, bytes: Uint8Array, card: ModelCard): ListedModel {
  const file = `${name}.dgm`;
  const index = path.join(folder, 'index.json');
  const others = (JSON.parse(readFileSync(index, 'utf8')) as readonly ListedModel[]).filter(
    (other) => other.file !== file,
  );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const listed = { file, bytes: bytes.length, sha256, card };
  const all = [...others, listed].sort((a, b) => (a.file < b.file ? -1 : 1));
  mkdirSync(path.join(folder, 'large'), { recursive: true });
  writeFileSync(path.join(folder, file), bytes);
  writeFileSync(index, `${JSON.stringify(all, null, 2)}\n`);
  return listed;
}
