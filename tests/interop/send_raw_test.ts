/** Raw packets of both clients, field by field. */
import assert from "node:assert/strict";
import { checksumsAreRight, type PacketFields } from "../cli/send/packet_fields.ts";
import { makeSendNamespace, PACKET, sendTest } from "../cli/send/send_namespace.ts";

const toServer = ({ destination }: PacketFields) => destination === "198.51.100.2";

sendTest(
  "F24: sendPacket() in raw modes sends what the C client sends, field by field, with right checksums",
  async () => {
    await using net = await makeSendNamespace();
    const raw = { host: "198.51.100.2", sourcePort: 33333 };
    const cases: [Record<string, unknown>, string[]][] = [
      [{ proto: "udpraw" }, ["-P", "udpraw"]],
      [{ proto: "tcpraw" }, ["-P", "tcpraw"]],
      [{ proto: "icmp" }, ["-P", "icmp"]],
      [{ proto: "icmp", icmpType: 13, icmpCode: 2 }, ["-P", "icmp", "--icmp-type", "13", "--icmp-code", "2"]],
      [{ proto: "udpraw", port: 53, spoofSource: "203.0.113.9" }, ["-P", "udpraw", "-p", "53", "-Q", "203.0.113.9"]],
      [{ proto: "tcpraw", spoofSource: "203.0.113.9" }, ["-P", "tcpraw", "-Q", "203.0.113.9"]],
      [{ proto: "icmp", spoofSource: "203.0.113.9" }, ["-P", "icmp", "-Q", "203.0.113.9"]],
    ];
    let seen = 0;
    for (const [job, args] of cases) {
      const said = await net.sendOurs({ ...raw, ...job });
      await net.sendC("-D", "198.51.100.2", "-S", "33333", ...args);
      const [ours, theirs] = (await net.packets(seen += 2, toServer)).slice(-2);
      const label = JSON.stringify(job);
      assert.equal(said.bytesSent, ours!.raw.length, label);
      assert.equal(said.remote, "198.51.100.2");
      for (const field of ["version", "protocol", "ip", "source", "destination", "header"] as const) {
        assert.deepEqual(ours![field], theirs![field], `${label}: ${field}`);
      }
      assert.equal(ours!.payload, PACKET, label);
      assert.ok(checksumsAreRight(ours!), label);
      assert.notEqual(ours!.id, 0, "identification is random");
    }
  },
  { client: "c" },
);
