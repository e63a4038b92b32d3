// Measures @digitalbazaar/vc: signs and verifies one credential again and again
// and prints the processor time of each in microseconds, as JSON.
//
//   node bench.mjs FILE SECONDS     FILE: the unsigned credential
import './lib/exit.mjs';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {library, loader} from './lib/documents.mjs';
import {readFileSync} from 'node:fs';

const [, , file, seconds] = process.argv;
const key = await Ed25519Multikey.generate({seed: new Uint8Array(32).fill(7)});
key.controller = `did:key:${key.publicKeyMultibase}`;
key.id = `${key.controller}#${key.publicKeyMultibase}`;
const unsigned = JSON.parse(readFileSync(file, 'utf8'));
unsigned.issuer.id = key.controller;
delete unsigned.credentialStatus;
const text = JSON.stringify(unsigned);
const documentLoader = loader(library({}));

const sign = () => vc.issue({
  credential: JSON.parse(text),
  suite: new DataIntegrityProof({signer: key.signer(), cryptosuite}),
  documentLoader
});
const signed = JSON.stringify(await sign());
async function verify() {
  const result = await vc.verifyCredential({
    credential: JSON.parse(signed), suite: new DataIntegrityProof({cryptosuite}), documentLoader
  });
  if(!result.verified) {
    throw result.error;
  }
}

// measure lets the engine compile what is hot first.
async function measure(work) {
  for(let i = 0; i < 50; i++) {
    await work();
  }
  const limit = Number(seconds) * 1e6;
  const start = process.cpuUsage();
  for(let n = 1; ; n++) {
    await work();
    const {user, system} = process.cpuUsage(start);
    if(user + system >= limit) {
      return Math.round((user + system) / n);
    }
  }
}
console.log(JSON.stringify({sign: await measure(sign), verify: await measure(verify)}));
