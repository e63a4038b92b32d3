// Measures an npm package, for bench/run.
//
//   node bench.mjs PEER FIXTURE MILLISECONDS
//
// PEER is a module of ./bench. For each name on a line of the standard input, such
// as EddsaRdfc/sign, it does that work again and again for so many milliseconds of
// processor time, and prints a line as Go's benchmarks do, with the processor time
// of the whole process in nanoseconds. Before the first it works for two seconds, so
// that what is hot has been compiled.
import './lib/exit.mjs';
import {createInterface} from 'node:readline';
import {readFileSync} from 'node:fs';

const [, , peer, fixture, milliseconds] = process.argv;
const {works} = await import(`./bench/${peer}.mjs`);
const limit = 1000 * Number(milliseconds);
const text = JSON.stringify(JSON.parse(readFileSync(fixture, 'utf8')));

// spend works until the processor time is used up, which it looks at now and then.
async function spend(work, microseconds, step) {
  const start = process.cpuUsage();
  for(let n = 0; ;) {
    for(let i = 0; i < step; i++) {
      await work(n++);
    }
    const {user, system} = process.cpuUsage(start);
    if(user + system >= microseconds) {
      return {n, nanoseconds: 1000 * (user + system) / n};
    }
  }
}

const warm = new Map();
for await (const name of createInterface({input: process.stdin})) {
  if(!warm.has(name)) {
    const work = await works[name](text);
    const {nanoseconds} = await spend(work, Math.max(2e6, 3 * limit), 1);
    warm.set(name, {work, step: Math.ceil(5e6 / nanoseconds)}); // a look every 5 ms
  }
  const {work, step} = warm.get(name);
  const {n, nanoseconds} = await spend(work, limit, step);
  console.log(`Benchmark${name}/${peer}\t${n}\t${nanoseconds.toFixed(1)} cpu-ns/op`);
}
