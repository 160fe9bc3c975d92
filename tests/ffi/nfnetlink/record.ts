/**
 * Records what the kernel tells of tables of every kind, for tests that need no root:
 *
 *     unshare --net deno run -A tests/ffi/nfnetlink/record.ts > tests/vectors/nfnetlink.json
 */
import type { IncomingMessage } from "../../../ffi/nfnetlink/codec.ts";
import { stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import { NFPROTO, NFT_MSG, NFTA } from "../../../ffi/nfnetlink/constants.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import { openNetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";
import { CATCHALL_SCRIPT, FOREIGN_IPTABLES, foreignScript, makeOwnedTable, oddTables } from "./foreign_ruleset.ts";

async function run(program: string, args: readonly string[], stdin = ""): Promise<void> {
  const child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  if (!(await child.status).success) throw new Error(`${program} ${args.join(" ")} failed`);
}

async function record(): Promise<readonly unknown[]> {
  await run("ip", ["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
  await run("nft", ["-f", "-"], foreignScript() + CATCHALL_SCRIPT);
  await run("iptables-nft-restore", [], FOREIGN_IPTABLES);
  using netlink = openNfnetlink();
  const made = netlink.transact([
    ...oddTables(),
    { verb: "add", family: "inet", table: "filter", set: "doors", key: new Uint8Array(12), timeoutMs: 3_600_000 },
  ], null);
  if (!made.ok) throw new Error(JSON.stringify(made));
  using owner = openNetlinkSocket({ receiveBuffer: 65_536 });
  makeOwnedTable(owner);
  using socket = openNetlinkSocket({ receiveBuffer: 65_536 });
  const requests = requestsOn(socket);
  const all = (message: number) => requests.dump({ message, family: 0, attributes: [] }) ?? [];
  const elements = netlink.sets().flatMap(({ family, table, set }) =>
    requests.dump({
      message: NFT_MSG.getSetElem,
      family: NFPROTO[family],
      attributes: [stringAttribute(NFTA.elemList.table, table), stringAttribute(NFTA.elemList.set, set)],
    }) ?? []
  );
  const kinds = [NFT_MSG.getTable, NFT_MSG.getChain, NFT_MSG.getSet, NFT_MSG.getRule];
  return [...kinds.flatMap(all), ...elements].map(written);
}

function written({ type, flags, body }: IncomingMessage) {
  return { type, flags, body: body.toBase64() };
}

if (import.meta.main) {
  const lines = (await record()).map((message) => `  ${JSON.stringify(message)}`);
  console.log(`[\n${lines.join(",\n")}\n]`);
}
