// Trains demos as their pages do, and keeps what they show at the end, and their models as files with cards: npm run record [NAME...]
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Key, modelBytes, setup } from '@dgm/core';
import type { ModelCard } from '@dgm/core';
import { demos } from '../src/demos/catalog';
import type { DemoEntry, DemoName } from '../src/demos/catalog';
import { programs } from '../src/demos/programs';
import { recordedFile, recordPanels } from '../src/demos/recorded';
import type { Recorded } from '../src/demos/recorded';
import { site } from '../src/folders';
import { listModel } from './list-model';

const models = path.join(site, 'public', 'models');

/** The most bytes of a model file that is kept in the repository; of others the list has the hash. */
const MOST_KEPT = 50_000;

await setup({ backend: 'wasm' });
const wanted = process.argv.slice(2);
for (const name of Object.keys(demos) as DemoName[]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const entry: DemoEntry = demos[name];
  const controls = {
    numbers: Object.fromEntries(entry.controls.map((control) => [control.name, control.value])),
  };
  const program = (await programs[name]())(controls, Key.of(0));
  const curves: Record<string, number[]> = {};
  await program.train({
    signal: { aborted: false },
    callbacks: [
      {
        onEpoch({ terms }) {
          for (const term of entry.curves) (curves[term] ??= []).push(Number(terms[term]!.toPrecision(5)));
        },
      },
    ],
  });
  const figure = await program.figure();
  const recorded: Recorded = { figure, curves, panels: recordPanels(await program.show(controls)) };
  for (const [file, model] of Object.entries(program.models)) {
    const card: ModelCard = {
      description: `Of the demo "${entry.title}". ${entry.figure.label}: ${figure.toFixed(entry.figure.digits)}`,
      licence: 'MIT',
      data: { name: `${entry.data} of @dgm/data`, licence: 'MIT' },
      training: { seed: 0 },
    };
    const bytes = await modelBytes(model, { card });
    listModel(models, bytes.length > MOST_KEPT ? `large/${file}` : file, bytes, card);
  }
  program.dispose();
  const file = path.join(site, 'public', recordedFile(name));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(recorded)}\n`);
  console.log(`${name}: ${entry.figure.label} ${figure.toFixed(entry.figure.digits)}`);
}
