import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder =
  process.env['DGM_DATA_DIR'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** Where the real digits are, if they are: tests that need them are skipped visibly otherwise. */
export const realDigits = existsSync(`${folder}/digits.csv.gz`)
  ? { folder, skip: false, reason: '' }
  : { folder, skip: true, reason: ` (skipped: no digits.csv.gz; set DGM_DATA_DIR to its folder)` };
