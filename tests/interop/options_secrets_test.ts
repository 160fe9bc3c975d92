/** Keys, digests, modes and GnuPG: every option of `cli/options/secrets.ts` beside the C client. */
import { GPG_OPTIONS, KEY_OPTIONS } from "../../cli/options/secrets.ts";
import { H64, K64 } from "../cli/harness.ts";
import { refused, type Row, strict, tryBesideC } from "./option_beside_c.ts";

const FILES = { keys: "127.0.0.1: filekey\n10.0.0.1: other\n", others: "10.0.0.1: other\n" };
const NOT_IDENTICAL = /should not be identical/;
const BASE64 = /look like base64-encoded/;
/** What the C client says without a terminal; ours asks, and gets nothing. */
const ASKED = /getpasswd\(\) key error|key is empty/;

/** Names with the line of the dump that they give. */
function named(option: string, label: string, names: Readonly<Record<string, string>>, beside = ""): Row[] {
  return Object.entries(names).map(([name, shown]) => ({
    args: `${beside} ${option} ${name}`.trim(),
    shows: { [label]: shown },
  }));
}

const DIGESTS = {
  md5: "1 (MD5)",
  sha1: "2 (SHA1)",
  sha256: "3 (SHA256)",
  sha384: "4 (SHA384)",
  sha512: "5 (SHA512)",
  sha3_256: "6 (SHA3_256)",
  sha3_512: "7 (SHA3_512)",
  SHA512: "5 (SHA512)",
  Sha3_256: "6 (SHA3_256)",
};

/** Two lines of new keys: so many characters of base64 each. */
function keys(encryption: number, hmac: number): RegExp {
  return new RegExp(`^KEY_BASE64: \\S{${encryption}}\\nHMAC_KEY_BASE64: \\S{${hmac}}\\n$`);
}

tryBesideC(KEY_OPTIONS, {
  key: {
    on: "keyless",
    value: "a secret+key/=",
    earlier: "other",
    opens: { key: "a secret+key/=" },
    rows: [
      { on: "keyless", args: "--key-rijndael k" },
      { on: "keyless", args: ["--key-rijndael", "k".repeat(32)], opens: { key: "k".repeat(32) } },
      { on: "keyless", args: ["--key-rijndael", "sch\u00fc\u00dfel"], opens: { key: "sch\u00fc\u00dfel" } },
      { on: "keyless", ...refused(/Invalid key length/, ["--key-rijndael", "k".repeat(33)])[0]! },
      { on: "keyless", args: "--key-rijndael k -G {home}/none", opens: { key: "k" } },
      {
        on: "keyless",
        args: ["--key-rijndael", "k", "--key-base64-rijndael", btoa("other")],
        opens: { key: "k" },
      },
      { on: "keyless", args: "", code: 1, says: ASKED, wording: true },
      { on: "keyless", args: "--key-rijndael k --key-hmac k", code: 1, says: NOT_IDENTICAL },
    ],
  },
  keyBase64: {
    on: "keyless",
    value: K64,
    earlier: btoa("other"),
    empty: /Invalid key length/,
    opens: { key: atob(K64) },
    rows: [
      { on: "keyless", args: "--key-base64-rijndael a2V5", opens: { key: "key" } },
      { on: "keyless", args: ["--key-base64-rijndael", btoa("ke")], opens: { key: "ke" } },
      {
        on: "keyless",
        args: ["--key-base64-rijndael", btoa("ke").replaceAll("=", "")],
        opens: { key: "ke" },
        // Without its padding it may be the beginning of a longer one.
        mended: "decision",
        own: { says: /key looks cut/ },
      },
      ...refused(BASE64, ["--key-base64-rijndael", "a*b="], ["--key-base64-rijndael", "a b"]),
      ...refused(/Invalid key length/, ["--key-base64-rijndael", btoa("k".repeat(33))]).map((row): Row => ({
        ...row,
        on: "keyless",
      })),
      { on: "keyless", args: `--key-base64-rijndael ${btoa("k")} --key-hmac k`, code: 1, says: NOT_IDENTICAL },
    ],
  },
  keyFile: {
    on: "keyless",
    files: FILES,
    value: "{home}/keys",
    earlier: "{home}/none",
    empty: /getpasswd\(\) key error/,
    opens: { key: "filekey" },
    rows: [
      { on: "keyless", files: FILES, args: "-G {home}/keys -D 10.0.0.1", opens: { key: "other" } },
      {
        on: "keyless",
        files: FILES,
        ...refused(/Could not get key for IP: 127\.0\.0\.1 from: \{home\}\/others/, "-G {home}/others")[0]!,
      },
      { on: "keyless", ...refused(/Could not open config file: \{home\}\/none/, "-G {home}/none")[0]! },
    ],
  },
  hmacKey: {
    value: "hmac key",
    earlier: "other",
    shows: { "HMAC Type": "3 (SHA256)" },
    empty: /Error 7/,
    opens: { key: "shortkey", hmac: "hmac key" },
    rows: [
      { args: ["--key-hmac", "h".repeat(128)], opens: { key: "shortkey", hmac: "h".repeat(128) } },
      {
        args: ["--key-hmac", "h".repeat(129)],
        mended: "F25",
        c: { shows: { "HMAC Type": "3 (SHA256)" } },
        own: { code: 1, says: /Invalid key length: 129 bytes/ },
      },
      ...refused(NOT_IDENTICAL, "--key-hmac shortkey"),
      ...refused(/Legacy encryption mode is incompatible/, "--key-hmac h -M legacy"),
    ],
  },
  hmacKeyBase64: {
    value: btoa("hmac key"),
    earlier: btoa("other"),
    empty: /Error 7/,
    shows: { "HMAC Type": "3 (SHA256)" },
    opens: { key: "shortkey", hmac: "hmac key" },
    rows: [
      { args: ["--key-base64-hmac", H64], shows: { "HMAC Type": "3 (SHA256)" } },
      { args: ["--key-base64-hmac", btoa("h".repeat(128))], opens: { key: "shortkey", hmac: "h".repeat(128) } },
      ...refused(BASE64, "--key-base64-hmac !", ["--key-base64-hmac", "a b"]),
      ...refused(/Invalid (?:hmac )?key length|Invalid decoded key length|must be in/, [
        "--key-base64-hmac",
        btoa("h".repeat(129)),
      ]),
      ...refused(NOT_IDENTICAL, ["--key-base64-hmac", btoa("shortkey")]),
      { args: ["--key-hmac", "h", "--key-base64-hmac", btoa("other")], opens: { key: "shortkey", hmac: "h" } },
    ],
  },
  hmacKeyFile: {
    files: FILES,
    value: "{home}/keys",
    earlier: "{home}/none",
    empty: /getpasswd\(\) key error/,
    shows: { "HMAC Type": "3 (SHA256)" },
    opens: { key: "shortkey", hmac: "filekey" },
    rows: [
      {
        files: FILES,
        ...refused(/Could not get key for IP: 127\.0\.0\.1 from: \{home\}\/others/, "--get-hmac-key {home}/others")[0]!,
      },
      ...refused(/Could not open config file: \{home\}\/none/, "--get-hmac-key {home}/none"),
      {
        on: "keyless",
        files: FILES,
        ...refused(NOT_IDENTICAL, "-G {home}/keys --get-hmac-key {home}/keys")[0]!,
      },
    ],
  },
  useHmac: {
    beside: "--key-hmac h",
    shows: { "HMAC Type": "3 (SHA256)" },
    rows: [
      { args: "--use-hmac", code: 1, says: ASKED, wording: true },
      { args: "--use-hmac --stdin", input: "typed\n", opens: { key: "shortkey", hmac: "typed" } },
      ...refused(/Legacy encryption mode is incompatible/, "--use-hmac -M legacy"),
    ],
  },
  stdin: {
    on: "keyless",
    input: "typed key\nmore\n",
    opens: { key: "typed key" },
    rows: [
      { on: "keyless", args: "--stdin", input: "no line end", opens: { key: "no line end" } },
      { on: "keyless", args: "--stdin --key-rijndael k", input: "typed\n", opens: { key: "k" } },
      {
        on: "keyless",
        args: "--stdin",
        input: "",
        mended: "F11",
        c: {},
        own: { code: 1, says: /has no line for this key/ },
      },
    ],
  },
  fd: {
    on: "keyless",
    input: "typed key\n",
    value: "0",
    earlier: "999",
    opens: { key: "typed key" },
    rows: [
      { args: "--fd 999" },
      { on: "keyless", ...refused(/Bad file descriptor/, "--fd 999")[0]! },
      ...refused(/out of range/, "--fd -1"),
      ...strict("--fd", { x: {}, "0x": {} }, /--fd: Value is not in the range: expected a number/),
    ],
  },
  digestType: {
    value: "md5",
    earlier: "sha1",
    empty: /Invalid digest type/,
    shows: { "Digest Type": "1 (MD5)" },
    rows: [
      { args: "", shows: { "Digest Type": "3 (SHA256)" } },
      ...named("-m", "Digest Type", DIGESTS),
      ...refused(/Invalid digest type/, "-m md6", "-m sha", "-m 3", "-m sha2567"),
    ],
  },
  hmacDigestType: {
    beside: "--key-hmac h",
    value: "sha512",
    earlier: "md5",
    empty: /Invalid hmac digest type/,
    shows: { "HMAC Type": "5 (SHA512)" },
    rows: [
      ...named("--hmac-digest-type", "HMAC Type", DIGESTS, "--key-hmac h"),
      ...refused(/Invalid hmac digest type/, "--hmac-digest-type md6", "--hmac-digest-type 3"),
      { args: "--hmac-digest-type md5", code: 1, says: ASKED, wording: true },
      ...refused(/Legacy encryption mode is incompatible/, "--hmac-digest-type md5 -M legacy"),
    ],
  },
  encryptionMode: {
    value: "ctr",
    earlier: "ecb",
    empty: /Invalid encryption mode/,
    shows: { "Encryption Mode": "6 (CTR)" },
    rows: [
      { args: "", shows: { "Encryption Mode": "2 (CBC)" } },
      ...named("-M", "Encryption Mode", {
        cbc: "2 (CBC)",
        ecb: "1 (ECB)",
        cfb: "3 (CFB)",
        ofb: "5 (OFB)",
        CTR: "6 (CTR)",
        Legacy: "8 (legacy)",
      }),
      ...refused(/Invalid encryption mode: x/, "-M x"),
      ...refused(/Invalid encryption mode: pcbc/, "-M pcbc"),
      ...refused(/Must specify GPG recipient\/signing keys when Asymmetric/, "-M asymmetric", "-M Asymmetric"),
      ...refused(/Legacy encryption mode is incompatible/, "-M legacy --key-hmac h", "-M legacy --hmac-key-len 9"),
      {
        on: "keyless",
        args: ["-M", "legacy", "--key-rijndael", "0123456789abcdefXYZ"],
        says: /Encryption key in '-M legacy' mode must be <= 16 bytes/,
        shows: { "Encryption Mode": "8 (legacy)" },
      },
    ],
  },
  keyGen: {
    on: "alone",
    wording: true,
    prints: keys(44, 88),
    writes: { ".fwknop.run": null, ".fwknoprc": null },
    rows: [
      { on: "bare", args: "-k --no-rc-file", wording: true, prints: keys(44, 88), writes: { ".fwknop.run": null } },
      {
        on: "bare",
        args: "-k",
        wording: true,
        prints:
          /^\[\*\] Creating initial rc file: \{home\}\/\.fwknoprc\.\nKEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}\n$/,
        writes: { ".fwknop.run": null, ".fwknoprc": [/^\[default\]$/m, 0o600] },
      },
      {
        on: "alone",
        args: "-k -A tcp/22 -a 192.0.2.1 -D gw.example",
        wording: true,
        prints: keys(44, 88),
        own: { says: /hint: only keys were made/ },
      },
      { on: "alone", args: "-k -T", wording: true, prints: keys(44, 88) },
      { on: "alone", args: "-k -V", wording: true, prints: keys(44, 88) },
      { on: "alone", args: "-k -v", wording: true, prints: keys(44, 88) },
      { on: "alone", args: "-k -A bogus", wording: true, prints: keys(44, 88) },
      ...([
        ["-k -a 1.2.3", /Invalid allow IP/],
        ["-k -Q 192.0.2.1", /Must set -P </],
        ["-k -H h -P tcp", /Cannot set --http-proxy/],
        ["-k -g", /Must specify --gpg-recipient-key/],
        ["-k -M asymmetric", /Must specify GPG recipient/],
        ["-k -M legacy --use-hmac", /Legacy encryption mode is incompatible/],
        ["-k -p 65536", /out of range/],
      ] as const).map(([args, says]): Row => ({ on: "alone", args, code: 1, says })),
      {
        on: "bare",
        files: { rc: "[default]\n" },
        args: "-k --rc-file {home}/rc --save-rc-stanza -n gw",
        prints: /^\[\+\] Wrote Rijndael and HMAC keys to rc file: \{home\}\/rc\n$/,
        writes: { rc: [/^\[gw\]\nKEY_BASE64 {18}\S{44}\nHMAC_KEY_BASE64 {13}\S{88}\n/m, 0o600], ".fwknop.run": null },
      },
    ],
  },
  keyGenFile: {
    on: "alone",
    value: "{home}/keys",
    earlier: "{home}/others",
    wording: true,
    prints: /^\[\+\] Wrote Rijndael and HMAC keys to: \{home\}\/keys\n$/,
    c: { writes: { keys: [keys(44, 88), 0o644], others: null } },
    own: { writes: { keys: [keys(44, 88), 0o600], others: null } },
    rows: [
      { on: "alone", args: "-k -K {home}/keys", prints: /^\[\+\] Wrote Rijndael and HMAC keys to: / },
      {
        on: "alone",
        ...refused(
          /Unable to create key gen file: \{home\}\/none\/keys: No such file or directory/,
          "-K {home}/none/keys",
        )[0]!,
      },
    ],
  },
  keyLen: {
    on: "alone",
    beside: "-k",
    value: "16",
    earlier: "8",
    empty: /Invalid key length/,
    wording: true,
    prints: keys(24, 88),
    rows: [
      { on: "alone", args: "-k --key-len 1", wording: true, prints: keys(4, 88) },
      { on: "alone", args: "-k --key-len 32", wording: true, prints: keys(44, 88) },
      ...["33", "128"].map((value): Row => ({
        on: "alone",
        args: `-k --key-len ${value}`,
        mended: "F19",
        c: { code: 1, says: /Error 68/ },
        own: { code: 1, says: /Invalid key length: must be in \[1-32\]/ },
      })),
      ...refused(
        /Invalid key length/,
        "-k --key-len 0",
        "-k --key-len 129",
        "-k --key-len -1",
        "-k --key-len x",
      ),
      {
        on: "alone",
        args: "-k --key-len 16x",
        mended: "decision",
        c: { prints: keys(24, 88) },
        own: { code: 1, says: /Invalid key length/ },
      },
    ],
  },
  hmacKeyLen: {
    on: "alone",
    beside: "-k",
    value: "16",
    earlier: "8",
    empty: /Invalid hmac key length/,
    wording: true,
    prints: keys(44, 24),
    rows: [
      { on: "alone", args: "-k --hmac-key-len 1", wording: true, prints: keys(44, 4) },
      { on: "alone", args: "-k --hmac-key-len 128", wording: true, prints: keys(44, 172) },
      ...Object.entries({ md5: 24, sha1: 28, sha256: 88, sha384: 172, sha512: 172 }).map(([digest, length]): Row => ({
        on: "alone",
        args: `-k --hmac-digest-type ${digest}`,
        wording: true,
        prints: keys(44, length),
      })),
      ...["sha3_256", "sha3_512"].flatMap((digest): Row[] => [
        {
          on: "alone",
          args: `-k --hmac-digest-type ${digest}`,
          mended: "F19",
          c: { code: 1, says: /Error 69/ },
          own: { prints: keys(44, 88) },
        },
        {
          on: "alone",
          args: `-k --hmac-digest-type ${digest} --hmac-key-len 32`,
          wording: true,
          prints: keys(44, 44),
        },
      ]),
      ...refused(
        /Invalid hmac key length/,
        "-k --hmac-key-len 0",
        "-k --hmac-key-len 129",
        "-k --hmac-key-len -1",
        "-k --hmac-key-len x",
      ),
      { args: "--hmac-key-len 8", code: 1, says: ASKED, wording: true },
    ],
  },
});

/** Options of GnuPG are seen in the stanza that is saved; what they do with keys is seen in gpg_client_test.ts. */
const SAVING = ["--rc-file", "{home}/rc", "-n", "gw", "--save-rc-stanza", "-k"];
const NO_KEY = { code: 1, says: /Error 130 - The key for .* not found/, wording: true } as const;

/** What the option writes into a stanza. */
function saved(...lines: readonly string[]) {
  return {
    on: "bare",
    files: { rc: "[default]\n" },
    writes: { rc: [new RegExp(`^\\[gw\\]\\n(?:.*\\n)*?${lines.join("\\n(?:.*\\n)*?")}\\n`, "m"), 0o600] },
  } as const;
}

const RECIPIENT = ["--gpg-recipient-key", "ABCD1234"];
const USE_GPG = "USE_GPG {21}Y";

tryBesideC(GPG_OPTIONS, {
  useGpg: {
    ...saved(USE_GPG, "GPG_RECIPIENT {15}ABCD1234"),
    beside: [...SAVING, ...RECIPIENT],
    rows: [
      ...refused(/Must specify --gpg-recipient-key/, "-g", "-g -M legacy", "-g -M asymmetric"),
      { args: ["-g", ...RECIPIENT], ...NO_KEY },
    ],
  },
  gpgRecipient: {
    ...saved(USE_GPG, "GPG_RECIPIENT {15}ABCD1234"),
    beside: SAVING,
    value: "ABCD1234",
    earlier: "other",
    empty: /Must specify --gpg-recipient-key/,
    rows: [
      { args: RECIPIENT, ...NO_KEY },
      // `--gpg-recipient` and `--gpg--recipient` stand in the C documentation.
      { ...saved(USE_GPG, "GPG_RECIPIENT {15}A"), args: [...SAVING, "--gpg-recipient", "A"] },
      {
        ...saved(),
        args: [...SAVING, "--gpg--recipient", "A"],
        writes: {},
        mended: "decision",
        c: { code: 1, says: /unrecognized option '--gpg--recipient'/ },
        own: { writes: { rc: [/^GPG_RECIPIENT {15}A$/m, 0o600] } },
      },
    ],
  },
  gpgSigner: {
    ...saved(USE_GPG, "GPG_SIGNER {18}me@example"),
    beside: [...SAVING, ...RECIPIENT],
    value: "me@example",
    earlier: "other",
    rows: [
      ...refused(/Must specify --gpg-recipient-key/, "--gpg-signer-key X"),
      { ...saved("GPG_SIGNER {18}B"), args: [...SAVING, ...RECIPIENT, "--gpg-sign", "B"] },
    ],
  },
  gpgHomeDir: {
    ...saved(USE_GPG, "GPG_HOMEDIR {17}\\/tmp"),
    beside: [...SAVING, ...RECIPIENT],
    value: "/tmp/",
    earlier: "/other",
    rows: [
      {
        args: ["--gpg-home-dir", "/nowhere", ...RECIPIENT],
        code: 1,
        says: /Error 135 - Unable to stat/,
        wording: true,
      },
      ...refused(/Must specify --gpg-recipient-key/, "--gpg-home-dir /tmp"),
    ],
  },
  gpgExe: {
    ...saved(USE_GPG, "GPG_EXE {21}\\/usr\\/bin\\/gpg"),
    beside: [...SAVING, ...RECIPIENT],
    value: "/usr/bin/gpg",
    earlier: "/other",
    rows: [
      { args: ["--gpg-exe", "/tmp", ...RECIPIENT], code: 1, says: /Error 134 - Unable to stat/, wording: true },
      ...refused(/Must specify --gpg-recipient-key/, "--gpg-exe /usr/bin/gpg"),
    ],
  },
  gpgAgent: {
    ...saved(USE_GPG, "USE_GPG_AGENT {15}Y"),
    beside: [...SAVING, ...RECIPIENT],
    rows: refused(/Must specify --gpg-recipient-key/, "--gpg-agent"),
  },
  gpgNoSigningPw: {
    ...saved(USE_GPG, "GPG_NO_SIGNING_PW {11}Y"),
    beside: [...SAVING, ...RECIPIENT],
    rows: refused(/Must specify --gpg-recipient-key/, "--gpg-no-signing-pw"),
  },
});
