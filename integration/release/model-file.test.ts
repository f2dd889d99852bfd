import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { bundleForBrowser } from '../src/bundle';
import { chromium, openPage } from '../src/page';
import { asPage, importsOf, modelFilePage } from '../src/program';
import { strangersProject } from '../src/release';
import { npmInstall, repository } from '../src/run';

it.skipIf(chromium === undefined)(
  'a page scores, draws and fills rows with the model file of a table (wants chromium)',
  async () => {
    const project = strangersProject();
    npmInstall(project, ...importsOf(modelFilePage));
    const { folder } = await bundleForBrowser(project, asPage(project, modelFilePage));
    const fixture = path.join(repository, 'packages', 'tables', 'test', 'fixtures', 'table-v1.dgm');
    copyFileSync(fixture, path.join(folder, 'table.dgm'));
    const [scores, drawn, filled] = (await openPage(folder, chromium!)).split('\n');
    // As they are in Node, see table-v1.json.
    expect(scores!.split(' ').map(Number)).toEqual([
      expect.closeTo(-52.218, 2),
      expect.closeTo(-35.2305, 2),
      expect.closeTo(-21.5527, 2),
    ]);
    expect(drawn).toBe('elm elm elm elm');
    expect(filled).toMatch(/^1339,\d+\.\d,oak,2024-07-04,yes$/);
  },
);
