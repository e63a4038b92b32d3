// Issues a small Open Badges 3.0 credential with @digitalbazaar/vc and a
// did:key, and prints it.
//
//   node issue.mjs SEED     SEED: 64 hexadecimal digits
import './lib/exit.mjs';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {library, loader} from './lib/documents.mjs';

const [, , seed = ''] = process.argv;
if(!/^[0-9a-f]{64}$/.test(seed)) {
  console.error('issue.mjs: the seed is 64 hexadecimal digits');
  process.exit(2);
}
const key = await Ed25519Multikey.generate({seed: Uint8Array.from(Buffer.from(seed, 'hex'))});
key.controller = `did:key:${key.publicKeyMultibase}`;
key.id = `${key.controller}#${key.publicKeyMultibase}`;

const credential = {
  '@context': [
    'https://www.w3.org/ns/credentials/v2',
    'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'
  ],
  id: 'urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001',
  type: ['VerifiableCredential', 'OpenBadgeCredential'],
  name: 'Étude “Übung” 学习 \u0001\t☃',
  issuer: {id: key.controller, type: ['Profile'], name: 'Elsewhere College', url: 'https://elsewhere.example'},
  validFrom: '2026-01-01T00:00:00Z',
  credentialSubject: {
    type: ['AchievementSubject'],
    identifier: [{
      type: 'IdentityObject', hashed: true, identityType: 'emailAddress', salt: 'Kosher',
      identityHash: 'sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399'
    }],
    creditsEarned: 2.5,
    achievement: {
      id: 'https://elsewhere.example/achievements/1',
      type: ['Achievement'],
      achievementType: 'MicroCredential',
      name: 'Study habits',
      description: 'Learns from mistakes.',
      criteria: {narrative: 'Hand in *three* drafts.\n\nRevise them.'},
      tag: ['study', 'writing']
    }
  }
};
const signed = await vc.issue({
  credential,
  suite: new DataIntegrityProof({signer: key.signer(), cryptosuite}),
  documentLoader: loader(library({}))
});
console.log(JSON.stringify(signed));
