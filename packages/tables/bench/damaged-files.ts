// Reads a damaged model file: `npx tsx --tsconfig ../../tsconfig.json bench/damaged-files.ts [attempts] [seed]`. It fails at the
// first error that is no typed one, and where a damaged file gives a model.
import { readFile } from 'node:fs/promises';
import { setup } from '@dgm/core';
import { readDamaged } from '../test/damaged-files';

const [attempts = 100_000, seed = 0] = process.argv.slice(2).map(Number);
await setup({ backend: 'cpu' });
const file = new Uint8Array(await readFile(new URL('../test/fixtures/table-v1.dgm', import.meta.url)));
const models = await readDamaged(file, attempts, {
  seed,
  onProgress: (done) => void (done % 1000 === 0 && process.stderr.write(`\r${done} of ${attempts}`)),
});
console.log(`\n${attempts} damaged files: ${attempts - models} typed errors, ${models} models`);
process.exitCode = models === 0 ? 0 : 1;
