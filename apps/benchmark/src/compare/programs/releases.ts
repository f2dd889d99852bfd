import type { PeerLibrary } from '../../results/comparison';

/** When minor versions appeared on PyPI, the oldest first. */
const RELEASES: Readonly<Record<PeerLibrary, readonly (readonly [version: string, date: string])[]>> = {
  PyTorch: [
    ['1.13', '2022-10-28'],
    ['2.0', '2023-03-15'],
    ['2.1', '2023-10-04'],
    ['2.2', '2024-01-30'],
    ['2.3', '2024-04-24'],
    ['2.4', '2024-07-24'],
    ['2.5', '2024-10-17'],
    ['2.6', '2025-01-29'],
    ['2.7', '2025-04-23'],
    ['2.8', '2025-08-06'],
    ['2.9', '2025-10-15'],
    ['2.10', '2026-01-21'],
    ['2.11', '2026-03-23'],
    ['2.12', '2026-05-13'],
    ['2.13', '2026-07-08'],
    ['2.14', '2026-09-02'],
    ['2.15', '2026-10-28'],
  ],
  JAX: [
    ['0.4', '2022-12-15'],
    ['0.5', '2025-01-17'],
    ['0.6', '2025-04-17'],
    ['0.7', '2025-07-22'],
    ['0.8', '2025-10-15'],
    ['0.9', '2026-01-20'],
    ['0.10', '2026-04-22'],
    ['0.11', '2026-07-16'],
    ['0.12', '2026-10-19'],
  ],
};

/** The day on which a version's minor version appeared; undefined for one newer than all of the table. */
export function releasedOn(library: PeerLibrary, version: string): string | undefined {
  const known = RELEASES[library];
  if (isBefore(known.at(-1)![0], version)) return undefined;
  const past = known.filter(([minor]) => !isBefore(version, minor));
  return (past.at(-1) ?? known[0]!)[1];
}

const YEAR_MS = 365.25 * 24 * 3600 * 1000;

/** Whether a release lies more than a year back. */
export const isOld = (released: string | undefined, now: Date): boolean =>
  released !== undefined && now.getTime() - new Date(released).getTime() > YEAR_MS;

/** Whether one minor version comes before another; what follows the second number does not count. */
function isBefore(a: string, b: string): boolean {
  const [majorA, minorA] = a.split('.').map((part) => Number.parseInt(part, 10)) as [number, number];
  const [majorB, minorB] = b.split('.').map((part) => Number.parseInt(part, 10)) as [number, number];
  return majorA !== majorB ? majorA < majorB : minorA < minorB;
}
