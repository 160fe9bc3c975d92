/** Certificates of the loopback, made by openssl. */
import assert from "node:assert/strict";

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority (`ca` is its file) and certificates of the loopback: a good one, and bad ones. */
export async function certificates(folder: string): Promise<{ ca: string; of: Record<string, Certificate> }> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"];
  await openssl(folder, ["req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"]);
  await openssl(folder, ["req", ...key, "-out", "csr", "-subj", "/CN=server"]);
  Deno.writeTextFileSync(`${folder}/index.txt`, "");
  const sign = async (san: string, dates: readonly string[], issuer = ["-cert", "ca.pem", "-keyfile", "ca.key"]) => {
    Deno.writeTextFileSync(`${folder}/ca.conf`, `${CA_CONFIG}subjectAltName=${san}\n`);
    const files = ["-batch", "-notext", "-config", "ca.conf", "-in", "csr", "-out", "cert"];
    await openssl(folder, ["ca", ...files, ...issuer, "-startdate", dates[0]!, "-enddate", dates[1]!]);
    return { cert: Deno.readTextFileSync(`${folder}/cert`), key: Deno.readTextFileSync(`${folder}/key`) };
  };
  const [past, valid] = [["20200101000000Z", "20200201000000Z"], ["20200101000000Z", "20990101000000Z"]] as const;
  const of = {
    good: await sign("IP:127.0.0.1", valid),
    "of another name": await sign("DNS:localhost", valid),
    "self-signed": await sign("IP:127.0.0.1", valid, ["-selfsign", "-keyfile", "key"]),
    expired: await sign("IP:127.0.0.1", past),
  };
  return { ca: `${folder}/ca.pem`, of };
}

const CA_CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = names
x509_extensions = server
[names]
commonName = supplied
[server]
basicConstraints = critical,CA:FALSE
`;

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], cwd, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
