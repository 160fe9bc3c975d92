/** firewalld on the system bus: its methods, one call after the other, and what it says when it refuses. */
import { type Bus, type MethodCall, NO_ANSWER, openBus, type Reply } from "../../../ffi/dbus/bus.ts";
import type { DbusValue } from "../../../ffi/dbus/reading.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { showable } from "../../../lib/showable.ts";
import { FirewallError } from "../firewall.ts";
import { type ActiveZone, readActiveZones } from "./zones.ts";

/** What is asked of firewalld. Each method throws `FirewallError`. */
export interface FirewalldService extends Disposable {
  /** The bus name of the process that is firewalld now; null where none is. */
  owner(): Promise<string | null>;
  /** The number of that process. */
  processOf(owner: string): Promise<number>;
  defaultZone(): Promise<string>;
  zones(): Promise<readonly string[]>;
  activeZones(): Promise<readonly ActiveZone[]>;
  richRules(zone: string): Promise<readonly string[]>;
  /** `seconds`: firewalld itself takes the rule away then. */
  addRule(zone: string, rule: string, seconds: number): Promise<void>;
  removeRule(zone: string, rule: string): Promise<void>;
}

/** Why firewalld did not do it. */
export type Refusal = "absent" | "no bus" | "unsure" | "denied" | "already" | "not there" | "zone" | "other";

/** firewalld, or the bus, did not do what it was asked to. `absent`: nobody is firewalld; `unsure`: it may do it yet. */
export class FirewalldError extends FirewallError {
  readonly refusal: Refusal;
  constructor(message: string, hint: string, options: ErrorOptions & { readonly refusal: Refusal }) {
    super(message, hint, options);
    this.refusal = options.refusal;
  }
}

const FIREWALLD = "org.fedoraproject.FirewallD1";
const DRIVER = "org.freedesktop.DBus";
/** A reload of firewalld takes seconds, and what is asked meanwhile waits for its end. */
const LIMIT_MS = 10_000;
/** The bus itself only looks things up. */
const DRIVER_MS = 2_000;

/** Connects when it is asked first, and anew when the connection broke. `open`: how. */
export function createService(open: () => Bus = openBus): FirewalldService {
  let bus: Bus | null = null;
  let isClosed = false;
  let tail: Promise<unknown> = Promise.resolve();
  let gaveUp = 0;

  function drop(): void {
    bus?.[Symbol.dispose]();
    bus = null;
  }
  async function callNow(call: MethodCall, limitMs: number, isAgain = false): Promise<Reply> {
    try {
      if (isClosed) throw new FirewalldError("firewalld: its connection is closed", "", { refusal: "no bus" });
      bus ??= open();
      return await bus.call(call, limitMs);
    } catch (error) {
      drop();
      if (!(error instanceof FfiError)) throw error;
      const isLate = error.details.code === NO_ANSWER;
      if (isLate) gaveUp++;
      // A bus that was restarted has forgotten the connection.
      else if (!isAgain && error.details.symbol === "sd_bus_call") return await callNow(call, limitMs, true);
      if (isLate) throw silent({ refusal: "unsure", cause: error });
      throw new FirewalldError(error.message, error.details.hint ?? "see systemctl status dbus", {
        refusal: "no bus",
        cause: error,
      });
    }
  }
  /** In the order of asking; what waited behind a call that got no answer is not tried, or all would wait as long. */
  function inTurn(call: MethodCall, limitMs: number): Promise<Reply> {
    const before = gaveUp;
    const turn = tail.then(() => {
      if (gaveUp === before) return callNow(call, limitMs);
      throw silent({ refusal: "no bus" });
    });
    tail = turn.catch(() => {});
    return turn;
  }
  async function ask(on: Pick<MethodCall, "interface" | "member">, ...args: readonly (string | number)[]) {
    const isDriver = on.interface === DRIVER;
    const to = isDriver
      ? { destination: DRIVER, path: "/org/freedesktop/DBus" }
      : { destination: FIREWALLD, path: "/org/fedoraproject/FirewallD1" };
    const reply = await inTurn({ ...to, ...on, args }, isDriver ? DRIVER_MS : LIMIT_MS);
    if (reply.ok) return reply.values;
    throw refusalOf(reply.name, reply.text);
  }
  const main = (member: string) => ask({ interface: FIREWALLD, member });
  const zone = (member: string, ...args: readonly (string | number)[]) =>
    ask({ interface: `${FIREWALLD}.zone`, member }, ...args);

  return {
    async owner() {
      try {
        return textOf((await ask({ interface: DRIVER, member: "GetNameOwner" }, FIREWALLD))[0]);
      } catch (error) {
        if (error instanceof FirewalldError && error.refusal === "absent") return null;
        throw error;
      }
    },
    async processOf(owner) {
      const [pid] = await ask({ interface: DRIVER, member: "GetConnectionUnixProcessID" }, owner);
      return typeof pid === "number" ? pid : 0;
    },
    defaultZone: async () => textOf((await main("getDefaultZone"))[0]),
    zones: async () => textsOf((await zone("getZones"))[0]),
    activeZones: async () => readActiveZones((await zone("getActiveZones"))[0]),
    richRules: async (name) => textsOf((await zone("getRichRules", name))[0]),
    addRule: async (name, rule, seconds) => void await zone("addRichRule", name, rule, seconds),
    removeRule: async (name, rule) => void await zone("removeRichRule", name, rule),
    [Symbol.dispose]() {
      isClosed = true;
      drop();
    },
  };
}

function silent(why: ErrorOptions & { readonly refusal: Refusal }): FirewalldError {
  return new FirewalldError("firewalld: it does not answer in time", "see systemctl status firewalld", why);
}

/** Codes of firewalld with what they mean here. */
const CODES: Readonly<Record<string, Refusal>> = {
  ALREADY_ENABLED: "already",
  NOT_ENABLED: "not there",
  INVALID_ZONE: "zone",
};
const ABSENT: readonly string[] = ["ServiceUnknown", "NameHasNoOwner", "UnknownObject", "UnknownMethod"]
  .map((name) => `org.freedesktop.DBus.Error.${name}`);

/** The other side refused. */
function refusalOf(name: string, text: string): FirewalldError {
  const say = (refusal: Refusal, what: string, hint: string) =>
    new FirewalldError(`firewalld: ${what}`, hint, { refusal });
  if (ABSENT.includes(name)) return say("absent", "it is not running", "start it (systemctl start firewalld)");
  if (name === "org.freedesktop.DBus.Error.NoReply") {
    return say("unsure", "it ended before it answered", "see systemctl status firewalld");
  }
  if (name.endsWith("NotAuthorizedException") || name === "org.freedesktop.DBus.Error.AccessDenied") {
    return say(
      "denied",
      "it does not let this user change its rules (NOT_AUTHORIZED)",
      "run as root, or let polkit allow it (packaging/polkit/fwknop-firewalld.rules)",
    );
  }
  const [code = ""] = /^[A-Z_]+/.exec(text) ?? [];
  const hint = code === "INVALID_ZONE" ? "see firewall-cmd --get-zones" : "see journalctl -u firewalld";
  return say(CODES[code] ?? "other", `it refused: ${showable(text.replace(/\s+/g, " ").slice(0, 300))}`, hint);
}

function textOf(value: DbusValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: DbusValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
