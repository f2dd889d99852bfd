// Draws docs/glyphs.png: made glyphs on the left, the real digits on the right, one class per row.
// Run: DGM_DATA_DIR=<folder of digits.csv.gz> npx tsx --tsconfig ../../tsconfig.json scripts/draw-glyphs.ts
import { writeFileSync } from 'node:fs';
import { digits, glyphs, imageGrid, subset, type Examples } from '../src/index';

const perClass = 12;

/** The first images of a class. */
function firstOf(examples: Examples, label: number): number[] {
  const rows = Array.from(examples.labels!.keys()).filter((row) => examples.labels![row] === label);
  return Array.from(subset(examples, rows.slice(0, perClass)).values);
}

const made = glyphs();
const real = await digits();
// A column of half-inked pixels has the colour of the space between the images.
const gap = Array.from({ length: 64 }, () => 8);
const values = Array.from({ length: 10 }, (_, label) => [
  ...firstOf(made.train, label),
  ...gap,
  ...firstOf(real.train, label),
]).flat();
const png = imageGrid(
  { shape: [64], values },
  { columns: 2 * perClass + 1, scale: 3, padding: 2, range: [0, 16] },
);
writeFileSync(new URL('../docs/glyphs.png', import.meta.url), png);
