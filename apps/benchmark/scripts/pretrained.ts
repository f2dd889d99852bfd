// Trains the model of penguins that the site offers as a file, and lists it with its hash and card. Two minutes; `npm run record` in
// apps/docs does the same for the models of the demos.
// npx tsx --tsconfig ../../tsconfig.json scripts/pretrained.ts DATA_DIR
import { fileURLToPath } from 'node:url';
import { compiled } from '@dgm/compile';
import { modelBytes, setup, type ModelCard } from '@dgm/core';
import { trainTable } from '@dgm/tables';
import { listModel } from '../../docs/scripts/list-model';
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
const { sha256 } = listModel(folder, 'penguins', bytes, card);
console.log(`penguins: ${bytes.length} bytes, ${sha256}`, card.training?.heldOut);
