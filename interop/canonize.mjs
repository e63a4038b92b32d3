// Canonicalises JSON-LD documents with jsonld and rdf-canonize.
//
//   node canonize.mjs DOCUMENTS.json
//
// DOCUMENTS is a list. Prints a list of canonical N-Quads, or of {error} where
// the library refuses.
import './lib/exit.mjs';
import jsonld from 'jsonld';
import {canonize} from 'rdf-canonize';
import {readFileSync} from 'node:fs';
import {library, loader} from './lib/documents.mjs';

const documentLoader = loader(library({}));
const answers = [];
for(const document of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  try {
    const dataset = await jsonld.toRDF(document, {documentLoader, safe: true, base: null});
    answers.push(await canonize(dataset, {algorithm: 'RDFC-1.0', format: 'application/n-quads'}));
  } catch(error) {
    answers.push({error: error.message});
  }
}
console.log(JSON.stringify(answers));
