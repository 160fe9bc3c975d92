/** What the kernel's refusals mean, in words of the operator. Pure. */
import { E } from "../../../ffi/abi.ts";
import type { Refusal } from "../../../ffi/nfnetlink/transact.ts";
import type { Attempt } from "../socket_error.ts";

/** What to do where nothing better is known. */
export const LOOK = "see `nft list ruleset`";

/** Anything that is done by a socket here. */
export const BY_NETLINK: Attempt = { what: "nftables", hint: "set FIREWALL to iptables" };

/** The remedy for a table of which another process is the owner. */
export const OWNER_HINT = "if it is firewalld's, set NftablesTableOwner=no in firewalld.conf and restart firewalld";

/** EBUSY: something refers to what should go, or a map holds something else for the key. */
export const BUSY = 16;
/** `ENFILE`, `ENOMEM`, `EOPNOTSUPP`, `EMSGSIZE`. */
const NFILE = 23, NOMEM = 12, OPNOTSUPP = 95, MSGSIZE = 90;

const REASONS: ReadonlyMap<number, string> = new Map([
  [E.NOENT, "a table, chain or set that it needs is gone"],
  [E.EXIST, "something with that name and another form is there already"],
  [E.INVAL, "a set or chain of ours has another form"],
  [BUSY, "something still refers to it, or holds something else in its place"],
  [NFILE, "our set is full"],
  [NOMEM, "the kernel has no memory for it"],
  [OPNOTSUPP, "this kernel cannot do it"],
  [MSGSIZE, "it is too much for one transaction"],
  [E.NOBUFS, "the kernel has no memory for it"],
]);

/** Whether the table of the change belongs to another process, which alone may change it. */
export function isOwned(refusal: Refusal | undefined): boolean {
  return refusal?.code === E.PERM && refusal.index !== null;
}

/** Why, as the end of a sentence. */
export function reasonOf(refusal: Refusal | undefined): string {
  if (refusal === undefined) return "the packet filter refused";
  if (isOwned(refusal)) return "the table belongs to another process, which alone may change it";
  if (refusal.code === E.PERM) return "fwknopd needs the capability CAP_NET_ADMIN";
  const said = REASONS.get(refusal.code) ?? `errno ${refusal.code}`;
  return `the packet filter refused: ${refusal.text === "" ? said : `${said} (${refusal.text})`}`;
}
