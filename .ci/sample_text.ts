/** The words of the sample configurations that no table knows. */

/** Lines at the top of the sample fwknopd.conf. */
export const SERVER_SAMPLE = [
  "fwknopd.conf - settings of the Single Packet Authorization daemon, see fwknopd.conf(5)",
  "",
  "Everything is commented out and shows its default, or what kind of value it takes.",
  "After a change: fwknopd --exit-parse-config, then send SIGHUP (fwknopd -R).",
  "Who may open what stands in access.conf.",
  "A comment may follow a value after a blank, but not a path, which may hold a #.",
];

/** Lines at the top of the sample access.conf. */
export const ACCESS_SAMPLE = [
  "access.conf - who may open what, see fwknop-access.conf(5)",
  "",
  "Keep this file readable by root only: it holds keys.",
  "What is not a comment here is one stanza; another one begins with its own source",
  "line. fwknopd starts when both keys are put in: fwknopd --key-gen prints them.",
  "A comment may follow a value after a blank, but not a pass phrase, which may hold",
  "a #. A pass phrase counts with its bytes, whatever encoding this file is in.",
];

/** A stanza to begin with; it does not start before somebody put keys in. */
export const ACCESS_STANZA = {
  SOURCE: "ANY",
  OPEN_PORTS: "tcp/22",
  REQUIRE_SOURCE_ADDRESS: "Y",
  KEY_BASE64: "__CHANGEME__",
  HMAC_KEY_BASE64: "__CHANGEME__",
};

/** Values that show what a setting without a default looks like. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  HTTP_PROXIES: "192.0.2.10, 198.51.100.0/24",
  EMAIL_ADDRESSES: "root@localhost",
  HOSTNAME: "gw.example.org",
  EMAIL_FROM: "fwknopd@gw.example.org",
  EMAIL_SERVER: "mail.example.org:587",
  EMAIL_AUTH_FILE: "/etc/fwknop/mail.auth",
  OVERRIDE_CONFIG: "/etc/fwknop/local.conf",
  PCAP_FILE: "/var/tmp/packets.pcap",
  SNAT_TRANSLATE_IP: "192.0.2.1",
  NFT_INPUT_CHAINS: "inet filter input",
  NFT_OUTPUT_CHAINS: "inet filter output",
  NFT_FORWARD_CHAINS: "inet filter forward",
  ENABLE_PCAP_ANY_DIRECTION: "N",
  ENABLE_SPA_PACKET_AGING: "Y",
  ACCESS_FOLDER: "/etc/fwknop/access.d",
  FWKNOP_PID_FILE: "$FWKNOP_RUN_DIR/fwknopd.pid",
  DIGEST_FILE: "$FWKNOP_RUN_DIR/digest.cache",
  VERBOSE: "0",
  DESTINATION: "198.51.100.1",
  FORCE_NAT: "10.0.0.5 22",
  FORCE_SNAT: "10.0.0.1",
  NAT_ALLOW: "10.0.0.5:22,443, 10.1.0.0/16",
  RESTRICT_PORTS: "tcp/25",
  REQUIRE_USERNAME: "alice",
  REQUIRE_OS: "Linux|FreeBSD",
  ACCESS_EXPIRE: "12/31/2030",
  ACCESS_EXPIRE_EPOCH: "1924902000",
  FW_ACCESS_TIMEOUT: "30",
  MAX_FW_TIMEOUT: "300",
  HMAC_DIGEST_TYPE: "sha256",
  GPG_HOME_DIR: "/var/lib/fwknop/gnupg",
  GPG_EXE: "/usr/bin/gpg",
  GPG_DECRYPT_ID: "fwknop-gw",
  GPG_FINGERPRINT_ID: "0123456789ABCDEF0123456789ABCDEF01234567",
  GPG_REMOTE_ID: "0123456789ABCDEF0123456789ABCDEF01234567",
  GPG_REQUIRE_SIG: "Y",
  CMD_EXEC_TIMEOUT: "600",
  CMD_EXEC_USER: "nobody",
  CMD_EXEC_GROUP: "nogroup",
  CMD_SUDO_EXEC_USER: "nobody",
  CMD_SUDO_EXEC_GROUP: "nogroup",
  CMD_CYCLE_OPEN: "/usr/sbin/ipset add knocked $SRC",
  CMD_CYCLE_CLOSE: "/usr/sbin/ipset del knocked $SRC",
  CMD_CYCLE_TIMER: "30",
};
