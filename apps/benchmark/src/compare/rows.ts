import { PEER } from './entrant';
import type { ComparisonRow, Measurement } from './schema';

/** The rows of one model with one batch size: each of our engines at its fastest against PyTorch at its fastest. */
export function rowsOf(measurements: readonly Measurement[]): readonly ComparisonRow[] {
  const peer = fastest(measurements.filter(({ engine }) => engine === PEER));
  const engines = new Set(measurements.map(({ engine }) => engine).filter((engine) => engine !== PEER));
  return [...engines].map((engine) =>
    row(fastest(measurements.filter((measurement) => measurement.engine === engine))!, peer),
  );
}

/** The fastest of those that work, else any of the others, for what it says about its failure. */
function fastest(measurements: readonly Measurement[]): Measurement | undefined {
  const ms = ({ msPerStep, error }: Measurement) =>
    error === null ? (msPerStep?.median ?? Infinity) : Infinity;
  return [...measurements].sort((a, b) => (ms(a) < ms(b) ? -1 : Number(ms(a) > ms(b))))[0];
}

function row(ours: Measurement, peer: Measurement | undefined): ComparisonRow {
  const oursMs = ours.msPerStep?.median ?? null;
  const peerMs = peer?.msPerStep?.median ?? null;
  const errors = [ours.error, peer ? peer.error && `peer: ${peer.error}` : 'peer: none'].filter(
    (error) => error !== null,
  );
  return {
    model: ours.model,
    engine: ours.engine,
    device: ours.device,
    batch: ours.batch,
    oursMs,
    peerMs,
    ratio: oursMs === null || peerMs === null ? null : Number((peerMs / oursMs).toPrecision(4)),
    oursThreads: ours.threads,
    peerThreads: peer?.threads ?? null,
    oursTestNats: ours.training?.testNats ?? null,
    peerTestNats: peer?.training?.testNats ?? null,
    oursSampleMs: ours.sampleMs,
    peerSampleMs: peer?.sampleMs ?? null,
    roofline: roofline(ours),
    ...(errors.length > 0 ? { error: errors.join('; ') } : {}),
  };
}

function roofline({ msPerStep, roofline: measured }: Measurement): number | null {
  if (msPerStep === null || measured === null) return null;
  const { multiplyAddsPerStep, peakMultiplyAddsPerMs } = measured;
  return Number((multiplyAddsPerStep / msPerStep.median / peakMultiplyAddsPerMs).toPrecision(3));
}
