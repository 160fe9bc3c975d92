import assert from "node:assert/strict";
import { decide } from "../../../daemon/verify/decide.ts";
import { type Decision, isByStranger } from "../../../daemon/verify/decision.ts";
import { wholeStory } from "../../../daemon/verify/findings.ts";
import { refusal } from "../../../daemon/verify/refusals.ts";
import { datagram, decisionContext, ip, knock } from "../../fakes/knock.ts";

Deno.test("isByStranger() knows whom a decision is about, and says of nobody what is not known yet", async () => {
  const admitted = await decide(datagram(await knock()), decisionContext(), 1_795_300_800);
  assert.equal(admitted.kind, "admit");
  const at = { source: ip("192.0.2.1"), stanza: 1 };
  const pending = (authenticated: boolean): Decision => ({
    kind: "pending",
    authenticated,
    finished: Promise.resolve(),
    resume: () => assert.fail("nobody goes on"),
  });
  const rows: readonly (readonly [Decision, boolean])[] = [
    [admitted, false],
    [{ kind: "refuse", ...wholeStory([refusal("hmac-mismatch", at)]) }, true],
    [{ kind: "refuse", ...wholeStory([refusal("hmac-mismatch", at), refusal("no-source-address", at)]) }, false],
    [pending(true), false],
    [pending(false), true],
    [{ kind: "waiting" }, false],
  ];
  for (const [decision, expected] of rows) assert.equal(isByStranger(decision), expected);
});
