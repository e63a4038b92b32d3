// The credentials that are measured with, as interop/bench_test.go makes them.
import {library, loader} from '../lib/documents.mjs';

// badges are those of 64 recipients.
export function badges(text, issuer) {
  return Array.from({length: 64}, (_, i) => {
    const letters = 'ABCDEFGH'[i >> 3] + 'ABCDEFGH'[i % 8];
    return text.
      replace('did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz', issuer).
      replace('nnEGta2doK', `nnEGta2d${letters}`).
      replaceAll('0b7c2f7e', (i * 63211013 + 0x10000000).toString(16)).
      replaceAll('94567', String(10000 + 97 * i)).
      replace('f3a1c9d27b', `f3a1c9d2${letters}`).
      replace('"87"', `"${30 + i}"`);
  });
}

// documentLoader gives contexts from memory, marked so that jsonld.js keeps what it
// made of them, as the packages' own loaders do.
const get = loader(library({}));
const kept = new Map();
export async function documentLoader(url) {
  if(!kept.has(url)) {
    const {document} = await get(url);
    if(url.startsWith('did:')) {
      return {contextUrl: null, documentUrl: url, document};
    }
    kept.set(url, {contextUrl: null, documentUrl: url, document, tag: 'static'});
  }
  return kept.get(url);
}
