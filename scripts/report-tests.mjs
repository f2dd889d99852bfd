// Adds up what `npm test` ran: every test of every package, and every other check (lint, types, package checks) as one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const workspaces = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(folder).map((name) => path.join(folder, name)),
);

function testResults() {
  return [...workspaces, 'examples', 'integration']
    .map((folder) => ({ folder, file: path.join(folder, '.test-results', 'vitest.json') }))
    .filter(({ file }) => existsSync(file))
    .map(({ folder, file }) => ({ folder, ...JSON.parse(readFileSync(file, 'utf8')) }));
}

/** The summary that turbo wrote in this run: a cached task counts as what it was, a task that was never reached as failed. */
function turboTasks(since) {
  const folder = path.join('.turbo', 'runs');
  const summaries = existsSync(folder)
    ? readdirSync(folder)
        .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')))
        .filter((summary) => summary.execution.startTime >= since)
    : [];
  return summaries
    .flatMap((summary) => summary.tasks)
    .filter((task) => task.command !== '<NONEXISTENT>')
    .map((task) => ({ id: task.taskId, failed: task.execution?.exitCode !== 0 }));
}

/** Failed tests, and test files that failed before any of their tests could. */
export function countFailed(results) {
  const isBroken = (file) =>
    file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed');
  return results.reduce(
    (total, { numFailedTests, testResults: files }) => total + numFailedTests + files.filter(isBroken).length,
    0,
  );
}

/** Prints the closing lines, which count checks and the suites of other runs (`more`) too; gives the exit code. */
export function reportTests(since, checks, more = []) {
  const ran = turboTasks(since);
  const tasks = [...checks, ...ran];
  const own = testResults();
  const results = [...own, ...more];
  const skipped = results.flatMap(({ folder, testResults: files }) =>
    files
      .flatMap((file) => file.assertionResults)
      .filter(({ status }) => status === 'pending' || status === 'skipped' || status === 'todo')
      .map(({ fullName }) => `${folder}: ${fullName}`),
  );
  const failedTasks = tasks.filter((task) => task.failed);
  const failedTests = countFailed(own);
  // A failed `test` task is told by its failed tests, unless it died before it could write any.
  const failedChecks = failedTasks.filter(({ id }) => !id.endsWith('#test') || failedTests === 0);
  const passed =
    results.reduce((total, { numPassedTests }) => total + numPassedTests, 0) +
    tasks.filter(({ id, failed }) => !failed && !/#(test|build|generate)$/.test(id)).length;
  const failed = failedTests + countFailed(more) + failedChecks.length + (ran.length === 0 ? 1 : 0);

  console.log('');
  for (const name of skipped) console.log(`skipped: ${name}`);
  for (const { id } of failedTasks) console.log(`failed: ${id}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
