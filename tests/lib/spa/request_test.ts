import assert from "node:assert/strict";
import { fieldsOf, type KnockRequest, messageType } from "../../../lib/spa/request.ts";
import { accessTo, COMMAND } from "../../fakes/requests.ts";

const SSH = accessTo("tcp/22");
const INSIDE = { host: "10.0.0.1", port: 8022, local: false };

Deno.test("K6: messageType() follows from NAT and time; a command has neither", () => {
  const rows: readonly [KnockRequest, number][] = [
    [COMMAND, 0],
    [SSH, 1],
    [{ ...SSH, nat: INSIDE }, 2],
    [{ ...SSH, timeout: 60 }, 3],
    [{ ...SSH, nat: INSIDE, timeout: 60 }, 4],
    [{ ...SSH, nat: { ...INSIDE, local: true } }, 5],
    [{ ...SSH, nat: { ...INSIDE, local: true }, timeout: 1 }, 6],
  ];
  for (const [request, type] of rows) assert.equal(messageType(request), type);
});

Deno.test("fieldsOf() writes the texts of the wire, and leaves a bad time for the encoder to refuse", () => {
  const write = (request: KnockRequest) =>
    fieldsOf({ ...request, user: "alice", digest: "sha256" }, { random: "1234567890123456", now: 1_700_000_000 });
  const common = { random: "1234567890123456", username: "alice", timestamp: 1_700_000_000, version: "3.0.0" };
  assert.deepEqual(write({ ...SSH, nat: { ...INSIDE, host: "2001:db8::5" }, timeout: 60 }), {
    ...common,
    type: 4,
    message: "0.0.0.0,tcp/22",
    natAccess: "[2001:db8::5],8022",
    serverAuth: null,
    clientTimeout: 60,
  });
  assert.deepEqual(write(COMMAND), {
    ...common,
    type: 0,
    message: "0.0.0.0,ls, -l",
    natAccess: null,
    serverAuth: null,
    clientTimeout: 0,
  });
  assert.deepEqual([write({ ...SSH, timeout: -1 }).type, write({ ...SSH, timeout: -1 }).clientTimeout], [1, -1]);
});
