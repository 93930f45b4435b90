import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import forge from 'node-forge';

/** A certificate for 127.0.0.1 and outside.example.test that signs itself, as PEM text and as files in `folder` under this name. */
export async function makeCertificate(folder: string, fileName = 'tls') {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  const name = [{ name: 'commonName', value: '127.0.0.1' }];
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 7, ip: '127.0.0.1' },
        { type: 2, value: 'outside.example.test' },
      ],
    },
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(certificate);
  const files = { certificate: path.join(folder, `${fileName}.crt`), key: path.join(folder, `${fileName}.key`) };
  await writeFile(files.certificate, pem);
  await writeFile(files.key, forge.pki.privateKeyToPem(keys.privateKey), { mode: 0o600 });
  return { pem, files };
}
