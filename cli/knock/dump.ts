/** What `-v` and `-T` show, in the layout that scripts read (facts/client 12). */
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { faultText } from "../../lib/faults.ts";
import { formatDump, formatReceivedDump } from "../../lib/spa/dump.ts";
import { open, openPgp } from "../../lib/spa/open.ts";
import type { SealedPacket } from "../../lib/spa/seal.ts";
import type { Prepared } from "./prepared.ts";
import type { ClientSettings } from "../options/table.ts";
import type { Target } from "../send/target.ts";
import { tellError, type Terminal } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

const LABEL_WIDTH = 20;

/** The dump of the packet that was built. */
export function showPacket(
  packet: SealedPacket,
  { secrets, gpg }: Pick<Prepared, "secrets" | "gpg">,
  terminal: Terminal,
): void {
  const text = formatDump({
    fields: packet.fields,
    digestName: packet.digestName,
    secrets,
    encoded: packet.encoded,
    digest: packet.digest,
    hmac: packet.hmac,
    final: packet.wire,
    gpg: gpg?.lines,
  });
  terminal.out(withoutLastLineEnd(text));
}

/** The block about where the packet goes. */
export function showDelivery(settings: ClientSettings, target: Target, terminal: Terminal): void {
  const rows: readonly (readonly [string, string])[] = [
    ["protocol", settings.serverProto],
    ["source port", target.sourcePort === null ? "<OS assigned>" : String(target.sourcePort)],
    // As in C, port and host of the server even where the packet goes through a proxy.
    ["destination port", String(target.port)],
    ["IP/host", target.host],
  ];
  const lines = rows.map(([label, value]) => `${label.padStart(LABEL_WIDTH)}: ${value}`);
  terminal.out(["Generating SPA packet:", ...lines].join("\n"));
}

/**
 * `-T`: everything but the sending, then the packet is opened again with the same keys. The result is the exit code: 1
 * when the packet that was built does not open.
 */
export async function rehearse(
  parts: {
    readonly settings: ClientSettings;
    readonly target: Target;
    readonly packet: SealedPacket;
    readonly world: World;
  } & Pick<Prepared, "secrets" | "gpg">,
): Promise<number> {
  const { settings, target, packet, secrets, gpg, world } = parts;
  const verbose = settings.verbose > 0;
  if (verbose) showDelivery(settings, target, world);
  const http = settings.serverProto === "http";
  if (http && verbose) world.out((await import("../send/http.ts")).formatHttpRequest(packet.wire, target));
  world.out(`${http ? "Test" : "test"} mode enabled, SPA packet not actually sent.`);
  if (verbose) world.out("send_spa_packet: bytes sent: 0\n\nDump of the Decoded Data");
  const opening = gpg?.opening();
  const opened = opening === undefined
    ? await open(webEngine, packet.wire, secrets)
    : await openPgp(webEngine, packet.wire, { secrets, decrypt: opening.decrypt });
  if (!opened.ok) {
    const why = `the packet does not open: Error ${opened.fault.number} - ${faultText(opened.fault)}`;
    const more = opening?.failure();
    tellError(world, more === undefined ? why : `${why}: ${more.what}`, more?.remedy);
    return 1;
  }
  if (verbose) {
    world.out(
      withoutLastLineEnd(formatReceivedDump(opened.value, secrets, { wire: packet.wire, gpg: opening?.lines() })),
    );
  }
  if (settings.json) world.json(describe(settings, { target, packet, secrets }));
  return 0;
}

/** The packet and its destination, for programs. It holds no key. */
function describe(
  settings: ClientSettings,
  parts: { readonly target: Target; readonly packet: SealedPacket; readonly secrets: Secrets },
): Readonly<Record<string, unknown>> {
  const { target, packet, secrets: { cipher, hmac } } = parts;
  return {
    server: settings.server ?? null,
    protocol: settings.serverProto,
    port: target.httpProxy?.port ?? target.port,
    sourcePort: target.sourcePort,
    ...packet.fields,
    digestType: packet.digestName,
    hmacType: hmac?.name ?? null,
    encryptionMode: cipher.kind === "rijndael" ? cipher.mode : "asymmetric",
    encoded: packet.encoded,
    digest: packet.digest,
    hmac: packet.hmac,
    packet: packet.wire,
  };
}

function withoutLastLineEnd(text: string): string {
  return text.replace(/\n$/, "");
}
