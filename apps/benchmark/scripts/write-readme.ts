// Writes the committed results into the READMEs and pictures that show them: npx tsx scripts/write-readme.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { pictures, readmes, withCommittedNumbers } from '../src/readme/readmes';

for (const readme of readmes) {
  const filepath = new URL(`../../../${readme.path}`, import.meta.url).pathname;
  const text = withCommittedNumbers(readFileSync(filepath, 'utf8'), readme);
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

for (const [path, picture] of Object.entries(pictures)) {
  writeFileSync(new URL(`../../../${path}`, import.meta.url), picture());
}
