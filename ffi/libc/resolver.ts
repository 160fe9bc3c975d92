/**
 * Names to addresses by getaddrinfo(3): /etc/hosts, nsswitch and the family hints are honoured as for every other program
 * of the machine, which neither `Deno.resolveDns` nor `node:dns` does alike on all versions.
 */
import { AF_UNSPEC } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { allocate, allocateCopy, type Block, copyIn, cString, readCString } from "../memory.ts";
import { lazyLibc } from "./errno.ts";
import { decodeSocketAddress, familyNumber, type SocketAddress } from "./socket_address.ts";

const libc = lazyLibc({
  /** int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res), on a thread of the runtime */
  lookup: { name: "getaddrinfo", parameters: ["usize", "usize", "usize", "usize"], result: "i32", nonblocking: true },
  /** void freeaddrinfo(struct addrinfo *res) */
  freeaddrinfo: { parameters: ["usize"], result: "void" },
  /** const char *gai_strerror(int errcode) */
  gaiStrerror: { name: "gai_strerror", parameters: ["i32"], result: "usize" },
  /** int getnameinfo(const struct sockaddr *sa, socklen_t salen, char *host, socklen_t hostlen, char *serv, socklen_t servlen, int flags) */
  getnameinfo: { parameters: ["buffer", "u32", "buffer", "u32", "usize", "u32", "i32"], result: "i32" },
});

const NI_NUMERICHOST = 1;
/** sizeof(struct addrinfo), the same on all 64-bit Linux */
const ADDRINFO_SIZE = 48;

/** What kind of answers are wanted. */
export interface ResolveOptions {
  /** Only this family; null for both, in the order of the machine's preference (RFC 6724). */
  readonly family: 4 | 6 | null;
  /** Port to put into the answers. */
  readonly port: number;
}

/** One answer. */
export interface ResolvedAddress extends SocketAddress {
  /** Numeric form, with the zone where there is one. */
  readonly text: string;
}

/** Why a name did not resolve: the number of getaddrinfo (EAI_NONAME is -2) in `details.code`, its text in `reason`. */
export class ResolveError extends FfiError {
  /** The text of gai_strerror, which scripts know: `Name or service not known`. */
  readonly reason: string;

  constructor(readonly host: string, code: number, { family }: Pick<ResolveOptions, "family">) {
    const reason = readCString(libc().gaiStrerror(code));
    super(`Cannot resolve "${host}": ${reason}`, {
      library: "libc",
      symbol: "getaddrinfo",
      code,
      hint: family !== null && OTHER_FAMILY.has(code)
        ? "the name has no address of that family: choose the other one with -4 or -6"
        : RESOLVE_HINT[code] ?? "check the name and the resolver of this machine (getent ahosts NAME)",
    });
    this.reason = reason;
  }
}

const RESOLVE_HINT: Readonly<Record<number, string>> = {
  [-2]: "check the spelling of the name, or give the address itself",
  [-3]: "no name server answered: check the network connection, or give the address itself",
  [-5]: "the name is there and has no address: give the address itself",
  [-9]: "the address is of the other family: choose it with -4 or -6",
};

/** Where only one family was asked for, the name may have an address of the other. */
const OTHER_FAMILY: ReadonlySet<number> = new Set([-5, -9]);

/**
 * Resolves a name or a numeric address. The main thread goes on meanwhile. At least one answer, each once.
 *
 * @throws ResolveError
 * @tags allow-ffi
 */
export async function resolveHost(host: string, options: ResolveOptions): Promise<ResolvedAddress[]> {
  using query = prepareQuery(host, options.family);
  const code = await libc().lookup(query.node.address, 0n, query.hints.address, query.answer.address);
  if (code !== 0) throw new ResolveError(host, code, options);
  return takeAnswers(query.answer, options.port);
}

/** The numeric text of an address: `192.0.2.1`, `fe80::1%eth0`; no port. */
function addressText(encoded: Uint8Array<ArrayBuffer>): string {
  const host = new Uint8Array(128);
  const code = libc().getnameinfo(encoded, encoded.length, host, host.length, 0n, 0, NI_NUMERICHOST);
  if (code !== 0) {
    const reason = readCString(libc().gaiStrerror(code));
    throw new FfiError(`Cannot print an address: ${reason}`, { library: "libc", symbol: "getnameinfo", code });
  }
  return new TextDecoder().decode(host.subarray(0, host.indexOf(0)));
}

interface Query extends Disposable {
  readonly node: Block;
  readonly hints: Block;
  readonly answer: Block;
}

/** Foreign memory throughout: the call may outlive any moment at which arrays of ours could move. */
function prepareQuery(host: string, family: 4 | 6 | null): Query {
  const hints = new DataView(new ArrayBuffer(ADDRINFO_SIZE));
  hints.setInt32(4, family === null ? AF_UNSPEC : familyNumber(family), true);
  // SOCK_STREAM: one answer per address instead of one per kind of socket. The answers serve all kinds.
  hints.setInt32(8, 1, true);
  const blocks = [allocateCopy(cString(host)), allocateCopy(new Uint8Array(hints.buffer)), allocate(8)] as const;
  const [node, hintsBlock, answer] = blocks;
  return {
    node,
    hints: hintsBlock,
    answer,
    [Symbol.dispose]() {
      for (const block of blocks) block[Symbol.dispose]();
    },
  };
}

/** Copies the linked list and frees it, whatever happens. */
function takeAnswers(answer: Block, port: number): ResolvedAddress[] {
  const head = pointerAt(answer.address);
  const found = new Map<string, ResolvedAddress>();
  try {
    for (let entry = head; entry !== 0n; entry = pointerAt(entry + 40n)) {
      const length = new DataView(copyIn(entry + 16n, 4).buffer).getUint32(0, true);
      const encoded = copyIn(pointerAt(entry + 24n), length);
      const address = decodeSocketAddress(encoded);
      if (address === null) continue;
      const text = addressText(encoded);
      if (!found.has(text)) found.set(text, { ...address, port, text });
    }
  } finally {
    libc().freeaddrinfo(head);
  }
  return [...found.values()];
}

function pointerAt(address: bigint): bigint {
  return new DataView(copyIn(address, 8).buffer).getBigUint64(0, true);
}
