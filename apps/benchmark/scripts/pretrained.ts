// Trains the models that the site offers as files, and writes them with their hashes and cards. Two minutes:
// npx tsx --tsconfig ../../tsconfig.json scripts/pretrained.ts DATA_DIR
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiled } from '@dgm/compile';
import { modelBytes, setup, type ModelCard } from '@dgm/core';
import { trainTable } from '@dgm/tables';
import { loadTextTable } from '../src/datasets/text-tables';

const folder = fileURLToPath(new URL('../../docs/site/public/models', import.meta.url));

async function penguins(
  dataFolder: string,
): Promise<{ readonly bytes: Uint8Array; readonly card: ModelCard }> {
  const model = await trainTable(await loadTextTable('penguins', dataFolder), {
    seed: 0,
    steps: 1200,
    columns: [
      ...['Species', 'Island', 'Clutch Completion', 'Culmen Length (mm)', 'Culmen Depth (mm)'],
      ...['Flipper Length (mm)', 'Body Mass (g)', 'Sex'],
    ],
    engine: compiled({ threads: 1 }),
  });
  const card: ModelCard = {
    ...model.card,
    description: 'Eight columns of the penguins of the Palmer Archipelago, of any order',
    licence: 'CC0-1.0',
    data: {
      name: 'palmerpenguins, penguins_raw (Horst, Hill and Gorman, 2020)',
      source: 'https://allisonhorst.github.io/palmerpenguins/',
      licence: 'CC0-1.0',
    },
  };
  const bytes = await modelBytes(model, { card });
  model.dispose();
  return { bytes, card };
}

await setup({ backend: 'cpu' });
const { bytes, card } = await penguins(process.argv[2] ?? process.env['DGM_DATA_DIR'] ?? '.');
const file = 'penguins.dgm';
const sha256 = createHash('sha256').update(bytes).digest('hex');
await mkdir(folder, { recursive: true });
await writeFile(path.join(folder, file), bytes);
await writeFile(
  path.join(folder, 'index.json'),
  `${JSON.stringify([{ file, bytes: bytes.length, sha256, card }], null, 2)}\n`,
);
console.log(`${file}: ${bytes.length} bytes, ${sha256}`, card.training?.heldOut);
