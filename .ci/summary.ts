import { readFileSync } from 'node:fs';

// Reads vitest's JSON report and prints the closing line. Here a skipped test counts as a failed
// one: this machine was given everything that the tests ask for.

const [report = '', status = '1'] = process.argv.slice(2);
const text = readFileSync(report, 'utf8');
const found: {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
} = text === '' ? { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] } : JSON.parse(text);

const skipped = found.numPendingTests + found.numTodoTests;
for (const file of found.testResults) {
  for (const test of file.assertionResults) {
    if (!['passed', 'failed'].includes(test.status)) {
      process.stdout.write(`skipped, which counts as failed here: ${test.fullName}\n`);
    }
  }
}
// A file that breaks before its first test, or an error outside of any test, fails no test by itself.
const brokenFiles = found.testResults.filter(
  ({ status: state, assertionResults }) => state === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
).length;
let failed = found.numFailedTests + skipped + brokenFiles;
if (failed === 0 && status !== '0') failed = 1;
process.stdout.write(`${found.numPassedTests} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && found.numPassedTests > 0 ? 0 : 1;
