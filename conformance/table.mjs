// Turns mocha's results into a table:
//   table.mjs row SUITE COMMIT RESULTS.JSON   prints one line of JSON
//   table.mjs print ROWS                      prints the table and each test that failed
import {existsSync, readFileSync} from 'node:fs';

const [what, ...args] = process.argv.slice(2);

if(what === 'row') {
  const [suite, commit, file] = args;
  const row = {suite, commit, tests: 0, passed: 0, failed: [], skipped: []};
  if(existsSync(file)) {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    row.tests = results.stats.tests;
    row.passed = results.passes.length;
    row.failed = results.failures.map(t => ({title: t.fullTitle, error: t.err.message}));
    row.skipped = results.pending.map(t => t.fullTitle);
  } else {
    row.failed = [{title: 'the suite did not run', error: ''}];
  }
  console.log(JSON.stringify(row));
} else {
  const rows = readFileSync(args[0], 'utf8').trim().split('\n').map(line => JSON.parse(line));
  console.log('| suite | commit | tests | passed | failed | skipped by the suite |');
  console.log('|---|---|--:|--:|--:|--:|');
  for(const r of rows) {
    console.log(`| ${r.suite} | ${r.commit} | ${r.tests} | ${r.passed} | ${r.failed.length} | ${r.skipped.length} |`);
  }
  for(const r of rows) {
    for(const t of r.failed) {
      console.log(`\nFAILED ${r.suite}: ${t.title}\n  ${(t.error || '').split('\n')[0]}`);
    }
    for(const title of r.skipped) {
      console.log(`\nskipped ${r.suite}: ${title}`);
    }
  }
  process.exitCode = rows.every(r => r.failed.length === 0) ? 0 : 1;
}
