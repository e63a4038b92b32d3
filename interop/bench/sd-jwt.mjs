// @sd-jwt/core: a credential of which four claims may be withheld.
import {digest, ES256, generateSalt} from '@sd-jwt/crypto-nodejs';
import {badges} from './badges.mjs';
import {SDJwtInstance} from '@sd-jwt/core';

const frame = {_sd: ['name', 'description', 'validUntil', 'evidence']};

async function prepare(text) {
  const {privateKey, publicKey} = await ES256.generateKeyPair();
  const instance = new SDJwtInstance({
    signer: await ES256.getSigner(privateKey), verifier: await ES256.getVerifier(publicKey), signAlg: 'ES256',
    hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt
  });
  const unsigned = badges(text, 'did:web:uni.example');
  return {instance, unsigned, issue: i => instance.issue(JSON.parse(unsigned[i % unsigned.length]), frame)};
}

export const works = {
  'SDJWT/issue': async text => (await prepare(text)).issue,
  'SDJWT/verify': async text => {
    const {instance, unsigned, issue} = await prepare(text);
    const tokens = await Promise.all(unsigned.map((_, i) => issue(i)));
    return async i => {
      const {payload} = await instance.verify(tokens[i % tokens.length]);
      if(!payload.name || !payload.evidence) {
        throw new Error('a claim was lost');
      }
    };
  }
};
