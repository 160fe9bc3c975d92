/** Every variable of an access.conf stanza, one row each (facts/configuration 7). */
import { choice, integer, list, path, refusing, seconds, text, yesNo } from "../../lib/settings/kinds.ts";
import type { SettingsOf } from "../../lib/settings/resolve.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import {
  addressList,
  base64Key,
  epochSeconds,
  expiryDate,
  hostMidnight,
  packetUsername,
  passphrase,
  serviceList,
} from "./kinds.ts";
import { systemPattern } from "../fingerprint/system.ts";
import { fingerprints, gpgPassphrase, keyIds } from "./gpg_kinds.ts";
import { natAllow, natEnd, snatAddress } from "./nat_kinds.ts";

/** Bytes of an encryption key before its mode is known, which allows fewer (`resolve_stanza.ts`). */
const MAX_KEY = 128;
/** Bytes of an HMAC key: the library of the C daemon takes as many, though its programs make no longer than 128. */
const MAX_HMAC_KEY = 136;
const MAX_SECONDS = 8_388_608;

const MATCHING = {
  source: {
    kind: addressList,
    directive: ["SOURCE"],
    group: "who",
    doc: "addresses from which packets are accepted; begins a stanza",
    detail:
      "ANY, addresses, prefixes (192.0.2.0/24, 2001:db8::/32) and dotted masks, separated by commas. It is compared with " +
      "the source of the packet, not with the address that the packet asks to let in.",
  },
  destination: {
    kind: addressList,
    directive: ["DESTINATION"],
    absenceOpens: true,
    group: "who",
    doc: "addresses to which the packet must have been sent; default any",
  },
  openPorts: {
    kind: serviceList,
    directive: ["OPEN_PORTS"],
    absenceOpens: true,
    group: "what",
    doc: "services that may be asked for; default all",
  },
  restrictPorts: {
    kind: serviceList,
    directive: ["RESTRICT_PORTS"],
    absenceOpens: true,
    lossOpens: true,
    group: "what",
    doc: "services that are refused, also where they are listed as open",
  },
  guard: {
    kind: choice(["input", "forward", "both"], "WHERE"),
    directive: ["GUARD"],
    fallback: "input",
    group: "what",
    doc: "where services of plain requests are met: input, forward (published by Docker or another DNAT), or both",
    detail:
      "forward opens what somebody else's rules send on to a container or another host, by the port that the client asks for, " +
      "which is the published one. Such packets never come to the input chain. NAT requests have their own rules.",
  },
  requireUsername: {
    kind: packetUsername,
    directive: ["REQUIRE_USERNAME"],
    absenceOpens: true,
    group: "who",
    doc: "user name that the packet must carry",
  },
  requireSystem: {
    kind: systemPattern,
    directive: ["REQUIRE_OS", "REQUIRE_OS_REGEX"],
    absenceOpens: true,
    lossOpens: true,
    group: "who",
    doc: "regular expression for the system that the packet seems to come from; a hint, no proof",
    detail:
      "It is compared, in any letter case, with the names in FINGERPRINT_FILE. Which of them it is tells a TCP SYN that came " +
      "from the source of the packet in the last 300 seconds: without one the packet is refused. Whoever has a key can " +
      "send such a SYN from any system. See docs/FINGERPRINTS.md.",
  },
  requireSourceAddress: {
    kind: yesNo,
    directive: ["REQUIRE_SOURCE_ADDRESS", "REQUIRE_SOURCE"],
    absenceOpens: true,
    fallback: false,
    group: "who",
    doc: "the packet must name the address to let in, not leave it to the source of the packet",
    detail: "Set it to Y: otherwise whoever sees the packet first may send it on from an address of their own.",
  },
  accessExpire: {
    kind: expiryDate(hostMidnight),
    directive: ["ACCESS_EXPIRE"],
    absenceOpens: true,
    group: "how long",
    doc: "day on which the stanza ends, at its beginning, local time",
  },
  accessExpireEpoch: {
    kind: epochSeconds,
    directive: ["ACCESS_EXPIRE_EPOCH"],
    absenceOpens: true,
    group: "how long",
    doc: "the same in seconds since 1970; 0 is never",
  },
  accessTimeout: {
    kind: seconds(0, MAX_SECONDS),
    directive: ["FW_ACCESS_TIMEOUT"],
    absenceOpens: true,
    group: "how long",
    doc: "seconds a door stays open when the packet asks for no time; default 30, which 0 means too",
  },
  maxTimeout: {
    kind: seconds(0, MAX_SECONDS),
    directive: ["MAX_FW_TIMEOUT"],
    absenceOpens: true,
    group: "how long",
    doc: "a packet that asks for more seconds gets this many; default 300, which 0 means too",
    detail: "When it is set, FW_ACCESS_TIMEOUT cannot be longer either.",
  },
  maxOpenGrants: {
    kind: integer(1, 1_000_000, "COUNT"),
    directive: ["MAX_OPEN_GRANTS"],
    absenceOpens: true,
    fallback: 1000,
    group: "how long",
    doc: "most doors that may be open for the stanza at once; a door that is asked for again counts once",
    detail:
      "Each address and each service is a door. A packet that asks for more is refused; others get in when doors close.",
  },
} as const satisfies SettingTable;

const KEYS = {
  key: {
    kind: passphrase(MAX_KEY),
    directive: ["KEY"],
    secret: true,
    group: "keys",
    doc: "encryption key, as text",
  },
  keyBase64: {
    kind: base64Key(MAX_KEY),
    directive: ["KEY_BASE64"],
    secret: true,
    group: "keys",
    doc: "encryption key, in base64",
    detail: "Where a stanza has one as text too, the last line counts.",
  },
  hmacKey: {
    kind: passphrase(MAX_HMAC_KEY, "Invalid HMAC key length"),
    directive: ["HMAC_KEY"],
    absenceOpens: true,
    secret: true,
    group: "keys",
    doc: "HMAC key, as text",
  },
  hmacKeyBase64: {
    kind: base64Key(MAX_HMAC_KEY),
    directive: ["HMAC_KEY_BASE64"],
    absenceOpens: true,
    secret: true,
    group: "keys",
    doc: "HMAC key, in base64",
    detail: "Without an HMAC key packets are only encrypted: every stanza should have one.",
  },
  hmacDigestType: {
    kind: choice(["md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"]),
    directive: ["HMAC_DIGEST_TYPE"],
    group: "keys",
    doc: "digest of the HMAC; default sha256",
  },
  encryptionMode: {
    kind: refusing(
      choice(["CBC", "ECB", "CFB", "OFB", "CTR", "Asymmetric", "legacy"], "MODE"),
      "Unrecognized ENCRYPTION_MODE",
    ),
    directive: ["ENCRYPTION_MODE"],
    fallback: "CBC",
    group: "keys",
    doc: "cipher mode of the packets; client and stanza must agree",
    detail: "legacy is for clients older than 2.5 and cuts the key to 16 bytes. PCBC never worked and is refused.",
  },
  keyHint: {
    kind: yesNo,
    directive: ["KEY_HINT"],
    fallback: true,
    group: "keys",
    doc: "packets whose salt names the stanza are tried with its keys first, however many stanzas there are",
    hidden: true,
    detail:
      "The client fwknop of this package sends such salts (docs/PROTOCOL.md); other packets, those of C clients too, are tried " +
      "with the keys of all stanzas. N: no salt leads to the stanza, and its keys are tried with those of all.",
  },
  requireKeyHint: {
    kind: yesNo,
    directive: ["REQUIRE_KEY_HINT"],
    fallback: false,
    group: "keys",
    doc: "only packets whose salt names the stanza are tried with its keys: those of others cost it nothing",
    hidden: true,
    detail:
      "For clients of this package only, with clocks that are right to two minutes, whatever MAX_SPA_PACKET_AGE is: packets " +
      "of C clients, those for GnuPG, and those with --no-key-hint, are refused. Needs an HMAC key and one of the modes CBC, CFB, ECB and legacy.",
  },
} as const satisfies SettingTable;

const GPG = {
  gpgDecryptPassword: {
    kind: gpgPassphrase,
    directive: ["GPG_DECRYPT_PW"],
    secret: true,
    group: "gpg",
    doc: "passphrase of the key that decrypts; makes the stanza take packets for GnuPG",
    detail:
      "A stanza may have a KEY too: the length of a packet tells which of the two it is for. One HMAC key serves both.",
  },
  gpgAllowNoPassword: {
    kind: yesNo,
    directive: ["GPG_ALLOW_NO_PW"],
    fallback: false,
    group: "gpg",
    doc: "the key that decrypts has no passphrase, or an agent knows it; makes the stanza take packets for GnuPG",
  },
  gpgHome: {
    kind: path("DIRECTORY"),
    directive: ["GPG_HOME_DIR"],
    group: "gpg",
    doc: "GnuPG home with the keys of the stanza; default that of fwknopd.conf",
    detail:
      "gpg and its agent write into it, as the user of fwknopd: where that is the service of the package, it is to be below " +
      "/var/lib/fwknop.",
  },
  gpgExe: {
    kind: path(),
    directive: ["GPG_EXE"],
    group: "gpg",
    doc: "the gpg to run; default that of fwknopd.conf",
  },
  gpgDecryptId: {
    kind: text({ valueName: "ID" }),
    directive: ["GPG_DECRYPT_ID"],
    group: "gpg",
    doc: "key that packets are encrypted to: fingerprint, id or name; default any secret key of GPG_HOME_DIR",
  },
  gpgDecryptKeyFile: {
    kind: path(),
    directive: ["GPG_DECRYPT_KEY_FILE"],
    hidden: true,
    group: "gpg",
    doc: "file with the secret key that decrypts, instead of a GnuPG home: no gpg is run",
    detail:
      "As gpg --export-secret-keys writes it, with --armor or without. Needs GPG_REMOTE_KEY_FILE. It belongs to root, mode 0600.",
  },
  gpgRemoteKeyFiles: {
    kind: list(path()),
    directive: ["GPG_REMOTE_KEY_FILE"],
    hidden: true,
    group: "gpg",
    doc: "files with the public keys that may sign packets, separated by commas; only with GPG_DECRYPT_KEY_FILE",
    detail: "GPG_FINGERPRINT_ID and GPG_REMOTE_ID choose among these keys; without them all may sign.",
  },
  gpgFingerprints: {
    kind: fingerprints,
    directive: ["GPG_FINGERPRINT_ID"],
    absenceOpens: true,
    group: "gpg",
    doc: "keys that may sign packets, by their fingerprints, separated by commas",
    detail:
      "The fingerprint of a whole key stands for its subkeys that sign too. Where GPG_REMOTE_ID is given as well, a key has to " +
      "be on both lists.",
  },
  gpgRemoteId: {
    kind: keyIds,
    directive: ["GPG_REMOTE_ID"],
    absenceOpens: true,
    group: "gpg",
    doc: "the same by the last 8 or 16 digits of the fingerprint, or all 40",
    detail:
      "Each has to fit one key of GPG_HOME_DIR, and becomes its fingerprint when the configuration is read, because a key with " +
      "the same last 8 digits can be made.",
  },
  gpgRequireSignature: {
    kind: yesNo,
    directive: ["GPG_REQUIRE_SIG"],
    absenceOpens: true,
    group: "gpg",
    doc: "packets must be signed by a key of these lists; default Y, and N has no effect without GPG_DISABLE_SIG",
  },
  gpgDisableSignature: {
    kind: yesNo,
    directive: ["GPG_DISABLE_SIG"],
    fallback: false,
    group: "gpg",
    doc: "signatures are not looked at: who has the public key of the server gets in",
  },
  gpgIgnoreSignatureError: {
    kind: yesNo,
    directive: ["GPG_IGNORE_SIG_VERIFY_ERROR"],
    fallback: false,
    group: "gpg",
    doc: "a signature that is not good counts, if it names a key of these lists",
    detail: "Anybody can name a key. Mend what is wrong with the key instead.",
  },
} as const satisfies SettingTable;

const COMMAND = text({ valueName: "COMMAND", mayHoldHash: true });

const COMMANDS = {
  commandExec: {
    kind: yesNo,
    directive: ["ENABLE_CMD_EXEC"],
    fallback: false,
    group: "commands",
    doc: "packets may carry commands (fwknop -C), which are run",
    detail:
      "Who has the keys of the stanza may run anything as CMD_EXEC_USER. A command is cut at blanks into at most 28 words: " +
      "no shell, no quotes. It runs from / with PATH as its only variable, an empty standard input, and no other file of " +
      "the daemon; what it prints is logged.",
  },
  commandExecUser: {
    kind: text({ valueName: "USER" }),
    directive: ["CMD_EXEC_USER"],
    group: "commands",
    doc: "user that runs them, with the groups of that user; default the user of the daemon, which may be root",
    detail:
      "A command that runs as another user cannot become root by a program such as su or sudo, unless ENABLE_CMD_SUDO_EXEC " +
      "is Y.",
  },
  commandExecGroup: {
    kind: text({ valueName: "GROUP" }),
    directive: ["CMD_EXEC_GROUP"],
    group: "commands",
    doc: "group that runs them, beside CMD_EXEC_USER; default the group of that user",
    detail:
      "Where there is no group of that name, the group of the user of that name, which is what the C daemon takes.",
  },
  commandSudo: {
    kind: yesNo,
    directive: ["ENABLE_CMD_SUDO_EXEC"],
    fallback: false,
    group: "commands",
    doc: "commands of packets are run by sudo (SUDO_EXE)",
    detail: "sudo cannot work in a service with NoNewPrivileges=yes, which the unit of this package has.",
  },
  commandSudoUser: {
    kind: text({ valueName: "USER" }),
    directive: ["CMD_SUDO_EXEC_USER"],
    group: "commands",
    doc: "user given to sudo (-u); default root",
  },
  commandSudoGroup: {
    kind: text({ valueName: "GROUP" }),
    directive: ["CMD_SUDO_EXEC_GROUP"],
    group: "commands",
    doc: "group given to sudo (-g)",
  },
  cycleOpen: {
    kind: COMMAND,
    directive: ["CMD_CYCLE_OPEN"],
    group: "commands",
    doc: "command that runs instead of opening a door, for services that the stanza lets somebody ask for",
    detail:
      "It runs as the daemon itself. In it and in CMD_CYCLE_CLOSE stand $IP or $SRC for the address that is let in, " +
      "$PKT_SRC and $DST for source and destination of the packet, $PORT and $PROTO for port and number of the protocol " +
      "(6 is tcp, 17 udp), $DST_PORT for the port that a NAT request leads to, else that of $PORT, $CLIENT_TIMEOUT for " +
      "the seconds between the two commands, and $TIMEOUT for these and the time of the packet. A template with a port " +
      "or protocol runs once for each service of the packet, one after the other; one without runs once. At most 255 " +
      "bytes, cut at blanks: no shell, no quotes. A stanza with it opens no door of the packet filter.",
  },
  cycleClose: {
    kind: COMMAND,
    directive: ["CMD_CYCLE_CLOSE"],
    group: "commands",
    doc: "command that runs when its time is over; NONE for no command",
    detail:
      "It runs also after a reload, and after a new start: at once when its time is over then. For that it has to stand in " +
      "access.conf still. Who asks for a door again before it is closed moves its end; the command that opened it does " +
      "not run a second time.",
  },
  cycleTimer: {
    kind: seconds(1, MAX_SECONDS),
    directive: ["CMD_CYCLE_TIMER"],
    group: "commands",
    doc: "seconds between the two when the packet asks for no time; what it asks for is limited by MAX_FW_TIMEOUT",
  },
} as const satisfies SettingTable;

const NAT = {
  forceNat: {
    kind: natEnd,
    directive: ["FORCE_NAT"],
    group: "nat",
    doc: "inside host and port to which every request of the stanza leads, whatever it asks for",
    detail:
      "All requested ports lead there, each with its own protocol. Needs ENABLE_IPT_FORWARDING or ENABLE_IPT_LOCAL_NAT in " +
      "fwknopd.conf. A client of the other IP version is refused.",
  },
  forceSnat: {
    kind: snatAddress,
    directive: ["FORCE_SNAT"],
    group: "nat",
    doc: "source address that forwarded packets get: one of this host; needs FORCE_NAT or FORWARD_ALL",
  },
  forceMasquerade: {
    kind: yesNo,
    directive: ["FORCE_MASQUERADE"],
    fallback: false,
    group: "nat",
    doc: "forwarded packets get the address by which they leave this host; needs FORCE_NAT or FORWARD_ALL",
  },
  disableDnat: {
    kind: yesNo,
    directive: ["DISABLE_DNAT"],
    fallback: false,
    group: "nat",
    doc: "the destination is not rewritten: clients address the inside host themselves",
  },
  forwardAll: {
    kind: yesNo,
    directive: ["FORWARD_ALL"],
    fallback: false,
    group: "nat",
    doc: "a NAT request opens all ports and protocols of the inside host",
    detail: "With FORCE_SNAT or FORCE_MASQUERADE and without FORCE_NAT, those of every host that the client addresses.",
  },
  natAllow: {
    kind: natAllow,
    directive: ["NAT_ALLOW"],
    lossOpens: true,
    absenceOpens: true,
    group: "nat",
    doc:
      "hosts and networks, each with ports where not all are meant, to which NAT requests may lead; default every host",
    detail:
      "Such as 10.0.0.5:22,443, 10.1.0.0/16:8000-8010, [fd00::/64]:22. What counts is the address that a name is found to " +
      "have. For requests to this host itself (--nat-local) it lists the host itself. FORWARD_ALL needs an item without " +
      "ports, or ANY.",
  },
} as const satisfies SettingTable;

/** One stanza. */
export const ACCESS_SETTINGS = { ...MATCHING, ...KEYS, ...GPG, ...COMMANDS, ...NAT } as const;

/** What is read of one. */
export type AccessSettings = SettingsOf<typeof ACCESS_SETTINGS>;

/** What a file named by `%include_keys` may say (facts/configuration 6). */
export const KEY_FILE_DIRECTIVES: ReadonlySet<string> = new Set([
  "KEY",
  "KEY_BASE64",
  "HMAC_KEY",
  "HMAC_KEY_BASE64",
  "GPG_DECRYPT_ID",
  "GPG_DECRYPT_PW",
  "GPG_ALLOW_NO_PW",
  "GPG_REQUIRE_SIG",
  "GPG_DISABLE_SIG",
  "GPG_IGNORE_SIG_VERIFY_ERROR",
  "GPG_REMOTE_ID",
  "GPG_FINGERPRINT_ID",
  "GPG_DECRYPT_KEY_FILE",
  "GPG_REMOTE_KEY_FILE",
]);
