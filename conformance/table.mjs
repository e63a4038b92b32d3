// Turns mocha's results into a table:
//   table.mjs row SUITE COMMIT RESULTS.JSON   prints one line of JSON
//   table.mjs print ROWS                      prints the table and each test that failed
//
// A test that fails for a reason in refused.json, beside this file, is refused:
// it asks for what we do not do, and the reason says why.
import {existsSync, readFileSync} from 'node:fs';

const reasons = JSON.parse(readFileSync(new URL('refused.json', import.meta.url), 'utf8'));
const refusal = (suite, title) => (reasons[suite] || []).find(r => title.includes(r.test));

const [what, ...args] = process.argv.slice(2);

if(what === 'row') {
  const [suite, commit, file] = args;
  const row = {suite, commit, tests: 0, passed: 0, failed: [], refused: [], skipped: []};
  if(existsSync(file)) {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    row.tests = results.stats.tests;
    row.passed = results.passes.length;
    for(const t of results.failures) {
      const reason = refusal(suite, t.fullTitle)?.reason;
      (reason ? row.refused : row.failed).push({title: t.fullTitle, error: t.err.message, reason});
    }
    row.skipped = results.pending.map(t => t.fullTitle);
  } else {
    row.failed = [{title: 'the suite did not run', error: ''}];
  }
  console.log(JSON.stringify(row));
} else {
  const rows = readFileSync(args[0], 'utf8').trim().split('\n').map(line => JSON.parse(line));
  console.log('| suite | commit | tests | passed | refused | failed | skipped by the suite |');
  console.log('|---|---|--:|--:|--:|--:|--:|');
  for(const r of rows) {
    console.log(`| ${r.suite} | ${r.commit} | ${r.tests} | ${r.passed} | ${r.refused.length} | ${r.failed.length} | ${r.skipped.length} |`);
  }
  for(const r of rows) {
    for(const t of r.failed) {
      console.log(`\nFAILED ${r.suite}: ${t.title}\n  ${(t.error || '').split('\n')[0]}`);
    }
    for(const t of r.refused) {
      console.log(`\nrefused ${r.suite}: ${t.title}\n  ${t.reason}`);
    }
    for(const title of r.skipped) {
      console.log(`\nskipped ${r.suite}: ${title}`);
    }
  }
  process.exitCode = rows.every(r => r.failed.length === 0) ? 0 : 1;
}
