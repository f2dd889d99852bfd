import { measure, type Task } from './measure';
import { rowsOf } from '../../statistics/rows';
import type { SweepRow } from '../../results/comparison';

const BATCHES = [16, 64, 256, 1024];
const WIDTHS = [64, 256, 1024, 2048];
/** Of alternating windows at each point. */
const SECONDS_PER_POINT = 4;

/**
 * The curves along which the sizes of a model grow: batch size, then width. Nothing is trained.
 * @param done - rows of an earlier command, whose points are skipped
 */
export async function* sweepOf(
  { training: _, ...task }: Task,
  done: readonly SweepRow[],
): AsyncGenerator<readonly SweepRow[]> {
  const points = [
    ...BATCHES.map((batch) => ({ axis: 'batch' as const, batch })),
    ...WIDTHS.map((width) => ({ axis: 'width' as const, width })),
  ];
  for (const { axis, ...size } of points) {
    if (done.some((row) => row.axis === axis && row[axis] === Object.values(size)[0])) continue;
    console.log(`${task.model}, ${axis} ${Object.values(size).join()}`);
    const seconds = Math.min(task.seconds, SECONDS_PER_POINT);
    const measurements = await measure({ ...task, ...size, seconds });
    const width = 'width' in size ? size.width : null;
    yield rowsOf(measurements).map((row) => ({ ...row, axis, width }));
  }
}
