// Verifies a credential with @digitalcredentials/verifier-core and prints what
// it found.
//
//   node verify-core.mjs [--docs MAP.json] [--connect HOST:PORT --ca CERTS.pem] FILE
//
// The library asks the network for DID documents, status lists, schemas and
// registries. All of that goes through the global fetch, which is replaced
// before the library is loaded; without registries it asks for none.
//
// Exit status 0: verified; 1: refused; 2: could not run.
import './lib/exit.mjs';
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {library, options} from './lib/documents.mjs';

const {values, positionals: [file]} = parseArgs({options, allowPositionals: true});
const get = library(values);
globalThis.fetch = async input => {
  const {body, contentType} = await get(typeof input === 'string' ? input : input.url ?? input.href);
  return new Response(body, {status: 200, headers: {'content-type': contentType}});
};
console.log = console.error; // the library prints there what it could not fetch
const {verifyCredential} = await import('@digitalcredentials/verifier-core');

const result = await verifyCredential({
  credential: JSON.parse(readFileSync(file, 'utf8')),
  knownDIDRegistries: []
});
const steps = Object.fromEntries((result.log ?? []).map(s => [s.id, s.valid ?? s.error]));
const good = id => steps[id] === true;
const verified = !result.errors && good('valid_signature') && good('expiration') &&
  (!('revocation_status' in steps) || good('revocation_status'));
process.stdout.write(JSON.stringify({
  verified,
  reasons: (result.errors ?? []).map(e => `${e.name}: ${e.message}`),
  steps,
  schema: result.additionalInformation?.find(i => i.id === 'schema_check')?.results
}) + '\n');
process.exitCode = verified ? 0 : 1;
