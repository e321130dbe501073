// xml-crypto, the signature package of most Node programs.
//   node enveloped.js sign IN KEY CERTIFICATE OUT
//   node enveloped.js verify IN CERTIFICATE          "valid" or "invalid"
'use strict';
const fs = require('fs');
const { SignedXml } = require('xml-crypto');

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const [what, input, ...rest] = process.argv.slice(2);
const xml = fs.readFileSync(input, 'utf8');

if (what === 'sign') {
  const [key, certificate, output] = rest;
  const signature = new SignedXml({
    privateKey: fs.readFileSync(key, 'utf8'),
    publicCert: fs.readFileSync(certificate, 'utf8'),
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signature.addReference({
    xpath: '/*',
    isEmptyUri: true,
    transforms: [ENVELOPED, EXCLUSIVE],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signature.computeSignature(xml, { prefix: 'ds' });
  fs.writeFileSync(output, signature.getSignedXml());
} else {
  const found = xml.match(/<(?:\w+:)?Signature[\s>][^]*<\/(?:\w+:)?Signature>/);
  const signature = new SignedXml({ publicCert: fs.readFileSync(rest[0], 'utf8') });
  signature.loadSignature(found[0]);
  let holds = false;
  try {
    holds = signature.checkSignature(xml);
  } catch (error) {
    holds = false;
  }
  console.log(holds ? 'valid' : 'invalid');
}
