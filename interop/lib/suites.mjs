// The suites of the npm packages, one for each cryptosuite.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as ecdsaSd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';

export const legacyContext = [Ed25519Signature2020.CONTEXT_URL, Ed25519Signature2020.CONTEXT];

const verifying = {
  'eddsa-rdfc-2022': () => eddsaRdfc,
  'ecdsa-rdfc-2019': () => ecdsaRdfc,
  'eddsa-jcs-2022': eddsaJcs.createVerifyCryptosuite,
  'ecdsa-jcs-2019': ecdsaJcs.createVerifyCryptosuite,
  'ecdsa-sd-2023': ecdsaSd.createVerifyCryptosuite
};
const signing = {
  ...verifying,
  'eddsa-jcs-2022': eddsaJcs.createSignCryptosuite,
  'ecdsa-jcs-2019': ecdsaJcs.createSignCryptosuite,
  'ecdsa-sd-2023': ecdsaSd.createSignCryptosuite
};

// verifier is the suite that verifies a proof.
export function verifier({type, cryptosuite}) {
  if(type === 'Ed25519Signature2020') {
    return new Ed25519Signature2020();
  }
  return new DataIntegrityProof({cryptosuite: verifying[cryptosuite]()});
}

// signer is the suite that signs with a key given as Multikeys; of the secret one,
// Ed25519Signature2020 wants the older form, with the public key after the seed.
export async function signer({cryptosuite, publicKeyMultibase, secretKeyMultibase, mandatoryPointers}) {
  const controller = `did:key:${publicKeyMultibase}`;
  const pair = {id: `${controller}#${publicKeyMultibase}`, controller, publicKeyMultibase, secretKeyMultibase};
  if(cryptosuite === 'Ed25519Signature2020') {
    const key = await Ed25519VerificationKey2020.from({
      type: 'Ed25519VerificationKey2020', id: pair.id, controller, publicKeyMultibase, privateKeyMultibase: secretKeyMultibase
    });
    return new Ed25519Signature2020({key});
  }
  const Multikey = cryptosuite.startsWith('eddsa') ? Ed25519Multikey : EcdsaMultikey;
  const key = await Multikey.from({'@context': 'https://w3id.org/security/multikey/v1', type: 'Multikey', ...pair});
  return new DataIntegrityProof({
    signer: key.signer(), cryptosuite: signing[cryptosuite]({mandatoryPointers})
  });
}

// discloser is the suite that shows a part of an ecdsa-sd-2023 document.
export function discloser(selectivePointers) {
  return new DataIntegrityProof({cryptosuite: ecdsaSd.createDiscloseCryptosuite({selectivePointers})});
}
