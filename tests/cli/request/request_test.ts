import assert from "node:assert/strict";
import { buildRequest } from "../../../cli/request/request.ts";
import { access } from "../../../cli/options/access_kind.ts";
import { natDestination } from "../../../cli/options/nat_kind.ts";
import type { Kind } from "../../../lib/settings/setting.ts";
import { fieldsOf, type KnockRequest } from "../../../lib/spa/request.ts";
import { ip } from "../../fakes/knock.ts";

/** Settings with -A and -N as they are written. */
type Settings = Omit<Parameters<typeof buildRequest>[0], "access" | "natAccess"> & {
  readonly access: string | undefined;
  readonly natAccess: string | undefined;
};

/** The value of a text; the text must be one that the kind takes. */
function read<Value>(kind: Kind<Value>, text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  const parsed = kind.parse(text);
  if (!parsed.ok) throw new RangeError(`"text" expected ${kind.expects}, got "${text}": ${parsed.fault}`);
  return parsed.value;
}

/** The examples of facts/client 7, with `-a 1.1.1.1 -D 127.0.0.1`. */
function build(settings: Partial<Settings>, randomNatPort: number | null = null) {
  const { access: opens, natAccess, ...rest } = settings;
  return buildRequest({
    access: read(access, opens),
    natAccess: read(natDestination, natAccess),
    serverCmd: undefined,
    fwTimeout: undefined,
    natLocal: false,
    natPort: 0,
    server: "127.0.0.1",
    ...rest,
  }, { allow: ip("1.1.1.1"), randomNatPort });
}

/** As it stands in the packet. */
function written(request: KnockRequest) {
  const at = { random: "1234567890123456", now: 1_700_000_000 };
  const { type, message, natAccess, clientTimeout } = fieldsOf({ ...request, user: "alice", digest: "sha256" }, at);
  return { type, message, natAccess, clientTimeout };
}

const ROWS: readonly [Partial<Settings>, type: number, message: string, nat: string | null, timeout: number][] = [
  [{ access: "tcp/22", natAccess: "10.0.0.1" }, 2, "1.1.1.1,tcp/22", "10.0.0.1,22", 0],
  [{ access: "tcp/22", natAccess: "10.0.0.1:8022" }, 2, "1.1.1.1,tcp/22", "10.0.0.1,8022", 0],
  [{ access: "tcp/22", natAccess: "10.0.0.1,8022", natPort: 5000 }, 2, "1.1.1.1,tcp/5000", "10.0.0.1,8022", 0],
  [{ access: "tcp/22,tcp/80", natAccess: "10.0.0.1" }, 2, "1.1.1.1,tcp/22,tcp/80", "10.0.0.1,22", 0],
  [
    { access: "tcp/22", natLocal: true, natPort: 40022, fwTimeout: 60 },
    6,
    "1.1.1.1,tcp/40022",
    "127.0.0.1,22",
    60,
  ],
  [
    { access: "tcp/22", natLocal: true, natAccess: "10.0.0.1,8022", fwTimeout: 5 },
    6,
    "1.1.1.1,tcp/22",
    "10.0.0.1,8022",
    5,
  ],
  [{ access: "tcp/22", natPort: 4000 }, 1, "1.1.1.1,tcp/4000", null, 0],
  [{ serverCmd: "ls", fwTimeout: 60 }, 0, "1.1.1.1,ls", null, 0],
  [{ access: "tcp/22" }, 1, "1.1.1.1,tcp/22", null, 0],
  [{ access: "tcp/22", fwTimeout: 30 }, 3, "1.1.1.1,tcp/22", null, 30],
  [{ access: "tcp/22", fwTimeout: 0 }, 1, "1.1.1.1,tcp/22", null, 0],
  [{ access: "tcp/22", natAccess: "10.0.0.1", fwTimeout: 30 }, 4, "1.1.1.1,tcp/22", "10.0.0.1,22", 30],
  [{ access: "tcp/22", natLocal: true }, 5, "1.1.1.1,tcp/22", "127.0.0.1,22", 0],
  [{ access: "tcp/22", natLocal: true, server: "gw.example.org" }, 5, "1.1.1.1,tcp/22", "gw.example.org,22", 0],
  [{ access: "tcp/22", natLocal: true, server: "2001:db8::5" }, 5, "1.1.1.1,tcp/22", "[2001:db8::5],22", 0],
  [{ access: "tcp/22", natAccess: "2001:db8::5" }, 2, "1.1.1.1,tcp/22", "[2001:db8::5],22", 0],
  [{ access: "tcp/22", natAccess: "[2001:db8::5]:8022" }, 2, "1.1.1.1,tcp/22", "[2001:db8::5],8022", 0],
  [{ access: "tcp/22", natAccess: "host.example:80" }, 2, "1.1.1.1,tcp/22", "host.example,80", 0],
  [{ access: "tcp/22", natPort: 4000, serverCmd: undefined }, 1, "1.1.1.1,tcp/4000", null, 0],
];

for (const [settings, type, message, natAccess, clientTimeout] of ROWS) {
  Deno.test(`buildRequest() of ${JSON.stringify(settings)}`, () => {
    const request = build(settings);
    assert.ok(request.ok, request.ok ? "" : request.fault.message);
    assert.deepEqual(written(request.value), { type, message, natAccess, clientTimeout });
  });
}

Deno.test("buildRequest() puts the random port before --nat-port", () => {
  const request = build({ access: "tcp/22", natAccess: "10.0.0.1", natPort: 5000 }, 23456);
  assert.ok(request.ok);
  assert.equal(written(request.value).message, "1.1.1.1,tcp/23456");
  assert.ok(request.value.kind === "access");
  assert.deepEqual(request.value.services, [{ proto: "tcp", port: 23456 }]);
});

const REFUSED: readonly [Partial<Settings>, RegExp][] = [
  [{}, /Invalid SPA access message/],
  [{ access: "tcp/22,tcp/80", natPort: 4000 }, /NAT for multiple ports\/protocols not yet supported/],
  [{ access: "tcp/22", natLocal: true, server: undefined }, /--nat-local/],
  [{ serverCmd: "ls", natAccess: "1.2.3.4" }, /command cannot be combined with NAT/],
  [{ serverCmd: "ls", natLocal: true }, /command cannot be combined with NAT/],
];

for (const [settings, pattern] of REFUSED) {
  Deno.test(`buildRequest() refuses ${JSON.stringify(settings)}`, () => {
    const request = build(settings);
    assert.ok(!request.ok);
    assert.match(request.fault.message, pattern);
    assert.ok(request.fault.hint.length > 0);
  });
}
