// Signs, derives and verifies documents with the npm packages' suite for each
// cryptosuite.
//
//   node suites.mjs JOBS.json
//
// JOBS is a list of {do: "sign", document, cryptosuite, publicKeyMultibase,
// secretKeyMultibase, mandatoryPointers}, {do: "derive", document,
// selectivePointers} and {do: "verify", document}. Prints a list of answers:
// {document} or {verified, reasons}; {error} where the library throws.
import './lib/exit.mjs';
import jsigs from 'jsonld-signatures';
import {readFileSync} from 'node:fs';
import {library, loader} from './lib/documents.mjs';
import {discloser, legacyContext, signer, verifier} from './lib/suites.mjs';

const {purposes: {AssertionProofPurpose}} = jsigs;
const known = loader(library({}));
const documentLoader = async url => url === legacyContext[0] ?
  {contextUrl: null, documentUrl: url, document: structuredClone(legacyContext[1])} : known(url);
const reasons = e => e ? [e.message, ...(e.errors ?? []).flatMap(reasons), ...reasons(e.cause)] : [];

async function run(job) {
  const given = {purpose: new AssertionProofPurpose(), documentLoader};
  switch(job.do) {
    case 'sign':
      return {document: await jsigs.sign(job.document, {...given, suite: await signer(job)})};
    case 'derive':
      return {document: await jsigs.derive(job.document, {...given, suite: discloser(job.selectivePointers)})};
    default: {
      const suite = [job.document.proof].flat().map(verifier);
      const result = await jsigs.verify(job.document, {...given, suite});
      return {verified: result.verified, reasons: reasons(result.error)};
    }
  }
}

const answers = [];
for(const job of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  answers.push(await run(job).catch(error => ({error: reasons(error).join('; ')})));
}
console.log(JSON.stringify(answers));
