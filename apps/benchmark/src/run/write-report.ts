import type { Baseline } from '../datasets/baselines';
import type { LatentMap } from '../results/latent-map';
import type { Results } from '../results/schema';
import { renderReport } from '../report/page';
import type { OutputFolder } from '../results/output-folder';
import { latentMapSchema } from '../results/validate';

/** The grid of test examples, beside the results. */
export const DATA_GRID = 'data.png';

/** Writes `report.html` out of the results and the pictures beside them. */
export async function writeReport(
  output: OutputFolder,
  results: Results,
  baselines: readonly Baseline[],
): Promise<string> {
  const names = results.runs.flatMap(({ samples, extra }) =>
    [samples, extra.reconstructions ?? [], extra.density ?? [], Object.values(extra.pictures ?? {})].flat(),
  );
  const images = new Map<string, Uint8Array>();
  for (const name of [DATA_GRID, ...names]) {
    const png = await output.readPng(name);
    if (png) images.set(name, png);
  }
  const latentMaps = new Map<string, LatentMap>();
  for (const name of results.runs.flatMap(({ extra }) => extra.latentMap ?? [])) {
    const map = await output.readJson(name, latentMapSchema);
    if (map) latentMaps.set(name, map);
  }
  const page = renderReport({ results, baselines, images, latentMaps, dataGrid: DATA_GRID });
  await output.write('report.html', page);
  return output.file('report.html');
}
