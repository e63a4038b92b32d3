// @digitalcredentials/vc, from JSON to JSON.
import * as Ed25519Multikey from '@digitalcredentials/ed25519-multikey';
import * as vc from '@digitalcredentials/vc';
import {badges, documentLoader} from './badges.mjs';
import {cryptosuite} from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalcredentials/data-integrity';

async function prepare(text) {
  const key = await Ed25519Multikey.generate({seed: new Uint8Array(32).fill(7)});
  key.controller = `did:key:${key.publicKeyMultibase}`;
  key.id = `${key.controller}#${key.publicKeyMultibase}`;
  const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite});
  const unsigned = badges(text, key.controller);
  const sign = async i => JSON.stringify(await vc.issue({credential: JSON.parse(unsigned[i % unsigned.length]), suite, documentLoader}));
  return {unsigned, sign};
}

export const works = {
  'EddsaRdfc/sign': async text => (await prepare(text)).sign,
  'EddsaRdfc/verify': async text => {
    const {unsigned, sign} = await prepare(text);
    const signed = await Promise.all(unsigned.map((_, i) => sign(i)));
    const suite = new DataIntegrityProof({cryptosuite});
    const checkStatus = async () => ({verified: true});
    return async i => {
      const result = await vc.verifyCredential({
        credential: JSON.parse(signed[i % signed.length]), suite, documentLoader, checkStatus
      });
      if(!result.verified) {
        throw result.error;
      }
    };
  }
};
