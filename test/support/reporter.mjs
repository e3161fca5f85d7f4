/** Ends the run with one plain line that any tool can read. */
export default class PlainReporter {
  onRunComplete(_contexts, results) {
    const slowest = [...results.testResults].sort((a, b) => b.perfStats.runtime - a.perfStats.runtime).slice(0, 5);
    for (const file of slowest) console.error(`${(file.perfStats.runtime / 1000).toFixed(1)} s  ${file.testFilePath.replace(`${process.cwd()}/`, '')}`);
    // A file that could not even load has no failed test of its own, and must not look like a success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    if (results.numPendingTests > 0) console.log(`${results.numPendingTests} skipped: they need the real frameworks in ../shared/data/frameworks`);
    // At exit, so that nothing another reporter prints comes after it.
    process.on('exit', () => console.log(`${results.numPassedTests} passed, ${failed} failed`));
  }
}
