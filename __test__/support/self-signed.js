import { generateKeyPairSync, sign } from "node:crypto";

/**
 * A key and a certificate for 127.0.0.1 that it signs itself, made at run time: no key lies in the repository.
 *
 * @returns {{ key: string, cert: string }} PEM
 */
export function selfSigned() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // ecdsa-with-SHA256, commonName, subjectAltName.
  const algorithm = der(0x30, Buffer.from("06082a8648ce3d040302", "hex"));
  const commonName = Buffer.concat([Buffer.from("0603550403", "hex"), der(0x0c, Buffer.from("test"))]);
  const name = der(0x30, der(0x31, der(0x30, commonName)));
  const address = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])));
  const extension = der(0x30, Buffer.concat([Buffer.from("0603551d11", "hex"), der(0x04, address)]));
  const tbs = der(
    0x30,
    Buffer.concat([
      der(0xa0, Buffer.from("020102", "hex")),
      Buffer.from("020101", "hex"),
      algorithm,
      name,
      der(0x30, Buffer.concat([utcTime(-86_400_000), utcTime(86_400_000)])),
      name,
      publicKey.export({ type: "spki", format: "der" }),
      der(0xa3, der(0x30, extension)),
    ]),
  );
  const signature = sign("sha256", tbs, privateKey);
  const bytes = der(
    0x30,
    Buffer.concat([tbs, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature]))]),
  );
  const base64 = bytes.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

function der(tag, content) {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function utcTime(fromNowMs) {
  const iso = new Date(Date.now() + fromNowMs).toISOString();
  return der(0x17, Buffer.from(`${iso.slice(2, 19).replace(/[-T:]/g, "")}Z`));
}
