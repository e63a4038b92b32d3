// jose: compact JWS over a credential.
import {CompactSign, compactVerify, generateKeyPair} from 'jose';
import {badges} from './badges.mjs';

const encoder = new TextEncoder();

async function prepare(text, alg) {
  const {privateKey, publicKey} = await generateKeyPair(alg);
  const unsigned = badges(text, 'did:web:uni.example');
  const header = {alg, typ: 'JWT', kid: 'https://uni.example/keys/1'};
  const sign = i => new CompactSign(encoder.encode(unsigned[i % unsigned.length])).setProtectedHeader(header).sign(privateKey);
  return {unsigned, sign, publicKey};
}

const signs = alg => async text => (await prepare(text, alg)).sign;
const verifies = alg => async text => {
  const {unsigned, sign, publicKey} = await prepare(text, alg);
  const signed = await Promise.all(unsigned.map((_, i) => sign(i)));
  return async i => {
    const {payload} = await compactVerify(signed[i % signed.length], publicKey, {algorithms: [alg]});
    JSON.parse(new TextDecoder().decode(payload));
  };
};

export const works = {
  'JWTEdDSA/sign': signs('EdDSA'),
  'JWTEdDSA/verify': verifies('EdDSA'),
  'JWTES256/sign': signs('ES256'),
  'JWTES256/verify': verifies('ES256')
};
