import { sizeOf } from '@dgm/core';
import type { SizeRow } from '../../results/comparison';
import { rowsOf } from '../../statistics/rows';
import type { DataFiles } from '../programs/protocol';
import { measure, type Task } from './measure';

const BATCHES = [16, 64, 256, 1024];
const WIDTHS = [64, 256, 1024, 2048];
/** Of alternating windows at each point. */
const SECONDS_PER_POINT = 4;

/** What is changed of a task, and what its rows say about it. */
interface Point {
  readonly size: number;
  readonly change: Pick<Task, 'batch' | 'width'> & Partial<Pick<Task, 'data'>>;
  readonly said: Pick<SizeRow, 'axis' | 'width' | 'variables'>;
}

/**
 * The curves along which the sizes of a model grow: batch size, width, then the number of variables. Nothing is trained.
 * @param sized - data sets of several numbers of variables that the model can learn
 * @param done - rows of an earlier command, whose points are skipped
 */
export async function* sizesOf(
  { training: _, ...task }: Task,
  sized: readonly DataFiles[],
  done: readonly SizeRow[],
): AsyncGenerator<readonly SizeRow[]> {
  for (const { size, change, said } of pointsOf(sized)) {
    if (done.some((row) => row.axis === said.axis && row[said.axis] === size)) continue;
    console.log(`${task.model}, ${said.axis} ${size}`);
    const seconds = Math.min(task.seconds, SECONDS_PER_POINT);
    const measurements = await measure({ ...task, ...change, seconds });
    yield rowsOf(measurements).map((row) => ({ ...row, ...said }));
  }
}

function pointsOf(sized: readonly DataFiles[]): readonly Point[] {
  return [
    ...BATCHES.map((batch) => ({
      size: batch,
      change: { batch },
      said: { axis: 'batch' as const, width: null },
    })),
    ...WIDTHS.map((width) => ({
      size: width,
      change: { width },
      said: { axis: 'width' as const, width },
    })),
    ...sized.map((data) => {
      const variables = sizeOf(data.shape);
      return {
        size: variables,
        change: { data },
        said: { axis: 'variables' as const, width: null, variables },
      };
    }),
  ];
}
