// @digitalbazaar/vc with the suites of @digitalbazaar, from JSON to JSON.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {badges, documentLoader} from './badges.mjs';
import {discloser, signer, verifier} from '../lib/suites.mjs';

const mandatoryPointers = ['/issuer', '/validFrom', '/validUntil', '/credentialStatus'];
const selective = ['/name', '/credentialSubject/achievement/name', '/credentialSubject/result'];
const checkStatus = async () => ({verified: true});

async function prepare(text, cryptosuite) {
  const key = cryptosuite.startsWith('eddsa') ?
    await Ed25519Multikey.generate({seed: new Uint8Array(32).fill(7)}) : await EcdsaMultikey.generate({curve: 'P-256'});
  const {publicKeyMultibase, secretKeyMultibase} = await key.export({publicKey: true, secretKey: true});
  const suite = await signer({cryptosuite, publicKeyMultibase, secretKeyMultibase, mandatoryPointers});
  const unsigned = badges(text, `did:key:${publicKeyMultibase}`);
  const sign = async i => JSON.stringify(await vc.issue({credential: JSON.parse(unsigned[i % unsigned.length]), suite, documentLoader}));
  return {sign, signed: () => Promise.all(unsigned.map((_, i) => sign(i)))};
}

async function derive(signed, i) {
  return JSON.stringify(await vc.derive({
    verifiableCredential: JSON.parse(signed[i % signed.length]), suite: discloser(selective), documentLoader
  }));
}

function verifying(signed) {
  const suite = verifier(JSON.parse(signed[0]).proof);
  return async i => {
    const result = await vc.verifyCredential({
      credential: JSON.parse(signed[i % signed.length]), suite, documentLoader, checkStatus
    });
    if(!result.verified) {
      throw result.error;
    }
  };
}

const signs = cryptosuite => async text => (await prepare(text, cryptosuite)).sign;
const verifies = cryptosuite => async text => verifying(await (await prepare(text, cryptosuite)).signed());
const bases = async text => (await prepare(text, 'ecdsa-sd-2023')).signed();

export const works = {
  'EddsaRdfc/sign': signs('eddsa-rdfc-2022'),
  'EddsaRdfc/verify': verifies('eddsa-rdfc-2022'),
  'EcdsaRdfc/sign': signs('ecdsa-rdfc-2019'),
  'EcdsaRdfc/verify': verifies('ecdsa-rdfc-2019'),
  'EddsaJcs/sign': signs('eddsa-jcs-2022'),
  'EddsaJcs/verify': verifies('eddsa-jcs-2022'),
  'EcdsaSd/sign': signs('ecdsa-sd-2023'),
  'EcdsaSd/derive': async text => {
    const signed = await bases(text);
    return i => derive(signed, i);
  },
  'EcdsaSd/verify': async text => {
    const signed = await bases(text);
    return verifying(await Promise.all(signed.map((_, i) => derive(signed, i))));
  }
};
