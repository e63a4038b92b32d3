// Issues, presents and verifies SD-JWT VC with the npm packages @sd-jwt/*.
//
//   node sdjwt.mjs JOBS.json
//
// JOBS is a list of {do: "issue", claims, frame, jwk}, {do: "present", token,
// frame, binding: {iat, aud, nonce}, jwk} and {do: "verify", token, jwk, nonce}.
// Keys are JWKs on P-256; a present without jwk has no key binding, a verify
// without nonce asks for none. Prints a list of answers: {token}, or {verified,
// claims}; {verified: false, reasons} where the library refuses.
import './lib/exit.mjs';
import {createPrivateKey, createPublicKey, sign, verify} from 'node:crypto';
import {digest, generateSalt} from '@sd-jwt/crypto-nodejs';
import {readFileSync} from 'node:fs';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const dsaEncoding = 'ieee-p1363';
const signer = jwk => {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  return data => sign('sha256', Buffer.from(data), {key, dsaEncoding}).toString('base64url');
};
const verifier = jwk => {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  return (data, signature) => verify('sha256', Buffer.from(data), {key, dsaEncoding}, Buffer.from(signature, 'base64url'));
};
const base = {hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt};

async function run({do: what, claims, frame, token, binding, jwk, nonce}) {
  switch(what) {
    case 'issue':
      return {token: await new SDJwtVcInstance({...base, signer: signer(jwk), signAlg: 'ES256'}).issue(claims, frame)};
    case 'present': {
      const holder = jwk ? {kbSigner: signer(jwk), kbSignAlg: 'ES256'} : {};
      const options = jwk ? {kb: {payload: binding}} : {};
      return {token: await new SDJwtVcInstance({...base, ...holder}).present(token, frame, options)};
    }
    default: {
      const kbVerifier = (data, signature, payload) => verifier(payload.cnf.jwk)(data, signature);
      const options = nonce ? {keyBindingNonce: nonce} : {};
      try {
        const result = await new SDJwtVcInstance({...base, verifier: verifier(jwk), kbVerifier}).verify(token, options);
        return {verified: true, claims: result.payload, bound: result.kb !== undefined};
      } catch(error) {
        return {verified: false, reasons: [error.message]};
      }
    }
  }
}

const answers = [];
for(const job of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  answers.push(await run(job));
}
console.log(JSON.stringify(answers));
