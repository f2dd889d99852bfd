import type { DemoName } from './catalog';
import type { Panel, PlanePanel } from './demo';

/** What a demo shows at the end of its training, as it is kept in a file: numbers of few digits in plain arrays. */
export interface Recorded {
  readonly figure: number;
  /** The terms of the loss that are drawn, by epoch. */
  readonly curves: Readonly<Record<string, number[]>>;
  readonly panels: readonly RecordedPanel[];
}

type RecordedPanel =
  | Exclude<Panel, { kind: 'plane' | 'file' }>
  | (Omit<PlanePanel, 'layers' | 'density'> & {
      readonly layers: readonly {
        readonly points: readonly number[];
        readonly style: PlanePanel['layers'][number]['style'];
      }[];
      readonly density?: { readonly size: number; readonly values: readonly number[] };
    });

/** Where the recording of a demo is, below the site's base and in `public`. */
export const recordedFile = (name: DemoName): string => `recorded/${name}.json`;

const rounded = (values: ArrayLike<number>): number[] =>
  Array.from(values, (value) => Math.round(100 * value) / 100);

/** Panels as they are kept. A file to download is not: it comes with a training of one's own. */
export function recordPanels(panels: readonly Panel[]): readonly RecordedPanel[] {
  return panels.flatMap((panel): RecordedPanel[] => {
    if (panel.kind === 'file') return [];
    if (panel.kind === 'bars') return [panel];
    if (panel.kind === 'images') return [{ ...panel, values: rounded(panel.values) }];
    const { layers, density, ...rest } = panel;
    return [
      {
        ...rest,
        layers: layers.map(({ points, style }) => ({ points: rounded(points), style })),
        ...(density && { density: { size: density.size, values: rounded(density.values) } }),
      },
    ];
  });
}

/** The panels of a recording. */
export function toPanels({ panels }: Recorded): readonly Panel[] {
  return panels.map((panel): Panel => {
    if (panel.kind !== 'plane') return panel;
    const { layers, density, ...rest } = panel;
    return {
      ...rest,
      layers: layers.map(({ points, style }) => ({ points: Float32Array.from(points), style })),
      ...(density && { density: { size: density.size, values: Float32Array.from(density.values) } }),
    };
  });
}
