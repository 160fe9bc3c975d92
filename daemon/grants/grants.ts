/**
 * Which grants an accepted knock means. The truth tables of facts/firewall 3 are here and nowhere else: backends know
 * no message types and no policy. Pure.
 */
import type { Ip } from "../../lib/net/address.ts";
import { formatServices, type Service } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { MessageType } from "../../lib/wire/message.ts";
import { type Access, accessKey, type Grant, type NatMatch } from "../firewall/firewall.ts";
import { isHostAddress, isLoopback, isUnspecified, type NatEnd, type NatPolicy, NO_NAT_POLICY } from "./nat_policy.ts";

/** What the knock asked for, after every gate. */
export interface AccessRequest {
  readonly messageType: MessageType;
  /** The access address: who gets in. */
  readonly source: Ip;
  /** At least one. Those of a NAT request all lead to its one target; the C daemon takes the first (facts/firewall 3). */
  readonly services: readonly Service[];
  /** Where the packet was sent to; null when the capture cannot tell. */
  readonly packetDestination: Ip | null;
  /** The inside host and port of a NAT message, its name already resolved; null for other messages. */
  readonly nat: NatEnd | null;
}

/** Where the services of plain requests are met (GUARD): on this host, behind somebody's DNAT, or either. */
export type Guard = "input" | "forward" | "both";

/** What fwknopd.conf says about rules. */
export interface GrantOptions {
  /** ENABLE_DESTINATION_RULE: grants are for the address that the packet was sent to, not for any. */
  readonly destinationRule: boolean;
  /** ENABLE_IPT_OUTPUT. */
  readonly output: boolean;
  /** ENABLE_IPT_SNAT. */
  readonly snat?: boolean;
  /** SNAT_TRANSLATE_IP: at most one address of each family. */
  readonly snatTranslate?: readonly Ip[];
  /** FORWARD rules name the inside host; the C daemon's do not (facts/firewall 3). With NAT_ALLOW they always do. */
  readonly strictForward?: boolean;
  /** Masquerading leaves the source port as it is; the C daemon's rules pin it to the requested port (facts/firewall 3). */
  readonly masqueradeAnyPort?: boolean;
}

/** The words of the C daemon's `Added … rule` line. */
export type GrantKind =
  | "access"
  | "OUTPUT"
  | "published"
  | "local NAT"
  | "FORWARD"
  | "FORWARD ALL"
  | "DNAT"
  | "DNAT ALL"
  | "SNAT"
  | "SNAT ALL";

/** A grant, and how the log speaks of it. */
export interface PlannedGrant extends Grant {
  readonly kind: GrantKind;
  /** The services as they were asked for, or `*` `/` `*` for the ALL kinds. */
  readonly items: string;
}

/** Everything that decides about the grants of one knock. */
export interface GrantPlan {
  readonly request: AccessRequest;
  readonly policy?: NatPolicy;
  /** Default: on this host. */
  readonly guard?: Guard;
  readonly options: GrantOptions;
  /** Unix seconds: now and what `grantSeconds` of `verify/plan.ts` says. */
  readonly expiresAt: number;
}

/** Whether the message itself asks for NAT: types 2, 4, 5 and 6. */
export function isNatType(type: MessageType): boolean {
  return type === 2 || type === 4 || isLocalNatType(type);
}

/** Whether the message asks for NAT to a service of the server itself: types 5 and 6. */
export function isLocalNatType(type: MessageType): boolean {
  return type === 5 || type === 6;
}

/**
 * The grants of one knock, in the order in which the C daemon adds their rules. The fault is a reason for the log:
 * nothing is opened then.
 */
export function planGrants(plan: GrantPlan): Result<readonly PlannedGrant[], string> {
  const { request, options } = plan;
  if (request.services.length === 0) return fail("the request names no service");
  const destination = ruleDestination(request, options);
  if (!destination.ok) return destination;
  const policy = plan.policy ?? NO_NAT_POLICY;
  const planned = isNatType(request.messageType) || policy.forceNat !== null
    ? planNat(plan, policy, destination.value)
    : ok(planPlain(plan, destination.value));
  if (!planned.ok) return planned;
  return ok(planned.value.map(({ access, kind, items }) => ({ access, expiresAt: plan.expiresAt, kind, items })));
}

interface Planned {
  readonly access: Access;
  readonly kind: GrantKind;
  readonly items: string;
}

function ruleDestination(request: AccessRequest, options: GrantOptions): Result<Ip | null, string> {
  if (!options.destinationRule) return ok(null);
  const destination = request.packetDestination;
  if (destination === null) {
    return fail("ENABLE_DESTINATION_RULE is set, but the destination of the packet is not known");
  }
  if (destination.family !== request.source.family) {
    return fail(
      `ENABLE_DESTINATION_RULE is set, but ${request.source.text} and the packet's destination ${destination.text} ` +
        "are of different address families",
    );
  }
  return ok(destination);
}

function planPlain(
  { request, options, guard = "input" }: GrantPlan,
  destination: Ip | null,
): readonly Planned[] {
  const { source, services } = request;
  const items = formatServices(services);
  return services.flatMap((service): readonly Planned[] => {
    const input: Planned = { access: { slot: "input", source, destination, service }, kind: "access", items };
    const output: Planned = { access: { slot: "output", source, destination, service }, kind: "OUTPUT", items };
    const published: Planned = {
      access: { slot: "published", source, destination, service },
      kind: "published",
      items,
    };
    return [
      ...guard === "forward" ? [] : options.output ? [input, output] : [input],
      ...guard === "input" ? [] : [published],
    ];
  });
}

function planNat(plan: GrantPlan, policy: NatPolicy, destination: Ip | null): Result<readonly Planned[], string> {
  const { request } = plan;
  const end = policy.forceNat ?? request.nat;
  if (end === null) return fail("the request has no NAT target");
  const fault = natEndFault(end, request, policy);
  if (fault !== null) return fail(fault);
  // FORWARD_ALL leaves protocols and ports aside, so that one service stands for all.
  const services = policy.forwardAll ? request.services.slice(0, 1) : request.services;
  const ways = services.flatMap((service) => planWay(plan, policy, { service, end, destination }));
  const sources = planSources(plan, policy, { services, end });
  return sources.ok ? ok(withoutTwins([...ways, ...sources.value])) : sources;
}

/** A service that was asked for, and where it leads. */
interface NatWay {
  readonly service: Service;
  readonly end: NatEnd;
  readonly destination: Ip | null;
}

/** The way in of one service: through this host or to itself, and the address that is rewritten for that. */
function planWay({ request, options }: GrantPlan, policy: NatPolicy, way: NatWay): readonly Planned[] {
  const { source } = request;
  const { service, end, destination } = way;
  // FORWARD_ALL with FORCE_SNAT is FORCE_NAT 0.0.0.0: "whatever host the client addresses" (facts/configuration 7).
  const anyHost = isUnspecified(end.to);
  const all = policy.forwardAll;
  const items = formatServices(request.services);
  const inside: Service = { proto: service.proto, port: end.port };
  const planned: Planned[] = [];
  if (isLocalNatType(request.messageType)) {
    planned.push({ access: { slot: "input", source, destination, service: inside }, kind: "local NAT", items });
  } else {
    const named = options.strictForward || policy.allow !== null;
    planned.push({
      access: { slot: "forward", source, target: named && !anyHost ? end.to : null, service: all ? null : inside },
      kind: all ? "FORWARD ALL" : "FORWARD",
      items: all ? "*/*" : items,
    });
  }
  // The C daemon writes a DNAT to 0.0.0.0 here (facts/firewall 3); a host that is not named is not rewritten.
  if (!policy.disableDnat && !anyHost) {
    const [asked, toPort] = all ? [null, null] : [service, end.port];
    planned.push({
      access: { slot: "dnat", source, destination, service: asked, to: end.to, toPort },
      kind: all ? "DNAT ALL" : "DNAT",
      items: all ? "*/*" : items,
    });
  }
  return planned;
}

/** The source addresses that are rewritten, where that is wanted: once for each protocol. */
function planSources(
  plan: GrantPlan,
  policy: NatPolicy,
  { services, end }: { readonly services: readonly Service[]; readonly end: NatEnd },
): Result<readonly Planned[], string> {
  const { request, options } = plan;
  if (!(options.snat || policy.forceSnat !== null || policy.forceMasquerade)) return ok([]);
  const all = policy.forwardAll;
  // Several requested ports lead to one inside port: of rules that pin a source port there can be only one.
  const firsts = services.filter(({ proto }, index) => services.findIndex((one) => one.proto === proto) === index);
  const planned: Planned[] = [];
  for (const { proto, port } of firsts) {
    const match: NatMatch = all
      ? { source: request.source }
      : { destination: end.to, service: { proto, port: end.port } };
    const access = planSnat(plan, policy, { match, outsidePort: all ? null : port });
    if (!access.ok) return access;
    planned.push({
      access: access.value,
      kind: all ? "SNAT ALL" : "SNAT",
      items: all ? "*/*" : formatServices(request.services),
    });
  }
  return ok(planned);
}

/** Of grants for the same the first: several requested ports may lead through one inside port. */
function withoutTwins(planned: readonly Planned[]): readonly Planned[] {
  const once = new Map<string, Planned>();
  for (const one of planned) {
    const key = accessKey(one.access);
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()];
}

/** Why nothing can be sent on to this host and port, or null. */
function natEndFault({ to, port }: NatEnd, request: AccessRequest, { forwardAll }: NatPolicy): string | null {
  const { messageType, source } = request;
  const local = isLocalNatType(messageType);
  if (isUnspecified(to)) {
    if (!forwardAll) return `NAT target ${to.text} is no host`;
    return local ? "a local NAT request needs a host and a port" : null;
  }
  if (!isHostAddress(to)) return `NAT target ${to.text} is no host`;
  if (to.family !== source.family) {
    return `NAT target ${to.text} and source ${source.text} are of different address families`;
  }
  if (isLoopback(to) && !local) {
    return `NAT target ${to.text} is this host itself, to which only a local NAT request leads (--nat-local)`;
  }
  return port === 0 && (local || !forwardAll) ? `NAT target ${to.text} has no port` : null;
}

/** The four choices of facts/firewall 3. With FORWARD_ALL the second is missing, as in the C daemon. */
function planSnat(
  { request, options }: GrantPlan,
  policy: NatPolicy,
  { match, outsidePort }: { readonly match: NatMatch; readonly outsidePort: number | null },
): Result<Access, string> {
  const { source } = request;
  if (policy.forceSnat !== null) {
    if (policy.forceSnat.family === source.family) return ok({ slot: "snat", match, to: policy.forceSnat });
    return fail(`FORCE_SNAT ${policy.forceSnat.text} and source ${source.text} are of different address families`);
  }
  const masquerade: Access = { slot: "masquerade", match, toPort: options.masqueradeAnyPort ? null : outsidePort };
  if (policy.forceMasquerade && !policy.forwardAll) return ok(masquerade);
  const translate = options.snatTranslate?.find(({ family }) => family === source.family);
  return ok(translate === undefined ? masquerade : { slot: "snat", match, to: translate });
}
