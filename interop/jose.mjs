// Signs and verifies compact JWS with the npm package jose.
//
//   node jose.mjs JOBS.json
//
// JOBS is a list of {do: "sign", header, payload, jwk} and {do: "verify", token,
// jwk, algorithms}, where payload is a text. Prints a list of answers: {token},
// or {verified, header, payload}; {verified: false, reasons} where the library
// refuses.
import './lib/exit.mjs';
import {CompactSign, compactVerify, importJWK} from 'jose';
import {readFileSync} from 'node:fs';

async function run({do: what, header, payload, jwk, token, algorithms}) {
  if(what === 'sign') {
    const key = await importJWK(jwk, header.alg);
    return {token: await new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(header).sign(key)};
  }
  try {
    const key = await importJWK(jwk, algorithms[0]);
    const result = await compactVerify(token, key, {algorithms});
    return {verified: true, header: result.protectedHeader, payload: new TextDecoder().decode(result.payload)};
  } catch(error) {
    return {verified: false, reasons: [error.message]};
  }
}

const answers = [];
for(const job of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  answers.push(await run(job));
}
console.log(JSON.stringify(answers));
