/** How to write what is to open, by how it was written. Pure. */
import { parseService } from "../../lib/net/service.ts";

const USUAL = "write services like tcp/22 or tcp/80,udp/53, with ports from 1 to 65535";

/** Ports of services that people name; others have to be looked up. */
const KNOWN: Readonly<Record<string, string>> = {
  ssh: "tcp/22",
  sftp: "tcp/22",
  scp: "tcp/22",
  http: "tcp/80",
  https: "tcp/443",
  dns: "udp/53",
  domain: "udp/53",
  rdp: "tcp/3389",
  openvpn: "udp/1194",
  wireguard: "udp/51820",
  smtp: "tcp/25",
  imaps: "tcp/993",
  mysql: "tcp/3306",
  postgresql: "tcp/5432",
};

/** The next move for a text after `name` (`-A`, `ACCESS`) that names no services. */
export function accessRemedy({ text: access, name }: { readonly text: string; readonly name: string }): string {
  const rewritten = access.trim().split(/[\s,;]+/).filter((item) => item !== "").map(rewrite);
  const services = rewritten.filter((item) => item !== null);
  if (services.length === rewritten.length && services.length > 0) return `write ${name} ${services.join(",")}`;
  const range = /\b([0-9]{1,5})[-:]([0-9]{1,5})\b/.exec(access);
  if (range !== null) {
    return "a knock names single ports, not ranges: list them with commas, as in tcp/5000,tcp/5001";
  }
  if (/(?:^|[/:])(?:0|[0-9]{5,})(?:$|\D)/.test(access)) return "ports go from 1 to 65535";
  if (/\b(?:icmp|sctp|esp|gre)\b/i.test(access)) return "only TCP and UDP ports can be asked for";
  if (/^(?:any|all|\*|none)/i.test(access)) return "name each service: servers open single ports only";
  return USUAL;
}

/** The service that is meant by one item, or null. */
function rewrite(item: string): string | null {
  const text = item.toLowerCase();
  if (parseService(text).ok) return text;
  const [, before, port = "", after] = /^(?:(tcp|udp)[/:.=_-]?)?([0-9]{1,5})(?:[/:.=_-]?(tcp|udp))?$/.exec(text) ?? [];
  const meant = port === "" ? KNOWN[text] : `${before ?? after ?? "tcp"}/${port}`;
  return meant !== undefined && parseService(meant).ok ? meant : null;
}
