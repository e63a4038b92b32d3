// Verifies a credential with @digitalbazaar/vc and prints what it found.
//
//   node verify.mjs [--docs MAP.json] [--connect HOST:PORT --ca CERTS.pem] FILE
//
// Exit status 0: verified; 1: refused; 2: could not run.
import './lib/exit.mjs';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {library, loader, options} from './lib/documents.mjs';

const {values, positionals: [file]} = parseArgs({options, allowPositionals: true});
const documentLoader = loader(library(values));
const suite = new DataIntegrityProof({cryptosuite});

// `verified` of a status check says only that the list could be read: whether the
// bit is set is the caller's to judge.
async function clearStatus(given) {
  const result = await checkStatus({...given, suite, documentLoader});
  const set = (result.results ?? []).filter(r => r.status)
    .map(r => `status: ${r.credentialStatus.statusPurpose}`);
  return set.length ? {...result, verified: false, error: new Error(set.join(', '))} : result;
}

const result = await vc.verifyCredential({
  credential: JSON.parse(readFileSync(file, 'utf8')),
  suite, documentLoader, checkStatus: clearStatus
});
const reasons = e => e ? [e.message, ...(e.errors ?? []).flatMap(reasons), ...reasons(e.cause)] : [];
console.log(JSON.stringify({
  verified: result.verified,
  reasons: [...reasons(result.error), ...reasons(result.statusResult?.error)]
}));
process.exitCode = result.verified ? 0 : 1;
