// Draws the picture of the README of @dgm/tables: penguins as they were measured, and as the model of scripts/pretrained.ts draws them.
// npx tsx --tsconfig ../../tsconfig.json scripts/draw-penguins.ts DATA_DIR
import { readFile, writeFile } from 'node:fs/promises';
import { Key, loadModel, setup } from '@dgm/core';
import type { TextTable } from '@dgm/data';
import * as tables from '@dgm/tables';
import { loadTextTable } from '../src/datasets/text-tables';

const SPECIES = { Adelie: '#d65d0e', Chinstrap: '#7c5295', Gentoo: '#225ea8' } as const;
const [LENGTH, DEPTH] = ['Culmen Length (mm)', 'Culmen Depth (mm)'];
const [SIDE, GAP] = [300, 40];

/** A dot for each row that has both numbers, in the colour of its species. */
function panel(table: TextTable, title: string, left: number): string {
  const dots = Array.from({ length: table.count }, (_, row) => {
    const [length, depth] = [LENGTH, DEPTH].map((name) => Number(table.column(name!).text(row) || NaN));
    if (Number.isNaN(length! + depth!)) return '';
    const [species] = table.column('Species').text(row).split(' ');
    const x = left + (SIDE * (length! - 30)) / 32;
    const y = GAP + SIDE - (SIDE * (depth! - 12)) / 11;
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="3" fill="${SPECIES[species as keyof typeof SPECIES]}"/>`;
  });
  const frame = `<rect x="${left}" y="${GAP}" width="${SIDE}" height="${SIDE}" fill="none" stroke="#8c959f"/>`;
  return `<text x="${left}" y="${GAP - 10}">${title}</text>${frame}<g fill-opacity=".6">${dots.join('')}</g>`;
}

await setup({ backend: 'cpu' });
const measured = await loadTextTable('penguins', process.argv[2] ?? process.env['DGM_DATA_DIR']);
const file = new URL('../../docs/site/public/models/penguins.dgm', import.meta.url);
const { model } = await loadModel<tables.TableModel>(new Uint8Array(await readFile(file)), {
  packages: [tables],
});
const { table: drawn } = await model.sample(measured.count, { key: Key.of(0) });
model.dispose();
const [width, height] = [2 * SIDE + 3 * GAP, SIDE + 2 * GAP];
const names = Object.entries(SPECIES)
  .map(
    ([name, colour], at) => `<text x="${GAP + 110 * at}" y="${height - 12}" fill="${colour}">${name}</text>`,
  )
  .join('');
await writeFile(
  new URL('../../../packages/tables/docs/penguins.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="14" fill="#57606a">
<rect width="${width}" height="${height}" fill="#fff"/>
${panel(measured, `${measured.count} penguins`, GAP)}
${panel(drawn, `${drawn.count} drawn rows`, 2 * GAP + SIDE)}
${names}
</svg>
`,
);
