/** What is found out about a packet on the way to a decision: refusals and remarks, in order. Pure. */
import { type Refusal, REFUSALS } from "./refusals.ts";
import type { Remark } from "./remarks.ts";

/** One of them. */
export type Finding = Refusal | Remark;

/** Whether it is a reason to refuse. */
export function isRefusal(finding: Finding): finding is Refusal {
  return Object.hasOwn(REFUSALS, finding.code);
}

/** Whether a key of ours made the packet that was refused so. */
export function isAuthentic(findings: readonly Finding[]): boolean {
  return findings.some((finding) => isRefusal(finding) && REFUSALS[finding.code].authentic);
}
