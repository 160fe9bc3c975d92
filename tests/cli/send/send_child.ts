/** Sends one packet as the test says (JSON in the first argument) and prints the report or the error as JSON. */
import { sendPacket, type Target } from "../../../cli/send/sender.ts";
import { SendError } from "../../../cli/send/target.ts";
import { parseIp } from "../../../lib/net/address.ts";

const job = JSON.parse(Deno.args[0] ?? "{}");
const spoof = parseIp(job.spoofSource ?? "");
const target: Target = {
  host: "127.0.0.1",
  port: 62201,
  sourcePort: null,
  family: null,
  icmpType: 0,
  icmpCode: 0,
  httpProxy: null,
  userAgent: "Fwknop/2.6.10",
  socks5: null,
  ...job,
  spoofSource: spoof.ok ? spoof.value : null,
};
try {
  console.log(JSON.stringify(await sendPacket(job.proto, job.packet, target)));
} catch (error) {
  if (!(error instanceof SendError)) throw error;
  console.log(JSON.stringify({ error: error.message, hint: error.hint }));
}
