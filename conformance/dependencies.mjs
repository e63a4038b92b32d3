// Lets a copied suite take packages that it names on GitHub from checkouts
// beside it, where they are, and have what only its developers would install,
// mocha among it for one suite: dependencies.mjs PACKAGE.JSON FOLDER
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

const [file, folder] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(file, 'utf8'));
for(const name in manifest.dependencies) {
  const beside = join(folder, name);
  if(manifest.dependencies[name].startsWith('github:') && existsSync(beside)) {
    manifest.dependencies[name] = `file:${beside}`;
    rmSync(join(dirname(file), 'package-lock.json'), {force: true}); // it names GitHub
  }
}
manifest.dependencies.mocha ??= manifest.devDependencies?.mocha ?? '^10.7.3';
writeFileSync(file, JSON.stringify(manifest, null, 2));
