/**
 * Lines that other writers leave in the daemon's files: variables of fwknop 1.x and what OpenWrt's web interface stores.
 * What only said how that program went about its work is passed over with a warning. What narrowed who gets in, or what a
 * request does, is refused as long as it asks for something: passed over, it would open more than was written.
 */
import { BACKENDS } from "../firewall/backends.ts";
import { LUCI_NAMES, OLD_NAMES } from "../../lib/settings/old_names.ts";

/** What becomes of such a line. */
export type OldLine = { readonly warning: string } | { readonly message: string; readonly hint: string };

interface Rule {
  /** Values that ask for nothing. */
  readonly idle?: RegExp;
  readonly hint: string;
}

const NO = /^n/i;
const YES = /^y/i;
const COMMANDS = "commands that open a door are CMD_CYCLE_OPEN and CMD_CYCLE_CLOSE of access.conf; remove the line";

const FIREWALL_HINT = `write ${BACKENDS.map(({ name }) => `FIREWALL ${name}`).join(" or ")}`;

const SERVER_RULES: Readonly<Record<string, Rule>> = {
  ACCESS_CONF: { hint: "write ACCESS_FILE and the path" },
  ALERTING_METHODS: { idle: /^(?!.*noemail)/i, hint: "to get no mail, remove this line and EMAIL_ADDRESSES" },
  BLACKLIST: { idle: /^none$/i, hint: "refuse these addresses in the packet filter, or name in SOURCE who may knock" },
  ENABLE_EXTERNAL_CMDS: { idle: NO, hint: COMMANDS },
  FIREWALL_TYPE: { idle: /^(?:iptables|ipfw)$/i, hint: FIREWALL_HINT },
};

const ACCESS_RULES: Readonly<Record<string, Rule>> = {
  CMD_REGEX: { hint: "commands cannot be limited by a pattern here; remove the line" },
  DISABLE_FW_ACCESS: { idle: NO, hint: "remove the stanza, which is to open nothing" },
  ENABLE_EXTERNAL_CMDS: { idle: NO, hint: COMMANDS },
  EXTERNAL_CMD_OPEN: { hint: COMMANDS },
  EXTERNAL_CMD_CLOSE: { hint: COMMANDS },
  INTERNAL_NET_ACCESS: { hint: "remove the line, and limit forwarding in the packet filter" },
  PERMIT_CLIENT_PORTS: {
    idle: YES,
    hint: "name the services that may be asked for in OPEN_PORTS, and remove the line",
  },
  PERMIT_CLIENT_TIMEOUT: { idle: YES, hint: "write MAX_FW_TIMEOUT and the seconds that a client may ask for" },
  REQUIRE_AUTH_METHOD: { hint: "passwords of the system are not asked for here; remove the line" },
  RESTRICT_INTF: { hint: "name the one interface in PCAP_INTF of fwknopd.conf, and remove the line" },
  SHADOW_FILE: { hint: "passwords of the system are not asked for here; remove the line" },
  SHARED_SEQUENCE: { hint: "sequences of ports are no longer understood: use a key" },
  ENCRYPT_SEQUENCE: { hint: "sequences of ports are no longer understood: use a key" },
  VALID_USERS: { hint: "write REQUIRE_USERNAME and a name" },
};

const RULES = { "fwknopd.conf": SERVER_RULES, "access.conf": ACCESS_RULES };

/** Null for a name that is none of these. The message begins with the name. */
export function oldLine(name: string, value: string, file: keyof typeof RULES): OldLine | null {
  if (file === "access.conf" && LUCI_NAMES.has(name)) {
    return { warning: `${name} of OpenWrt's web interface has no effect` };
  }
  if (!OLD_NAMES[file].has(name)) return null;
  const rule = RULES[file][name];
  if (rule === undefined || rule.idle?.test(value)) return { warning: `${name} is of fwknop 1.x and has no effect` };
  return { message: `${name}: is of fwknop 1.x, and what it limits would not be limited`, hint: rule.hint };
}
