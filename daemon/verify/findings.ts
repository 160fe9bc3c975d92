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

/** All that is said of a packet. */
export interface Story {
  /** In order. Made when it is read: with many stanzas it is long, and most of it is never written. */
  readonly findings: readonly Finding[];
  /** The same without stanzas whose addresses are others, or that a hint spared: of these only a verbose log tells. */
  readonly brief: readonly Finding[];
  /**
   * The same without what is said of stanzas whose addresses or key are others: enough to see whether a key of ours made the
   * packet, and whether anything of the story is worth a line.
   */
  readonly notable: readonly Finding[];
}

/** A story that is known already. */
export function wholeStory(findings: readonly Finding[]): Story {
  return { findings, brief: findings, notable: findings };
}
