import assert from "node:assert/strict";
import { followClock } from "../../../daemon/grants/clock.ts";
import { createLedger } from "../../../daemon/grants/ledger.ts";
import { createShutGrants } from "../../../daemon/grants/shut.ts";
import { closeDueGrants, type GrantContext, openGrants } from "../../../daemon/grants/upkeep.ts";
import { createFacts } from "../../../daemon/report/facts.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { within } from "../../contract/namespace.ts";
import { labTest } from "../../lab/mod.ts";
import { nftablesRig } from "../firewall/nftables/rig.ts";
import { grant as grantUntil } from "./scene.ts";

labTest(
  "a clock set ahead ends grants in the kernel, whose own clock goes on, and only then they are said to be over",
  async () => {
    await using rig = await nftablesRig();
    using netlink = within(rig.lab.host("server").namespace, openNfnetlink);
    const elements = () => netlink.elements({ family: "inet", table: "guard", set: "fwknop_input4" })?.length;
    let ahead = 0;
    const seconds = () => Math.floor(Date.now() / 1000 + ahead);
    const firewall = rig.start({ clock: () => Date.now() / 1000 + ahead });
    await firewall.prepare();
    const context: GrantContext = {
      ...{
        firewall,
        ledger: createLedger(),
        facts: createFacts(),
        shut: createShutGrants(),
        alreadyOpen: "already exists",
      },
      clock: () => Date.now() + ahead * 1000,
      steady: () => performance.now(),
    };
    const watch = followClock(context);
    const removed: (number | undefined)[] = [];
    const log = (_level: string, text: string) => void (/^Removed rule/.test(text) && removed.push(elements()));
    await openGrants([grantUntil(22, seconds() + 600), grantUntil(53, seconds() + 7200)], context, log);
    watch.stepBack();
    await closeDueGrants(context, log, watch);
    assert.equal(elements(), 2);
    // It is set between two wake-ups: nobody has looked at it since.
    ahead = 3600;
    await closeDueGrants(context, log, watch);
    assert.deepEqual(removed, [1], "gone before it is said");
    watch.stepBack();
    // The kernel would keep it for two hours.
    ahead = 7300;
    await closeDueGrants(context, log, watch);
    assert.deepEqual(removed, [1, 0]);
    assert.equal(context.ledger.size, 0);
    await openGrants([grantUntil(22, seconds() + 600)], context, log);
    const [left] = netlink.elements({ family: "inet", table: "guard", set: "fwknop_input4" }) ?? [];
    assert.ok(left?.remainingMs && left.remainingMs <= 601_000, "by the new clock");
  },
);
