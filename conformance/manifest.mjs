// Prints the file localConfig.cjs with which a suite finds the implementation
// under test: manifest.mjs SUITE BASE-URL ISSUERS.JSON
import {readFileSync} from 'node:fs';

const [suite, base, file] = process.argv.slice(2);
const ids = JSON.parse(readFileSync(file, 'utf8'));
const issuer = (key, cryptosuite, more = {}) => ({
  id: ids[key],
  endpoint: `${base}/vc/credentials/issue`,
  options: {cryptosuite, ...more.options},
  supports: {vc: ['1.1', '2.0']},
  tags: [cryptosuite],
  ...more.settings
});
const verifier = (tags, more = {}) => ({
  id: base, endpoint: `${base}/vc/credentials/verify`, supports: {vc: ['1.1', '2.0']}, tags, ...more
});
const vpVerifier = tags => ({id: base, endpoint: `${base}/vc/presentations/verify`, tags});

// The vectors of the ECDSA suite are signed with keys that are not their
// issuers', and its requests name no checks: the address does.
const proofOnly = `${base}/vc/credentials/verify?checks=proof`;
const ecdsa = cryptosuite => [['p256', 'P-256'], ['p384', 'P-384']].map(([key, type]) =>
  issuer(key, cryptosuite, {settings: {supportedEcdsaKeyTypes: [type]}}));

const revocation = {
  type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusReference: `${base}/`
};
// Entries of several bits are tested only where an issuer writes them.
const message = {
  type: 'BitstringStatusListEntry', statusPurpose: 'message', statusSize: 2, statusReference: `${base}/`,
  statusMessage: ['received', 'accepted', 'refused', 'delegated'].map((text, i) => ({status: `0x${i}`, message: text}))
};
const bitstring = credentialStatus => ({
  issuers: [issuer('ed25519', 'eddsa-rdfc-2022', {
    options: {credentialStatus}, settings: {tags: ['BitstringStatusList', 'Revocation']}
  })],
  verifiers: [verifier(['BitstringStatusList', 'Revocation'], {options: {checks: ['proof', 'credentialStatus']}})]
});

const settings = {
  'vc-di-eddsa-test-suite': () => ({
    issuers: [issuer('ed25519', 'eddsa-rdfc-2022'), issuer('ed25519', 'eddsa-jcs-2022')],
    verifiers: [verifier(['eddsa-rdfc-2022', 'eddsa-jcs-2022'])]
  }),
  'vc-di-ecdsa-test-suite': () => ({
    issuers: [...ecdsa('ecdsa-rdfc-2019'), ...ecdsa('ecdsa-jcs-2019'),
      // Without options: the suite writes mandatoryPointers of one test into them
      // and sends them again in the next.
      issuer('p256', 'ecdsa-sd-2023', {settings: {supportedEcdsaKeyTypes: ['P-256'], options: undefined,
        endpoint: `${base}/vc/credentials/issue?cryptosuite=ecdsa-sd-2023`}})],
    verifiers: [
      verifier(['ecdsa-rdfc-2019', 'ecdsa-jcs-2019'], {supportedEcdsaKeyTypes: ['P-256', 'P-384'], endpoint: proofOnly}),
      verifier(['ecdsa-sd-2023'], {supportedEcdsaKeyTypes: ['P-256'], endpoint: proofOnly})],
  }),
  'vc-data-model-2.0-test-suite': () => ({
    issuers: [
      // Texts with a direction have no place in RDF, so that only a proof over the
      // JSON itself covers all that this suite has signed.
      issuer('ed25519', 'eddsa-jcs-2022', {settings: {tags: ['vc2.0']}}),
      issuer('ed25519', '', {options: {mediaType: 'application/vc+jwt', cryptosuite: undefined}, settings: {tags: ['EnvelopingProof']}})],
    verifiers: [verifier(['vc2.0']), verifier(['EnvelopingProof'])],
    vpVerifiers: [vpVerifier(['vc2.0']), vpVerifier(['EnvelopingProof'])]
  }),
  'vc-bitstring-status-list-test-suite': () => bitstring([revocation, message]),
  'did-key-test-suite': () => ({
    didResolvers: [{id: base, endpoint: `${base}/vc/identifiers`, tags: ['did-key']}]
  }),
  'vc-jose-cose-test-suite': () => ({
    'jose-cose': {features: Object.fromEntries(['credential_jose', 'credential_sdjwt', 'credential_cose',
      'presentation_jose', 'presentation_sdjwt', 'presentation_cose'].map(feature => [feature, 'active']))}
  })
};

const implementation = {name: 'Roundel', implementation: 'Roundel', ...settings[suite]()};
const implementations = [implementation];
if(suite === 'vc-di-ecdsa-test-suite') {
  // The suite has its credentials derived by the holder of this name, whoever
  // is tested.
  implementations.push({name: 'Digital Bazaar', implementation: 'Roundel, as the holder', vcHolders: [{
    id: base, endpoint: `${base}/vc/credentials/derive`, tags: ['vcHolder'], supportedEcdsaKeyTypes: ['P-256']
  }]});
}
const config = {settings: {enableInteropTests: true, testAllImplementations: false}, implementations};
console.log(`module.exports = ${JSON.stringify(config, null, 2)};`);
